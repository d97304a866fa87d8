/** What a mailbox store gets by LMTP (RFC 2033), and what its replies say of each recipient. */
import { describe, expect, test } from 'vitest';
import { aMailbox, aRecipient, smtpSink } from '../../../core/testing.ts';
import { REMOTE, SOCKET, storing, storingIn, THREE } from './storing.ts';

const MAIL = 'Return-Path: <old@example.test>\r\nSubject: Hello\r\n\r\nHello.\r\n';

describe('over a socket', () => {
  test('all recipients share a transaction, and each has its own outcome', async () => {
    const content = { 'bob@example.test': '552 5.2.2 Mailbox full', 'dan@example.test': '450 4.2.0 Locked' } as const;
    const { outcomes, sink, network } = await storingIn({ faults: { content } });
    expect(await outcomes({ to: THREE, content: MAIL })).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { code: 552, status: '5.2.2' }, remote: REMOTE },
      'carl@example.test': { kind: 'delivered', disposition: 'final', remote: REMOTE },
      'dan@example.test': { kind: 'deferred', reply: { status: '4.2.0' }, concerns: 'recipient' },
    });
    expect(network.attempts).toEqual([SOCKET]);
    expect(sink.commands.filter(line => line.startsWith('LHLO') || line.startsWith('MAIL'))).toEqual([
      'LHLO mx.example.test',
      'MAIL FROM:<ann@example.test>',
    ]);
    expect(sink.mails[0]?.content.toString()).toBe(MAIL);
  });

  test('the session is kept for the next mail', async () => {
    const { outcomes, sink } = await storingIn();
    await outcomes({ to: THREE });
    expect(await outcomes({ to: THREE })).toMatchObject({ 'dan@example.test': { kind: 'delivered' } });
    expect(sink.sessions).toBe(1);
  });

  test('mail that requires TLS is delivered: it does not leave this machine', async () => {
    const { outcomes } = await storingIn();
    expect(await outcomes({ parameters: { requireTls: true } })).toMatchObject({
      'bob@example.test': { kind: 'delivered' },
    });
  });

  test('TLS is not begun, though it is offered', async () => {
    const { outcomes, sink } = await storingIn({ extensions: ['STARTTLS'] });
    expect(await outcomes()).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(sink.commands).not.toContain('STARTTLS');
  });

  test('a socket that is not there makes the mail wait, and concerns all of the store', async () => {
    const { outcomes } = await storing({ socket: SOCKET }, { hosts: { [SOCKET]: 'ENOENT' } });
    expect(await outcomes()).toMatchObject({
      'bob@example.test': {
        kind: 'deferred',
        reply: { status: '4.4.1', text: 'Cannot connect: ENOENT' },
        remote: REMOTE,
        concerns: 'destination',
      },
    });
  });
});

describe('a store that refuses everybody is a mistake, and returns nobody’s mail', () => {
  test.each([
    { faults: { connect: '554 5.3.2 No mail here' }, status: '4.3.0' },
    { faults: { ehlo: '500 5.5.1 What?' }, status: '4.5.0' },
  ] as const)('$faults', async ({ faults, status }) => {
    const { outcomes } = await storingIn({ faults });
    expect(await outcomes()).toMatchObject({
      'bob@example.test': { kind: 'deferred', reply: { status }, concerns: 'destination' },
    });
  });
});

test('over TCP, the next host gets the mail where the first one is down', async () => {
  const sink = await smtpSink({ protocol: 'lmtp' });
  const hosts = { '192.0.2.1:24': 'ECONNREFUSED', '192.0.2.2:24': sink.port };
  const { outcomes } = await storing(
    { hosts: ['[192.0.2.1]:24', 'two.test:24'] },
    { hosts, dns: { 'two.test': { A: ['192.0.2.2'] } } },
  );
  expect(await outcomes()).toMatchObject({
    'bob@example.test': { kind: 'delivered', remote: 'two.test[192.0.2.2]:24' },
  });
  await sink.close();
});

describe('with the fields of delivery', () => {
  const FIELDS = { fields: 'delivery' };
  const above = (address: string, more = '') =>
    `Return-Path: <ann@example.test>\r\nDelivered-To: ${address}\r\n${more}Delivery-date: Mon, 23 Nov 2026 09:05:00 +0000\r\n`;
  const mail = 'Subject: Hello\r\n\r\nHello.\r\n';

  test('each recipient has a transaction of its own, over one session', async () => {
    const { outcomes, sink } = await storingIn({}, FIELDS);
    const staff = aRecipient('carl@example.test', { original: aMailbox('staff@example.test') });
    await outcomes({ to: [aRecipient('bob@example.test'), staff], content: MAIL });
    expect(sink.sessions).toBe(1);
    expect(sink.mails.map(({ content }) => content.toString())).toEqual([
      above('bob@example.test') + mail,
      above('carl@example.test', 'X-Original-To: staff@example.test\r\n') + mail,
    ]);
  });

  test('mail that goes in circles is bounced', async () => {
    const { outcomes, sink } = await storingIn({}, FIELDS);
    const all = await outcomes({
      to: ['bob@example.test', 'carl@example.test'],
      content: above('BOB@example.test') + mail,
    });
    expect(all).toMatchObject({
      'bob@example.test': { kind: 'bounced', reply: { code: 554, status: '5.4.6' } },
      'carl@example.test': { kind: 'delivered' },
    });
    expect(sink.mails).toHaveLength(1);
  });

  test('a store that is down is asked once', async () => {
    const { outcomes, network } = await storing({ socket: SOCKET, ...FIELDS }, { hosts: { [SOCKET]: 'ECONNREFUSED' } });
    const all = await outcomes({ to: THREE });
    expect(Object.values(all)).toMatchObject([
      { kind: 'deferred', reply: { text: 'Cannot connect: ECONNREFUSED' } },
      { kind: 'deferred', reply: { text: expect.stringContaining('another recipient') as string } },
      { kind: 'deferred', concerns: 'destination' },
    ]);
    expect(network.attempts).toHaveLength(1);
  });

  test('where the content cannot be read any more, who was delivered keeps that', async () => {
    const { outcomes, log } = await storingIn({}, FIELDS);
    let passes = 0;
    const content = {
      size: mail.length,
      bytes() {
        passes += 1;
        return passes > 1 ? Promise.reject(new Error('the disk is gone')) : Promise.resolve(Buffer.from(mail));
      },
      async *stream() {
        yield Buffer.from(mail);
      },
    };
    expect(await outcomes({ to: THREE, content })).toMatchObject({ 'bob@example.test': { kind: 'delivered' } });
    expect(log.of('failed')).toHaveLength(1);
  });
});
