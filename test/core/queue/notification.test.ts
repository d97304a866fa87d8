/** Notifications: what they say, to people and to programs, and what they never say. */

import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { bouncedBy, deferredBy, type Outcome } from '../../../core/mail/outcome.ts';
import { parseMail } from '../../../core/mime/parsed.ts';
import { CheckedContent } from '../../../core/queue/checked-content.ts';
import { notificationsOwed } from '../../../core/queue/notification.ts';
import { settle } from '../../../core/queue/settlement.ts';
import { aRecipient, textOf } from '../../../core/testing/builders.ts';
import * as fc from '../../support/fast-check.ts';
import { describeWithPython, type PythonPart, pythonReads } from '../../support/python-email.ts';
import { aQueued, type Case, circumstances, HERE, NO_USER, notified, office, SILENT, theOnly } from './notified.ts';
import { after, mailFor } from './queued-mail.ts';

const HOUR = 3_600_000;

const partOf = (report: PythonPart, type: string) => report.parts.find(part => part.type === type);

/** The blocks of the machine part, as Python reads them. */
function blocks(report: PythonPart): readonly Readonly<Record<string, string>>[] {
  return (partOf(report, 'message/delivery-status')?.parts ?? []).map(block => Object.fromEntries(block.headers));
}

test('a failure, as a whole', async () => {
  const bob = aRecipient('bob@partner.example', {
    dsn: { notify: null, originalRecipient: { type: 'rfc822', address: 'Bob@Partner.example' } },
  });
  const mail = await theOnly({ outcome: NO_USER, to: bob, parameters: { envelopeId: 'QQ314159' } });
  expect(await textOf(mail.content)).toBe(`From: Mail Delivery System <postmaster@mx.example.test>
To: <ann@sender.example>
Subject: Your mail could not be delivered
Date: Tue, 01 Jan 2030 17:00:00 +0000
Message-ID: <01ARYZ6S41NOTIFY00@mx.example.test>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="=_e6b190f6cd6fa4b87b2a657937257a571211"

--=_e6b190f6cd6fa4b87b2a657937257a571211
Content-Type: text/plain; charset=us-ascii
Content-Description: What happened

This is the mail system of mx.example.test.

Your mail of Tue, 01 Jan 2030 12:00:00 +0000 could not be delivered to
the recipient below. It will not be tried again.

bob@partner.example
    mx.partner.example answered:
        550 5.1.1 There is nobody of this name here. Ask the operator.
    Please check the address for mistakes, and send the mail again if
    you find one.

Your mail is attached. A program wrote this report. To ask about it,
write to postmaster@mx.example.test and mention 01ARYZ6S410000000A.

--=_e6b190f6cd6fa4b87b2a657937257a571211
Content-Type: message/delivery-status
Content-Description: The same for programs

Original-Envelope-Id: QQ314159
Reporting-MTA: dns; mx.example.test
Received-From-MTA: dns; client.test ([192.0.2.1])
Arrival-Date: Tue, 01 Jan 2030 12:00:00 +0000
X-Mailframe-Queue-Id: 01ARYZ6S410000000A

Original-Recipient: rfc822; Bob@Partner.example
Final-Recipient: rfc822; bob@partner.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.partner.example
Diagnostic-Code: smtp; 550-5.1.1 There is nobody of this name here. 550
 5.1.1 Ask the operator.
Last-Attempt-Date: Tue, 01 Jan 2030 17:00:00 +0000

--=_e6b190f6cd6fa4b87b2a657937257a571211
Content-Type: message/rfc822
Content-Description: The mail

Subject: greetings
From: ann@sender.example

Hello.

--=_e6b190f6cd6fa4b87b2a657937257a571211--
`);
});

test('the notification is a mail of its own: from <>, to the sender, asking for no notification', async () => {
  const [notification] = await notified({ outcome: NO_USER });
  expect(notification).toMatchObject({
    fate: { kind: 'deliver' },
    mail: {
      id: '01ARYZ6S41NOTIFY00',
      receivedAt: after(5 * HOUR),
      envelope: {
        reversePath: null,
        recipients: [{ forwardPath: { localPart: 'ann', domain: 'sender.example' }, dsn: { notify: 'never' } }],
        parameters: { body: '7bit', smtpUtf8: false },
      },
      session: { listener: 'mailframe', user: null },
    },
  });
  expect(notification?.trace).toMatchObject([
    { plugin: 'mailframe', asked: expect.stringContaining('01ARYZ6S410000000A') },
  ]);
});

test('the priority of the mail is that of the notification too', async () => {
  const { envelope } = await theOnly({ outcome: NO_USER, parameters: { priority: -4 } });
  expect(envelope.parameters).toMatchObject({ priority: -4, requireTls: false });
});

describe('REQUIRETLS (RFC 8689 section 5): the notification is protected like the mail', () => {
  const notifications = [
    { about: 'a failure', outcome: NO_USER, notify: null },
    { about: 'a failure after RET=FULL', outcome: NO_USER, notify: null, returnContent: 'full' },
    { about: 'a delay', outcome: SILENT, notify: null },
    { about: 'a success', outcome: HERE, notify: ['success'] },
  ] as const;
  test.for(notifications)('$about asks for it, and returns the header alone', async one => {
    const { outcome, notify } = one;
    const returnContent = 'returnContent' in one ? one.returnContent : null;
    const mail = await theOnly({ outcome, notify, parameters: { requireTls: true, returnContent } });
    expect(mail.envelope.parameters.requireTls).toBe(true);
    const text = await textOf(mail.content);
    expect(text).toContain('Content-Type: text/rfc822-headers\n');
    expect(text).toContain('\nSubject: greetings\n');
    expect(text).not.toContain('Hello.');
  });

  test('the sender is told what can be done', async () => {
    const reply = { code: 550, status: '5.7.30', text: 'REQUIRETLS support required' } as const;
    const mail = await theOnly({ outcome: bouncedBy(reply), parameters: { requireTls: true } });
    expect(await textOf(mail.content)).toContain('You asked for TLS on the whole way');
  });
});

test('mailparser reads it too', async () => {
  const parsed = await parseMail((await theOnly({ outcome: NO_USER })).content);
  expect(parsed).toMatchObject({
    subject: 'Your mail could not be delivered',
    from: [{ address: 'postmaster@mx.example.test' }],
    to: [{ address: 'ann@sender.example' }],
    text: expect.stringContaining('bob@example.test'),
  });
});

test('events of different kinds are told in mails of their own', async () => {
  const mail = mailFor('A', { to: ['a@example.test', 'b@example.test', 'c@example.test'] });
  const settled = [NO_USER, SILENT, NO_USER].map((outcome, index) => {
    const recipient = mail.envelope.recipients[index] ?? aRecipient('nobody@example.test');
    return settle(aQueued(index, recipient), outcome, circumstances(mail));
  });
  const owed = await notificationsOwed(mail, settled, after(5 * HOUR), office('N1', 'N2'));
  const texts = await Promise.all(owed.map(one => textOf(one.mail.content)));
  expect(texts.map(text => /^Subject: (.*)$/m.exec(text)?.[1])).toEqual([
    'Your mail could not be delivered',
    'Your mail is not delivered yet',
  ]);
  expect(texts.map(text => text.match(/^Final-Recipient: .*$/gm))).toEqual([
    ['Final-Recipient: rfc822; a@example.test', 'Final-Recipient: rfc822; c@example.test'],
    ['Final-Recipient: rfc822; b@example.test'],
  ]);
});

test('content that cannot be read any more: the report goes without it', async () => {
  const content = {
    ...contentOf('x'),
    bytes: () => Promise.reject(new Error('gone')),
    stream: () => {
      throw new Error('gone');
    },
  };
  const text = await textOf((await theOnly({ outcome: NO_USER, content })).content);
  expect(text).toContain('Status: 5.1.1');
  expect(text).not.toContain('message/rfc822');
});

test('content that the disk has changed: the report goes without it, whatever the header says', async () => {
  const octets = Buffer.from(`Subject: caf\u00e9\r\n\r\n${'x'.repeat(100)}\r\n`);
  const half = octets.length / 2;
  const content = new CheckedContent({
    what: 'the spool file A',
    came: { size: octets.length, crc32: crc32(octets) ^ 1 },
    bytes: async () => octets,
    async *stream() {
      yield* [octets.subarray(0, half), octets.subarray(half)];
    },
  });
  const report = (await theOnly({ outcome: NO_USER, content })).content;
  expect(await textOf(report)).toContain('Status: 5.1.1');
  expect(await textOf(report)).not.toContain('caf');
});

test('a double bounce: what whoever looks after the machine reads', async () => {
  const mail = mailFor('01ARYZ6S410000000A', { from: '<>', to: ['bob@partner.example', 'eve@partner.example'] });
  const outcomes = [NO_USER, SILENT];
  const settled = mail.envelope.recipients.map((recipient, index) =>
    settle(aQueued(index, recipient), outcomes[index] ?? SILENT, circumstances(mail)),
  );
  const doubleBounce = { localPart: 'postmaster', domain: 'example.test' };
  const [report, ...more] = await notificationsOwed(mail, settled, after(5 * HOUR), { ...office(), doubleBounce });
  expect(more).toEqual([]);
  expect(report?.mail).toMatchObject({
    envelope: {
      reversePath: null,
      recipients: [{ forwardPath: doubleBounce, dsn: { notify: 'never' } }],
    },
    facts: { notification: 'double-bounce', about: '01ARYZ6S410000000A' },
  });
  const text = report === undefined ? '' : await textOf(report.mail.content);
  expect(text).toContain('\nSubject: A mail without a sender could not be delivered\n');
  expect(text).toContain(`
This is the mail system of mx.example.test.

A mail of Tue, 01 Jan 2030 12:00:00 +0000 could not be delivered to the
recipient below. It came from <>, as notifications do, so nobody else is
told, and it will not be tried again.

bob@partner.example
    mx.partner.example answered:
        550 5.1.1 There is nobody of this name here. Ask the operator.

The mail is attached. A program wrote this report. What became of the
mail is told by: mailframe queue trace 01ARYZ6S410000000A

`);
  expect(text.match(/^Final-Recipient: .*$/gm)).toEqual(['Final-Recipient: rfc822; bob@partner.example']);
  expect(text).toContain('\nSubject: greetings\n');
});

describe('aliases are not revealed', () => {
  const secret = aRecipient('private@hidden.example', {
    original: { localPart: 'sales', domain: 'example.test' },
    via: ['sales (aliases:3)'],
  });
  const telling = bouncedBy(
    { code: 550, status: '5.1.1', text: 'private@hidden.example is unknown' },
    'mx.hidden.example[192.0.2.77]:25',
    '550 5.1.1 <private@hidden.example>: user private unknown at hidden.example',
  );

  test.for<readonly [string, Outcome]>([
    ['a failure', telling],
    [
      'a delay',
      deferredBy({ code: 451, status: '4.2.1', text: 'hidden.example is closed' }, telling.remote, telling.diagnostic),
    ],
    ['a relay', { kind: 'delivered', disposition: 'relayed', remote: telling.remote, text: '250 private is happy' }],
  ])('by %s', async ([, outcome]) => {
    const text = await textOf(
      (await theOnly({ outcome, to: secret, notify: ['failure', 'delay', 'success'] })).content,
    );
    expect(text).toContain('Final-Recipient: rfc822; sales@example.test');
    expect(text).not.toMatch(/private|hidden|192\.0\.2\.77|aliases/);
  });

  test('by the number of recipients behind one address', async () => {
    const others = ['one', 'two'].map(localPart => ({
      ...secret,
      forwardPath: { localPart, domain: 'hidden.example' },
    }));
    const text = await textOf((await theOnly({ outcome: telling, to: others })).content);
    expect(text.match(/^Final-Recipient/gm)).toHaveLength(1);
    expect(text.match(/^sales@example\.test$/gm)).toHaveLength(1);
  });
});

test.for([
  { remote: 'mx.example[192.0.2.1]:25', want: 'mx.example' },
  { remote: '192.0.2.1[192.0.2.1]:2525', want: '[192.0.2.1]' },
  { remote: '[2001:db8::1]:25', want: '[2001:db8::1]' },
  { remote: 'mx.example', want: 'mx.example' },
  { remote: '', want: undefined },
])('the machine $remote is named $want', async ({ remote, want }) => {
  const text = await textOf((await theOnly({ outcome: { ...NO_USER, remote } })).content);
  expect(/^Remote-MTA: dns; (.*)$/m.exec(text)?.[1]).toBe(want);
});

test('a delivery report does not tell where mailboxes lie', async () => {
  const text = await textOf((await theOnly({ outcome: HERE, notify: ['success'] })).content);
  expect(text).toContain('Action: delivered');
  expect(text).not.toContain('secret');
});

describeWithPython('as Python reads it', () => {
  const read = async (one: Case) => pythonReads(await (await theOnly(one)).content.bytes());

  test('a failure is a report of three parts without defects', async () => {
    const report = await read({ outcome: NO_USER, to: ['a@partner.example', 'b@partner.example'] });
    expect(report).toMatchObject({
      type: 'multipart/report',
      parameters: { 'report-type': 'delivery-status' },
      defects: [],
    });
    expect(report.parts.map(part => part.type)).toEqual(['text/plain', 'message/delivery-status', 'message/rfc822']);
    expect(blocks(report)).toEqual([
      {
        'Reporting-MTA': 'dns; mx.example.test',
        'Received-From-MTA': 'dns; client.test ([192.0.2.1])',
        'Arrival-Date': 'Tue, 01 Jan 2030 12:00:00 +0000',
        'X-Mailframe-Queue-Id': '01ARYZ6S410000000A',
      },
      ...['a', 'b'].map(local => ({
        'Final-Recipient': `rfc822; ${local}@partner.example`,
        Action: 'failed',
        Status: '5.1.1',
        'Remote-MTA': 'dns; mx.partner.example',
        'Diagnostic-Code': 'smtp; 550-5.1.1 There is nobody of this name here. 550 5.1.1 Ask the operator.',
        'Last-Attempt-Date': 'Tue, 01 Jan 2030 17:00:00 +0000',
      })),
    ]);
    expect(report.parts[2]?.parts[0]?.text).toBe('Hello.\r\n');
  });

  test('a delay says until when it is tried, and returns the header alone', async () => {
    const report = await read({ outcome: SILENT, parameters: { returnContent: 'full' } });
    expect(blocks(report)[1]).toMatchObject({
      Action: 'delayed',
      Status: '4.4.1',
      'Diagnostic-Code': 'x-mailframe; 451 4.4.1 No answer from mx.partner.example',
      'Will-Retry-Until': 'Sun, 06 Jan 2030 12:00:00 +0000',
    });
    expect(partOf(report, 'text/rfc822-headers')?.text).toBe('Subject: greetings\r\nFrom: ann@sender.example\r\n');
  });

  test.for([
    { disposition: 'final', want: 'delivered' },
    { disposition: 'relayed', want: 'relayed' },
  ] as const)('a success that is $disposition is $want', async ({ disposition, want }) => {
    const outcome = { kind: 'delivered', disposition, remote: 'mx.example[192.0.2.1]:25', text: '250 ok' } as const;
    const report = await read({ outcome, notify: ['success'] });
    expect(blocks(report)[1]).toMatchObject({ Action: want, Status: '2.0.0' });
    expect(blocks(report)[1]).not.toHaveProperty('Will-Retry-Until');
  });

  const large = contentOf(`Subject: large\r\n\r\n${'0123456789abcdef\r\n'.repeat(4000)}`);
  test.for([
    { name: 'RET=FULL', returnContent: 'full', content: large, want: 'message/rfc822' },
    {
      name: 'RET=HDRS',
      returnContent: 'headers',
      content: contentOf('Subject: x\r\n\r\nsmall\r\n'),
      want: 'text/rfc822-headers',
    },
    { name: 'no RET, large', returnContent: null, content: large, want: 'text/rfc822-headers' },
    {
      name: 'no RET, small',
      returnContent: null,
      content: contentOf('Subject: x\r\n\r\nsmall\r\n'),
      want: 'message/rfc822',
    },
  ] as const)('$name: a failure returns $want', async ({ returnContent, content, want }) => {
    const report = await read({ outcome: NO_USER, content, parameters: { returnContent } });
    expect(report.parts[2]?.type).toBe(want);
  });

  test.for([
    {
      name: 'a body beyond ASCII',
      text: 'Subject: x\r\n\r\nGr\u00fc\u00dfe\r\n',
      returnContent: 'full',
      want: 'message/rfc822',
    },
    {
      name: 'a header beyond ASCII',
      text: 'Subject: Gr\u00fc\u00dfe\r\n\r\nx\r\n',
      returnContent: 'full',
      want: 'message/global',
    },
    {
      name: 'such a header alone',
      text: 'Subject: Gr\u00fc\u00dfe\r\n\r\nx\r\n',
      returnContent: 'headers',
      want: 'message/global-headers',
    },
  ] as const)('$name is declared', async ({ text, returnContent, want }) => {
    const mail = await theOnly({ outcome: NO_USER, content: contentOf(text), parameters: { returnContent } });
    expect(mail.envelope.parameters.body).toBe('8bitmime');
    const report = pythonReads(await mail.content.bytes());
    const encoding = (part: PythonPart | undefined) => new Map(part?.headers).get('Content-Transfer-Encoding');
    expect(report.parts[2]?.type).toBe(want);
    expect([encoding(report), encoding(report.parts[2])]).toEqual(['8bit', '8bit']);
  });

  test('a recipient beyond ASCII: readable for people, ASCII for programs', async () => {
    const report = await read({ outcome: NO_USER, to: '\u0434\u0438\u043c\u0430@example.test' });
    expect(report.parts[0]?.text).toContain('\u0434\u0438\u043c\u0430@example.test');
    expect(blocks(report)[1]?.['Final-Recipient']).toBe('utf-8; \\x{434}\\x{438}\\x{43C}\\x{430}@example.test');
  });

  test('a sender beyond ASCII needs SMTPUTF8', async () => {
    const mail = await theOnly({ outcome: NO_USER, from: '<\u0434\u0438\u043c\u0430@example.test>' });
    expect(mail.envelope.parameters).toMatchObject({ smtpUtf8: true, body: '8bitmime' });
    expect(new Map(pythonReads(await mail.content.bytes()).headers).get('To')).toBe(
      '\u0434\u0438\u043c\u0430@example.test',
    );
  });
});

describe('header injection', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.string({ unit: fc.constantFrom('\r', '\n', '\0', ' ', 'x', ':', '\u2028', '\u0085', '-', '\ud800') }),
    fc.constantFrom(
      '550 no\r\nAction: delivered\r\n',
      'x\r\n\r\n--=_e6b190f6cd6fa4b87b2a657937257a571211--\r\n',
      'x'.repeat(5000),
      'y '.repeat(3000),
    ),
  );

  test('whatever a remote machine and a client said, every line is ours and within its length', async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, hostile, hostile, async (diagnostic, remote, envelopeId, address) => {
        const outcome = bouncedBy(NO_USER.reply, remote, diagnostic);
        const to = aRecipient('bob@example.test', {
          dsn: { notify: null, originalRecipient: { type: address, address } },
        });
        const mail = await theOnly({ outcome, to, parameters: { envelopeId, returnContent: 'headers' } });
        const text = (await mail.content.bytes()).toString('latin1');
        expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
        expect(Math.max(...text.split('\r\n').map(line => line.length))).toBeLessThanOrEqual(998);
        expect(text.match(/^--=_\w+(--)?$/gm)).toHaveLength(4);
        const [, machine = ''] = text.split(/^Content-Type: message\/delivery-status$/m);
        const names = machine.split('\r\n--=_')[0]?.match(/^[^\s:]+(?=:)/gm) ?? [];
        expect(new Set(names).size).toBe(names.length);
        expect(names.every(name => FIELDS.has(name))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('a reply of ours and an address that no parser made', async () => {
    const outcome = bouncedBy({ code: 550, status: '5.7.1', text: 'no\r\nAction: delivered' });
    const forwardPath = { localPart: 'x\r\nBcc: all', domain: 'example.test' };
    const to = { ...aRecipient('bob@example.test'), forwardPath, original: forwardPath };
    const text = (await (await theOnly({ outcome, to })).content.bytes()).toString('latin1');
    expect(text.match(/^Action: .*$/gm)).toEqual(['Action: failed']);
    expect(text).not.toMatch(/^Bcc/m);
  });
});

const FIELDS: ReadonlySet<string> = new Set([
  'Content-Description',
  'Original-Envelope-Id',
  'Reporting-MTA',
  'Received-From-MTA',
  'Arrival-Date',
  'X-Mailframe-Queue-Id',
  'Original-Recipient',
  'Final-Recipient',
  'Action',
  'Status',
  'Remote-MTA',
  'Diagnostic-Code',
  'Last-Attempt-Date',
]);
