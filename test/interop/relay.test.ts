/** Mail for other domains leaves by DNS for next hops that nobody here wrote, and what cannot leave comes back. */
import { expect, test } from 'vitest';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { selfSigned } from '../support/certificate.ts';
import type { DnsZones } from '../support/dns-server.ts';
import { describeWithProgram, freePort } from '../support/external.ts';
import { AIOSMTPD, aiosmtpd, describeWithPeer, postfixSink } from '../support/peers.ts';
import { type PythonPart, pythonReads } from '../support/python-email.ts';
import { until } from '../support/until.ts';
import { MAIL } from './octets.ts';
import { belowReceived, type RunningGateway, runningGateway } from './running-gateway.ts';

/** The domain elsewhere.test has one host, and that one is this machine. */
const ZONES: DnsZones = {
  'elsewhere.test': { MX: [[10, 'mail.elsewhere.test']] },
  'mail.elsewhere.test': { A: ['127.0.0.1'] },
};

interface Letter {
  readonly from?: string;
  /** What stands behind the reverse-path: ` BODY=8BITMIME`. */
  readonly parameters?: string;
  readonly to: readonly string[];
  readonly content?: Buffer;
}

const CRLF = Buffer.from(MAIL.replaceAll('\n', '\r\n'), 'latin1');

/** Sends to a gateway, as a client on this machine, which may send anywhere. Everything is accepted. */
async function send({ port }: RunningGateway, letter: Letter): Promise<void> {
  const { from = 'ann@example.test', parameters = '', to, content = CRLF } = letter;
  const client = await smtpClient(port);
  await client.say('EHLO client.test');
  const replies = await client.sayAll([`MAIL FROM:<${from}>${parameters}`, ...to.map(one => `RCPT TO:<${one}>`)]);
  expect(replies.map(({ code }) => code)).toEqual(replies.map(() => 250));
  expect(await client.data(content)).toMatchObject({ code: 250 });
  await client.close();
}

describeWithProgram('smtp-sink', "Postfix's smtp-sink as the next hop", () => {
  test('gets the octets that were sent, with our trace field above them', async () => {
    const sink = await postfixSink();
    const gateway = await runningGateway({ nextHopPort: sink.port, zones: ZONES });
    await send(gateway, { to: ['bob@elsewhere.test', 'eve@elsewhere.test'], parameters: ' BODY=8BITMIME' });
    expect(await gateway.outcomes('delivered', 2)).toEqual(['bob@elsewhere.test', 'eve@elsewhere.test']);
    const mails = await sink.mails();
    expect(mails).toHaveLength(1);
    expect(mails[0]?.from).toMatch(/^<ann@example\.test> .*\bBODY=8BITMIME\b/);
    expect(mails[0]?.recipients).toEqual(['<bob@elsewhere.test>', '<eve@elsewhere.test>']);
    expect(belowReceived(mails[0]?.content ?? '')).toBe(MAIL);
    expect(gateway.dns.queries).toContain('MX elsewhere.test');
  });

  test('that is down delays the mail, and gets it when it is up again', async () => {
    const port = await freePort();
    const gateway = await runningGateway({ nextHopPort: port, zones: ZONES });
    await send(gateway, { to: ['bob@elsewhere.test'] });
    await gateway.outcomes('deferred', 1);
    const sink = await postfixSink([], port);
    await gateway.outcomes('delivered', 1);
    expect((await sink.mails()).map(mail => belowReceived(mail.content))).toEqual([MAIL]);
    await until(async () => expect((await gateway.engine.queue.list({ after: null, limit: 10 })).entries).toEqual([]));
  });

  test('that is down is passed over for the next one', async () => {
    const sink = await postfixSink();
    const zones = {
      'elsewhere.test': {
        MX: [
          [10, 'down.test'],
          [20, 'up.test'],
        ],
      },
      // Nobody listens on this address of loopback.
      'down.test': { A: ['127.0.0.2'] },
      'up.test': { A: ['127.0.0.1'] },
    } as const;
    const gateway = await runningGateway({ nextHopPort: sink.port, zones });
    await send(gateway, { to: ['bob@elsewhere.test'] });
    await gateway.outcomes('delivered', 1);
    expect(await sink.mails()).toHaveLength(1);
    expect(gateway.log.of('deferred')).toEqual([]);
  });

  test('that refuses for now is asked again, and nobody is told', async () => {
    const port = await freePort();
    const refusing = await postfixSink(['-r', 'RCPT'], port);
    const gateway = await runningGateway({ nextHopPort: port, zones: ZONES });
    await send(gateway, { to: ['bob@elsewhere.test'] });
    await gateway.outcomes('deferred', 1);
    await refusing.stop();
    const sink = await postfixSink([], port);
    await gateway.outcomes('delivered', 1);
    expect(await sink.mails()).toHaveLength(1);
    await expect(gateway.mailbox('ann')).rejects.toThrow('ENOENT');
  });
});

describeWithPeer(AIOSMTPD, 'aiosmtpd as the next hop', () => {
  test('gets the octets that were sent, over TLS as it offers it', async () => {
    const next = await aiosmtpd({ certificate: selfSigned('mail.elsewhere.test') });
    const gateway = await runningGateway({ nextHopPort: next.port, zones: ZONES });
    const large = Buffer.concat([CRLF, Buffer.from('From \xe9 many lines\r\n.\r\n'.repeat(20_000), 'latin1')]);
    await send(gateway, { to: ['bob@elsewhere.test'], parameters: ' BODY=8BITMIME', content: large });
    await gateway.outcomes('delivered', 1);
    const [mail] = await next.mails();
    expect(mail).toMatchObject({ tls: true, recipients: ['<bob@elsewhere.test>'] });
    const content = mail?.content ?? '';
    const sent = Buffer.from(content.slice(content.indexOf('From: Ann')), 'latin1');
    expect(sent.equals(large)).toBe(true);
    expect(belowReceived(content.replaceAll('\r\n', '\n')).startsWith(MAIL)).toBe(true);
  });

  test('gets internationalised mail', async () => {
    const next = await aiosmtpd();
    const gateway = await runningGateway({ nextHopPort: next.port, zones: ZONES });
    const content = Buffer.from('Subject: Grüße\r\n\r\n世界\r\n');
    await send(gateway, { from: 'änne@example.test', to: ['jürgen@elsewhere.test'], parameters: ' SMTPUTF8', content });
    await gateway.outcomes('delivered', 1);
    const [mail] = await next.mails();
    expect(mail).toMatchObject({ recipients: ['<jürgen@elsewhere.test>'] });
    expect(mail?.from).toMatch(/^<änne@example\.test> .*\bSMTPUTF8\b/);
    expect(Buffer.from(mail?.content ?? '', 'latin1').toString()).toContain('世界');
  });

  test('that refuses one of two recipients takes the other, and the sender is told', async () => {
    const refuse = { 'nobody@elsewhere.test': '550 5.1.1 No such mailbox here' };
    const next = await aiosmtpd({ refuse });
    const gateway = await runningGateway({ nextHopPort: next.port, zones: ZONES });
    await send(gateway, { to: ['bob@elsewhere.test', 'nobody@elsewhere.test'] });
    expect(await reportTo(gateway)).toMatchObject({
      'final-recipient': 'rfc822; nobody@elsewhere.test',
      action: 'failed',
      status: '5.1.1',
      'remote-mta': 'dns; mail.elsewhere.test',
      'diagnostic-code': 'smtp; 550 5.1.1 No such mailbox here',
    });
    expect(await next.mails()).toMatchObject([{ recipients: ['<bob@elsewhere.test>'] }]);
  });
});

describeWithProgram('python3', 'a domain that takes no mail', () => {
  test.each([
    { about: 'says so by a null MX', zone: { MX: [[0, '']] }, status: '5.1.10' },
    { about: 'does not exist', zone: 'nxdomain', status: '5.1.2' },
    { about: 'has no address', zone: { TXT: ['nothing to see'] }, status: '5.4.4' },
  ] as const)('$about: the mail comes back with $status', async ({ zone, status }) => {
    const gateway = await runningGateway({ zones: { 'nowhere.test': zone } });
    await send(gateway, { to: ['bob@nowhere.test'] });
    expect(await reportTo(gateway)).toMatchObject({
      'final-recipient': 'rfc822; bob@nowhere.test',
      action: 'failed',
      status,
    });
  });

  test('because its DNS fails for now, delays the mail', async () => {
    const gateway = await runningGateway({ zones: { 'elsewhere.test': 'servfail' } });
    await send(gateway, { to: ['bob@elsewhere.test'] });
    await gateway.outcomes('deferred', 1);
    gateway.dns.set({ 'elsewhere.test': { MX: [[0, '']] } });
    await gateway.outcomes('bounced', 1);
  });
});

/** The fields about the one recipient of the one report in the sender's mailbox, as Python's parser reads them. */
async function reportTo(gateway: RunningGateway): Promise<Readonly<Record<string, string>>> {
  const [mail, ...others] = await gateway.mails('ann', 1);
  expect(others).toEqual([]);
  expect(mail).toMatchObject({ fromLine: expect.stringMatching(/^From MAILER-DAEMON /) });
  expect(mail?.added[0]).toBe('Return-Path: <>');
  const report = pythonReads(Buffer.from(mail?.content ?? '', 'latin1'));
  expect(report).toMatchObject({ type: 'multipart/report', parameters: { 'report-type': 'delivery-status' } });
  expect(allParts(report).flatMap(part => part.defects)).toEqual([]);
  const [text, status, returned] = report.parts;
  expect([text?.type, status?.type]).toEqual(['text/plain', 'message/delivery-status']);
  expect(allParts(returned ?? report).flatMap(part => part.headers)).toContainEqual(['Subject', 'octets']);
  const [about, recipient, ...more] = status?.parts ?? [];
  expect(more).toEqual([]);
  expect(fieldsOf(about)).toMatchObject({ 'reporting-mta': 'dns; mx.example.test' });
  return fieldsOf(recipient);
}

function allParts(part: PythonPart): readonly PythonPart[] {
  return [part, ...part.parts.flatMap(allParts)];
}

function fieldsOf(part: PythonPart | undefined): Readonly<Record<string, string>> {
  return Object.fromEntries((part?.headers ?? []).map(([name, value]) => [name.toLowerCase(), value]));
}
