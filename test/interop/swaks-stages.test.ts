/** swaks leaves at every stage, in good order or without a word, or is sent away there: it says so by its exit code. */
import { describe, expect, test } from 'vitest';
import { definePlugin, type Plugin, reject } from '../../core/index.ts';
import type { PluginInstance } from '../../core/plugin/plugin.ts';
import { selfSigned } from '../support/certificate.ts';
import { freePort } from '../support/external.ts';
import { describeWithPeer, SWAKS_WITH_TLS } from '../support/peers.ts';
import { expectUnchanged } from './octets.ts';
import { type GatewaySettings, type RunningGateway, runningGateway } from './running-gateway.ts';
import { AS_IT_IS, codesHeard, EXIT, sentLines, swaks } from './swaks.ts';

const { cert, key } = selfSigned('mx.example.test');

function gateway(settings: GatewaySettings = {}): Promise<RunningGateway> {
  return runningGateway({
    listeners: [{ id: 'inbound', tls: { cert: './cert.pem', key: './key.pem' } }],
    files: { 'cert.pem': cert, 'key.pem': key },
    ...settings,
  });
}

/** Closes the gateway, which waits for whatever is still going on, and gives what it took. */
async function taken({ engine, mailbox, log }: RunningGateway) {
  await engine.close();
  expect(log.of('failed')).toEqual([]);
  return log.of('accepted').length === 0 ? [] : mailbox('bob');
}

describeWithPeer(SWAKS_WITH_TLS, 'swaks, stage by stage', () => {
  test.each([
    { stage: 'CONNECT', said: [] },
    { stage: 'FIRST-HELO', said: ['EHLO'] },
    { stage: 'TLS', said: ['EHLO', 'STARTTLS'] },
    { stage: 'HELO', said: ['EHLO', 'STARTTLS', 'EHLO'] },
    { stage: 'AUTH', said: ['EHLO', 'STARTTLS', 'EHLO'] },
    { stage: 'MAIL', said: ['EHLO', 'STARTTLS', 'EHLO', 'MAIL'] },
    { stage: 'RCPT', said: ['EHLO', 'STARTTLS', 'EHLO', 'MAIL', 'RCPT'] },
  ])('--quit-after $stage: 221, and nothing was taken', async ({ stage, said }) => {
    const running = await gateway();
    const ended = await swaks(running.port, ['--tls', '--quit-after', stage]);
    expect(ended).toMatchObject({ code: EXIT.fine, stderr: '' });
    expect(sentLines(ended).map(line => line.split(' ')[0])).toEqual([...said, 'QUIT']);
    expect(codesHeard(ended).at(-1)).toBe(221);
    expect(await taken(running)).toEqual([]);
  });

  test.each([
    { option: '--drop-after', stages: ['CONNECT', 'FIRST-HELO', 'TLS', 'HELO', 'AUTH', 'MAIL', 'RCPT', 'DATA'] },
    { option: '--drop-after-send', stages: ['FIRST-HELO', 'TLS', 'HELO', 'MAIL', 'RCPT', 'DATA'] },
  ])('$option: nothing was taken, and the next client is served', async ({ option, stages }) => {
    const running = await gateway();
    for (const stage of stages) {
      const ended = await swaks(running.port, ['--tls', option, stage, ...AS_IT_IS]);
      expect(ended, stage).toMatchObject({
        code: EXIT.fine,
        stdout: expect.stringContaining('=== Dropping connection'),
      });
    }
    expect(await swaks(running.port, ['--tls', '--quit-after', 'RCPT'])).toMatchObject({ code: EXIT.fine });
    expect(await taken(running)).toEqual([]);
  });

  test('--drop-after DOT: what was answered 250 is delivered', async () => {
    const running = await gateway();
    const ended = await swaks(running.port, ['--tls', '--drop-after', 'DOT', ...AS_IT_IS]);
    expect(codesHeard(ended).at(-1)).toBe(250);
    expectUnchanged(await running.mails('bob', 1));
  });

  test('--drop-after-send DOT: the mail is taken once, or not at all', async () => {
    const running = await gateway();
    const ended = await swaks(running.port, ['--tls', '--drop-after-send', 'DOT', ...AS_IT_IS]);
    expect(codesHeard(ended).at(-1)).toBe(354);
    const mails = await taken(running);
    expectUnchanged(mails);
    expect(mails.length).toBeLessThanOrEqual(1);
  });

  describe('refused', () => {
    const refusing = (hook: string): Plugin =>
      definePlugin({
        name: 'refusal',
        create: (): PluginInstance => ({ [hook]: () => reject(554, '5.7.1', `Not at ${hook}`) }),
      });

    test.each([
      { hook: 'connect', code: EXIT.greeting },
      { hook: 'helo', code: EXIT.helo },
      { hook: 'mail', code: EXIT.mail },
      { hook: 'rcpt', code: EXIT.rcpt },
      { hook: 'data', code: EXIT.content },
      { hook: 'queue', code: EXIT.content },
    ])('at $hook: exit code $code, with the words of the plugin', async ({ hook, code }) => {
      const running = await gateway({ plugins: [{ use: 'refusal' }], brought: [refusing(hook)] });
      for (const pipeline of [[], ['--pipeline']]) {
        const ended = await swaks(running.port, [...pipeline, ...AS_IT_IS]);
        expect(ended.code).toBe(code);
        expect(ended.stdout).toContain(`<** 554 5.7.1 Not at ${hook}`);
      }
      expect(await taken(running)).toEqual([]);
    });

    test('because nobody listens', async () => {
      expect(await swaks(await freePort(), AS_IT_IS)).toMatchObject({ code: EXIT.noConnection });
    });

    test('because PRDR was asked for, which is not offered', async () => {
      const running = await gateway();
      expect(await swaks(running.port, ['--prdr', ...AS_IT_IS])).toMatchObject({ code: EXIT.prdr });
      expect(await taken(running)).toEqual([]);
    });

    test.each([[], ['--pipeline']])('one recipient of three: the others have the mail (%s)', async (...pipeline) => {
      const running = await gateway({ policy: { relayFor: ['192.0.2.0/24'] } });
      const to = 'bob@example.test,kim@elsewhere.test,eve@example.test';
      const ended = await swaks(running.port, [...pipeline, '--to', to, ...AS_IT_IS]);
      expect(ended.code).toBe(EXIT.fine);
      expect(codesHeard(ended)).toEqual([220, 250, 250, 250, 550, 250, 354, 250, 221]);
      for (const name of ['bob', 'eve']) expectUnchanged(await running.mails(name, 1));
    });
  });
});
