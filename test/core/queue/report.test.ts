/** Notifications, sentence by sentence of RFC 3461 to 3464, 6522 and 6533: what stands in which field, and what does not. */
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import type { Recipient } from '../../../core/mail/envelope.ts';
import { bouncedBy, type Delivered, deferredBy, type Outcome } from '../../../core/mail/outcome.ts';
import { readHeader } from '../../../core/mime/header.ts';
import { aMailbox, aRecipient, textOf } from '../../../core/testing/builders.ts';
import { type Case, HERE, NO_USER, notified, SILENT, theOnly } from './notified.ts';

const RELAYED: Delivered = {
  kind: 'delivered',
  disposition: 'relayed',
  remote: 'mx.partner.example[192.0.2.10]:25',
  text: '250 2.0.0 Ok: queued as 4711',
};

const textFor = async (one: Case) => textOf((await theOnly(one)).content);

/** The values of a field, unfolded, wherever it stands. */
function values(text: string, name: string): readonly string[] {
  const unfolded = text.replaceAll(/\n[ \t]/g, ' ');
  return [...unfolded.matchAll(new RegExp(`^${name}: (.*)$`, 'gm'))].map(([, value = '']) => value);
}

/** The part for people. */
function forPeople(text: string): string {
  return /\n\n(This is the mail system.*?)\n--=_/s.exec(text)?.[1] ?? '';
}

test('the documentation shows what people read', async () => {
  const page = await readFile(new URL('../../../docs/notifications.md', import.meta.url), 'utf8');
  expect(page).toContain(forPeople(await textFor({ outcome: NO_USER, to: 'bob@partner.example' })));
});

test('the header of a notification has what it must have, and no more', async () => {
  const { content } = await theOnly({ outcome: NO_USER });
  const header = await readHeader(content);
  const fields = header.kind === 'header' ? header.block.fields : [];
  expect(fields.map(({ name }) => name)).toEqual([
    'From',
    'To',
    'Subject',
    'Date',
    'Message-ID',
    'Auto-Submitted',
    'MIME-Version',
    'Content-Type',
  ]);
});

test('a reply to it reaches whoever looks after this machine (RFC 3464 section 2)', async () => {
  expect(values(await textFor({ outcome: NO_USER }), 'From')[0]).toBe(
    'Mail Delivery System <postmaster@mx.example.test>',
  );
});

test('the mail that it is about is known to those who look after the queue', async () => {
  const { facts } = await theOnly({ outcome: NO_USER });
  expect(facts).toEqual({ notification: 'failure', about: '01ARYZ6S410000000A' });
});

describe('success', () => {
  const asked = { notify: ['success'] } as const;

  test('in the mailbox', async () => {
    const text = await textFor({ outcome: HERE, ...asked });
    expect(values(text, 'Subject')[0]).toBe('Your mail has arrived');
    expect(forPeople(text)).toMatch(/has been delivered to\s+the\s+recipient\s+below/);
    expect(forPeople(text)).toContain('It lies in the mailbox.');
    expect(values(text, 'Diagnostic-Code')).toEqual([]);
  });

  test('passed on to a machine that reports nothing: which one, and what it said (RFC 3461 section 6.3)', async () => {
    const text = await textFor({ outcome: RELAYED, ...asked });
    expect(values(text, 'Subject')[0]).toBe('Your mail has been passed on');
    expect(forPeople(text)).not.toMatch(/delivered/);
    expect(values(text, 'Action')).toEqual(['relayed']);
    expect(values(text, 'Remote-MTA')).toEqual(['dns; mx.partner.example']);
    expect(values(text, 'Diagnostic-Code')).toEqual(['smtp; 250 2.0.0 Ok: queued as 4711']);
  });

  test('some here, some passed on', async () => {
    const to = ['bob@example.test', 'eve@partner.example'];
    const text = await textFor({ outcome: [HERE, RELAYED], to, ...asked });
    expect(values(text, 'Action')).toEqual(['delivered', 'relayed']);
    expect(values(text, 'Subject')[0]).toBe('Your mail has been passed on');
  });
});

describe('what was answered', () => {
  const diagnostic = async (outcome: Outcome) => values(await textFor({ outcome }), 'Diagnostic-Code');

  test('in several lines, each with its code (RFC 3461 section 9.2)', async () => {
    expect(await diagnostic(NO_USER)).toEqual([
      'smtp; 550-5.1.1 There is nobody of this name here. 550 5.1.1 Ask the operator.',
    ]);
  });

  test('by something that does not speak SMTP is not called an SMTP reply', async () => {
    const outcome = bouncedBy(NO_USER.reply, NO_USER.remote, 'HTTP/1.1 400 Bad Request');
    expect(await diagnostic(outcome)).toEqual(['x-mailframe; HTTP/1.1 400 Bad Request']);
  });

  test('by us is ours', async () => {
    expect(await diagnostic(SILENT)).toEqual(['x-mailframe; 451 4.4.1 No answer from mx.partner.example']);
  });
});

describe('who brought the mail (RFC 3464 section 2.2.4)', () => {
  const client = (address: string) => ({ address, port: 4711, name: null });
  const greeting = (domain: string) => ({ verb: 'EHLO', domain }) as const;

  test.for([
    { says: 'Client.Test', address: '192.0.2.1', want: ['dns; Client.Test ([192.0.2.1])'] },
    { says: '[192.0.2.7]', address: '192.0.2.1', want: ['dns; [192.0.2.7] ([192.0.2.1])'] },
    { says: 'client.test', address: '2001:db8::1', want: ['dns; client.test ([IPv6:2001:db8::1])'] },
    { says: 'b\u00fccher.test', address: '192.0.2.1', want: ['dns; xn--bcher-kva.test ([192.0.2.1])'] },
    { says: 'a(comment', address: '192.0.2.1', want: ['dns; [192.0.2.1]'] },
    { says: '[x:a(b)]', address: '192.0.2.1', want: ['dns; [192.0.2.1]'] },
    { says: 'x\r\nAction: delivered', address: '192.0.2.1', want: ['dns; [192.0.2.1]'] },
  ])('$says from $address', async ({ says, address, want }) => {
    const session = { client: client(address), greeting: greeting(says) };
    expect(values(await textFor({ outcome: NO_USER, session }), 'Received-From-MTA')).toEqual(want);
  });

  test.for([
    { name: 'our own users are no such machine', session: { user: 'ann' } },
    { name: 'nobody, where we have written it ourselves', session: { greeting: null } },
  ])('$name', async ({ session }) => {
    expect(values(await textFor({ outcome: NO_USER, session }), 'Received-From-MTA')).toEqual([]);
  });
});

describe('the address that the sender gave', () => {
  const original = async (type: string, address: string) => {
    const to = aRecipient('bob@example.test', { dsn: { notify: null, originalRecipient: { type, address } } });
    return values(await textFor({ outcome: NO_USER, to }), 'Original-Recipient');
  };

  test.for([
    { type: 'RFC822', address: 'Bob+x=y@Old.test', want: 'RFC822; Bob+x=y@Old.test' },
    { type: 'x400', address: '/G=Bob/S=X/', want: 'x400; /G=Bob/S=X/' },
    { type: 'utf-8', address: 'gr\u00fc\u00dfe+x@old.test', want: 'utf-8; gr\\x{FC}\\x{DF}e\\x{2B}x@old.test' },
    { type: 'rfc822', address: 'gr\u00fc\u00dfe@old.test', want: 'utf-8; gr\\x{FC}\\x{DF}e@old.test' },
  ])('$type; $address', async ({ type, address, want }) => {
    expect(await original(type, address)).toEqual([want]);
  });

  test('is not made up where it gave none (RFC 3461 section 6.3)', async () => {
    expect(values(await textFor({ outcome: NO_USER }), 'Original-(?:Recipient|Envelope-Id)')).toEqual([]);
  });
});

describe('an alias that leads to several (RFC 3461 section 5.2.7.3)', () => {
  const behind = (address: string, notify: Recipient['dsn']['notify']) =>
    aRecipient(address, {
      original: aMailbox('staff@example.test'),
      via: ['staff (aliases:3)'],
      dsn: { notify, originalRecipient: { type: 'rfc822', address: 'Staff@example.test' } },
    });
  const to = [behind('bob@hidden.example', ['success', 'failure']), behind('eve@secret.example', ['failure'])];

  test('is expanded, and the sender is told who was passed on to whom: not at all', async () => {
    const text = await textFor({ outcome: RELAYED, to, attempts: 0 });
    expect(values(text, 'Subject')[0]).toBe('Your mail has been passed on');
    expect(values(text, 'Original-Recipient')).toEqual(['rfc822; Staff@example.test']);
    expect(values(text, 'Final-Recipient')).toEqual(['rfc822; staff@example.test']);
    expect(values(text, 'Action')).toEqual(['expanded']);
    expect(values(text, 'Status')).toEqual(['2.0.0']);
    expect(values(text, '(?:Remote-MTA|Diagnostic-Code)')).toEqual([]);
    expect(forPeople(text).replaceAll(/\s+/g, ' ')).toContain('passed on to those whom this address stands for');
    expect(text).not.toMatch(/hidden|secret|partner|aliases/);
  });

  test('and where one of them fails at once that is told too, in a mail of its own', async () => {
    const owed = await notified({ outcome: [NO_USER, RELAYED], to, attempts: 0 });
    const texts = await Promise.all(owed.map(({ mail }) => textOf(mail.content)));
    expect(texts.map(text => values(text, 'Action'))).toEqual([['failed'], ['expanded']]);
  });

  test('several failures behind it are one, in words that are true of one and of all', async () => {
    const full = bouncedBy({ code: 552, status: '5.2.2', text: 'eve has no room' }, 'mx.secret.example[192.0.2.3]:25');
    const text = await textFor({ outcome: [NO_USER, full], to });
    expect(values(text, 'Final-Recipient')).toEqual(['rfc822; staff@example.test']);
    expect(values(text, 'Diagnostic-Code')).toEqual(['x-mailframe; 550 5.1.1 Delivery failed behind this address']);
    expect(forPeople(text).match(/staff@example\.test/g)).toHaveLength(1);
  });

  test('a delay behind it is not said to be a failure', async () => {
    const busy = deferredBy({ code: 451, status: '4.2.1', text: 'bob is on holiday' }, NO_USER.remote, '451 bob');
    const text = await textFor({ outcome: busy, to: [behind('bob@hidden.example', ['delay'])] });
    expect(values(text, 'Diagnostic-Code')).toEqual(['x-mailframe; 451 4.2.1 Delivery is delayed behind this address']);
  });

  test('what the machine of one alone said stays with us', async () => {
    const text = await textFor({ outcome: RELAYED, to: [behind('bob@hidden.example', ['success'])] });
    expect(values(text, 'Action')).toEqual(['relayed']);
    expect(values(text, '(?:Remote-MTA|Diagnostic-Code)')).toEqual([]);
  });
});

describe('what is returned', () => {
  const third = (text: string) => values(text, 'Content-Type').at(-1);
  const large = contentOf(`Subject: large\r\n\r\n${'0123456789abcdef\r\n'.repeat(60_000)}`);

  test('RET=FULL has a limit, so that a report is not refused on its way for its size (RFC 3461 section 6.2)', async () => {
    const text = await textFor({ outcome: NO_USER, content: large, parameters: { returnContent: 'full' } });
    expect(third(text)).toBe('text/rfc822-headers');
    expect(forPeople(text)).toContain('The header of your mail is attached.');
    expect(text.length).toBeLessThan(5000);
  });

  test.for([
    { kind: 'a delay', outcome: SILENT },
    { kind: 'a success', outcome: HERE },
  ])('RET=FULL does not hold for $kind', async ({ outcome }) => {
    const text = await textFor({ outcome, notify: ['delay', 'success'], parameters: { returnContent: 'full' } });
    expect(third(text)).toBe('text/rfc822-headers');
  });

  test('the text says whether the mail is there or its header', async () => {
    expect(forPeople(await textFor({ outcome: NO_USER }))).toContain('Your mail is attached.');
    const gone = {
      ...contentOf('x'),
      stream: () => {
        throw new Error('gone');
      },
    };
    expect(forPeople(await textFor({ outcome: NO_USER, content: gone }))).not.toContain('attached');
  });

  test.for([
    { returnContent: 'full', want: 'message/rfc822' },
    { returnContent: 'headers', want: 'text/rfc822-headers' },
  ] as const)('octets that are no UTF-8 are not called so: RET=$returnContent', async ({ returnContent, want }) => {
    const content = Buffer.from('Subject: Gr\u00fc\u00dfe\r\n\r\nx\r\n', 'latin1');
    const mail = await theOnly({ outcome: NO_USER, content, parameters: { returnContent } });
    const octets = (await mail.content.bytes()).toString('latin1');
    expect(third(octets.replaceAll('\r\n', '\n'))).toBe(want);
    expect(octets).toContain('\r\nSubject: Gr\u00fc\u00dfe\r\n');
    expect(mail.envelope.parameters).toMatchObject({ body: '8bitmime', smtpUtf8: false });
  });

  test('a returned mail is never encoded: it stands there octet for octet', async () => {
    const content = Buffer.from('Subject: x\r\n\r\n\u00fc\u0000=\r\n.\r\n--=_e6b1\r\n');
    const mail = await theOnly({ outcome: NO_USER, content });
    expect((await mail.content.bytes()).includes(content)).toBe(true);
    expect(await textOf(mail.content)).not.toMatch(/quoted-printable|base64/);
  });
});
