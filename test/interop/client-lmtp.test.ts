/** LMTP (RFC 2033) as others speak it: one reply for each RCPT, and each program makes of it what it should. */
import { expect, test } from 'vitest';
import { definePlugin, reject } from '../../core/index.ts';
import { selfSigned } from '../support/certificate.ts';
import { describeWithProgram, run } from '../support/external.ts';
import { describeWithPeer, SWAKS_WITH_TLS } from '../support/peers.ts';
import { POSTFIX, startPostfix } from '../support/postfix.ts';
import { until } from '../support/until.ts';
import { expectUnchanged, MAIL, OCTETS } from './octets.ts';
import { msmtp, nodemailer, smtplib } from './programs.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';
import { AS_IT_IS, codesHeard, EXIT, sentLines, swaks } from './swaks.ts';

const { cert, key } = selfSigned('mx.example.test');

/** Takes mail for bob and kim; eve takes none of what she has seen. */
function lmtp(): Promise<RunningGateway> {
  const full = definePlugin({ name: 'full', create: () => ({ data: () => reject(552, '5.2.2', 'Mailbox full') }) });
  return runningGateway({
    listeners: [{ id: 'lmtp', protocol: 'lmtp', tls: { cert: './cert.pem', key: './key.pem' } }],
    files: { 'cert.pem': cert, 'key.pem': key },
    plugins: [{ use: 'full', when: { recipient: 'eve@example.test' } }],
    brought: [full],
  });
}

const ADDRESSES = ['bob@example.test', 'eve@example.test', 'kim@example.test'];

/** Who has the mail, once and unchanged, when everything has ended. */
async function served(gateway: RunningGateway): Promise<readonly string[]> {
  await gateway.engine.close();
  expect(gateway.log.of('failed')).toEqual([]);
  const names: string[] = [];
  for (const name of ['bob', 'eve', 'kim']) {
    const mails = await gateway.mailbox(name).catch(() => []);
    expectUnchanged(mails);
    names.push(...mails.map(() => name));
  }
  return names;
}

describeWithPeer(SWAKS_WITH_TLS, 'swaks', () => {
  test.each([
    { args: ['--protocol', 'LMTP'], protocol: 'LMTP' },
    { args: ['--protocol', 'LMTP', '--pipeline'], protocol: 'LMTP' },
    { args: ['--protocol', 'LMTPS'], protocol: 'LMTPS' },
  ])('hears a reply for each recipient: $args', async ({ args, protocol }) => {
    const gateway = await lmtp();
    const ended = await swaks(gateway.port, [...args, '--to', ADDRESSES.join(), ...AS_IT_IS]);
    expect(ended.code).toBe(EXIT.fine);
    expect(sentLines(ended)).toContain('LHLO client.test');
    expect(codesHeard(ended).slice(-5)).toEqual([354, 250, 552, 250, 221]);
    const [mail] = await gateway.mails('kim', 1);
    expect(mail?.content).toContain(`by mx.example.test with ${protocol} id `);
    expect(await served(gateway)).toEqual(['bob', 'kim']);
  });

  test('is told that all were refused', async () => {
    const gateway = await lmtp();
    const ended = await swaks(gateway.port, ['--protocol', 'LMTP', '--to', 'eve@example.test', ...AS_IT_IS]);
    expect(ended).toMatchObject({ code: EXIT.content, stdout: expect.stringContaining('<** 552 5.2.2 Mailbox full') });
    expect(await served(gateway)).toEqual([]);
  });

  test('is refused EHLO where LMTP is spoken, and LHLO where it is not', async () => {
    const gateway = await lmtp();
    expect(await swaks(gateway.port, ['--quit-after', 'HELO'])).toMatchObject({ code: EXIT.helo });
    const smtp = await runningGateway();
    expect(await swaks(smtp.port, ['--protocol', 'LMTP', '--quit-after', 'HELO'])).toMatchObject({ code: EXIT.helo });
  });
});

describeWithProgram('msmtp', 'msmtp', () => {
  test('names the recipients that were refused after the content', async () => {
    const gateway = await lmtp();
    const ended = await msmtp(gateway.port, ['--protocol=lmtp', '--from=ann@client.test', ...ADDRESSES], OCTETS);
    expect(ended.code).not.toBe(0);
    expect(ended.stderr).toContain('eve@example.test');
    expect(ended.stderr).toContain('552 5.2.2 Mailbox full');
    expect(await served(gateway)).toEqual(['bob', 'kim']);
  });
});

describeWithProgram('python3', "Python's smtplib", () => {
  test('sends to one by LMTP', async () => {
    const gateway = await lmtp();
    const send = "client.sendmail('ann@client.test', 'bob@example.test', octets, ['BODY=8BITMIME'])";
    expect(await smtplib(gateway.port, [send], OCTETS, 'LMTP')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await served(gateway)).toEqual(['bob']);
  });
});

test('nodemailer hears which of them were refused after the content', async () => {
  const gateway = await lmtp();
  const raw = Buffer.from(MAIL.replaceAll('\n', '\r\n'), 'latin1');
  const letter = { envelope: { from: 'ann@client.test', to: ADDRESSES }, raw };
  const sent = await nodemailer(gateway.port, { lmtp: true }).sendMail(letter);
  expect(sent).toMatchObject({ accepted: ['bob@example.test', 'kim@example.test'], rejected: ['eve@example.test'] });
  expect(await served(gateway)).toEqual(['bob', 'kim']);
});

describeWithProgram('smtp-source', "Postfix's smtp-source", () => {
  test('by LMTP, many to several: each has each once', async () => {
    const gateway = await runningGateway({ listeners: [{ id: 'lmtp', protocol: 'lmtp' }] });
    const args = ['-L', '-M', 'client.test', '-f', 'ann@client.test', '-s', '4', '-m', '30', '-r', '3', '-d'];
    const ended = await run('smtp-source', [...args, '-t', 'bob@example.test', `127.0.0.1:${gateway.port}`]);
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await gateway.outcomes('delivered', 90)).toHaveLength(90);
    for (const name of ['bob', '2bob', '3bob']) expect(await gateway.mailbox(name)).toHaveLength(30);
  });
});

describeWithPeer(POSTFIX, "Postfix's lmtp", () => {
  test('delivers to those who take the mail, and tells its sender of the one who does not', async () => {
    const gateway = await lmtp();
    const postfix = await startPostfix({
      hostname: 'mail.a.test',
      domains: ['a.test'],
      main: `transport_maps = inline:{ example.test=lmtp:inet:127.0.0.1:${gateway.port} }
lmtp_destination_recipient_limit = 50
`,
    });
    try {
      const sent = await postfix.command('sendmail', ['-i', '-f', 'ann@a.test', ...ADDRESSES], { input: OCTETS });
      expect(sent).toMatchObject({ code: 0 });
      const [report, ...more] = await until(async () => {
        const mails = await postfix.mailbox();
        expect(mails).not.toEqual([]);
        expect(await postfix.queue()).toEqual([]);
        return mails;
      });
      expect(more).toEqual([]);
      expect(report?.content).toMatch(/^Final-Recipient: rfc822; eve@example\.test$/m);
      expect(report?.content).toMatch(/^Status: 5\.2\.2$/m);
      expect(report?.content).not.toContain('bob@example.test>:');
      await gateway.engine.close();
      expect(gateway.log.of('accepted').map(({ fields }) => fields.recipients)).toEqual([2]);
      const [mail] = await gateway.mailbox('kim');
      expect(mail?.content).toContain('\tby mx.example.test with LMTP id ');
    } finally {
      await postfix.stop();
    }
  });
});
