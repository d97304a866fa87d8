/** Silence: every wait has its limit, and the end of the attempt ends them all. */
import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { MX, REMOTE, relayingTo } from './relaying.ts';

const MINUTE = 60_000;

describe('a next hop that is silent', () => {
  test.each([
    { at: 'greeting', faults: { connect: 'silent' }, heard: null, limit: 5 * MINUTE },
    { at: 'EHLO', faults: { ehlo: 'silent' }, heard: 'EHLO', limit: 5 * MINUTE },
    { at: 'MAIL', faults: { mail: 'silent' }, heard: 'DATA', limit: 5 * MINUTE },
    { at: 'RCPT', faults: { rcpt: 'silent' }, heard: 'DATA', limit: 5 * MINUTE },
    { at: 'DATA', faults: { data: 'silent' }, heard: 'DATA', limit: 5 * MINUTE },
  ] as const)('at $at is left after its limit', async ({ faults, heard, limit }) => {
    const { outcomes, sink, clock } = await relayingTo({ faults });
    const attempt = outcomes();
    await until(() => {
      expect(sink.sessions).toBe(1);
      if (heard !== null) expect(sink.commands.join('\n')).toContain(heard === 'DATA' ? 'MAIL' : heard);
    });
    await clock.asleep();
    await clock.advance(limit - 1);
    expect(clock.sleepers).toBe(1);
    await clock.advance(1);
    expect(await attempt).toMatchObject({
      'bob@example.test': {
        kind: 'deferred',
        reply: { status: '4.4.2', text: 'Connection lost: no reply within 300 s' },
      },
    });
  });

  test('after the final dot has ten minutes, and then nobody knows', async () => {
    const { outcomes, log, clock, sink } = await relayingTo({ faults: { content: 'silent' } });
    const attempt = outcomes();
    await until(() => expect(sink.commands.at(-1)).toBe('DATA'));
    await until(() => expect(clock.sleepers).toBe(1));
    await settled();
    await clock.advance(10 * MINUTE);
    expect(await attempt).toMatchObject({ 'bob@example.test': { kind: 'deferred', reply: { status: '4.4.2' } } });
    expect(log.of('lost')).toHaveLength(1);
  });

  test('has the time that the configuration gives', async () => {
    const timeouts = { greeting: '2 s' };
    const { outcomes, sink, clock } = await relayingTo({ faults: { connect: 'silent' } }, { timeouts });
    const attempt = outcomes();
    await until(() => expect(sink.sessions).toBe(1));
    await clock.asleep();
    await clock.advance(2000);
    expect(await attempt).toMatchObject({ 'bob@example.test': { kind: 'deferred' } });
  });
});

describe('the end of the attempt', () => {
  test('before anything is decided defers all', async () => {
    const { outcomes, sink } = await relayingTo({ faults: { mail: 'silent' } });
    const attempt = new AbortController();
    const running = outcomes({ signal: attempt.signal, hosts: [MX, { ...MX, addresses: ['192.0.2.2'] }] });
    await until(() => expect(sink.commands.join('\n')).toContain('MAIL'));
    attempt.abort(new Error('too late'));
    expect(await running).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { text: 'Connection lost: the attempt was ended' } },
    });
  });

  test('after a refusal keeps the refusal', async () => {
    const rcpt = { 'bob@example.test': '550 5.1.1 No such mailbox' } as const;
    const { outcomes, sink } = await relayingTo({ faults: { rcpt, data: 'silent' } });
    const attempt = new AbortController();
    const running = outcomes({ signal: attempt.signal, to: ['bob@example.test', 'carl@example.test'] });
    await until(() => expect(sink.commands.join('\n')).toContain('DATA'));
    await settled();
    attempt.abort(new Error('too late'));
    expect(await running).toMatchObject({
      'bob@example.test': { kind: 'bounced' },
      'carl@example.test': { kind: 'deferred', remote: REMOTE },
    });
  });

  test('before it begins connects to nobody', async () => {
    const { outcomes, network } = await relayingTo();
    expect(await outcomes({ signal: AbortSignal.abort() })).toMatchObject({ 'bob@example.test': { kind: 'deferred' } });
    expect(network.attempts).toEqual([]);
  });
});

/** What was sent has arrived and its replies have been read: both ends are in this process. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve));
}
