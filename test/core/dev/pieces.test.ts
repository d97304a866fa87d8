/** The small pieces of `mailframe dev`. */
import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { caughtFiles } from '../../../core/dev/caught-files.ts';
import { authority } from '../../../core/dev/certificate.ts';
import { FAULT_PLACES, MANNERS, parseFault, sinkFaults } from '../../../core/dev/fault.ts';
import { mailDiff } from '../../../core/dev/header-diff.ts';
import { inventedDns } from '../../../core/dev/invented-dns.ts';
import { Lately } from '../../../core/dev/lately.ts';
import { mboxEntry } from '../../../core/dev/mailbox.ts';
import { parseSendForm } from '../../../core/dev/send-form.ts';
import { TEST_MAIL_KINDS } from '../../../core/dev/test-mail.ts';
import { contentOf } from '../../../core/mail/content.ts';
import { specialUse } from '../../../core/mail/special-addresses.ts';
import { readMessage } from '../../../core/reading/read-message.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { systemRandom } from '../../../core/system/random.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const NOW = new Date('2026-11-26T03:00:00Z');

describe('invented DNS', () => {
  test('has a mail exchanger for every domain, at an address that is its own and passes for a public one', async () => {
    const dns = inventedDns();
    expect(await dns.mx('partner.example')).toEqual({
      kind: 'found',
      records: [{ exchange: 'mx.partner.example', preference: 10 }],
    });
    const [one, other, again] = await Promise.all(['a.test', 'b.test', 'A.test.'].map(name => dns.addresses(name)));
    expect(one).toEqual(again);
    expect(one).not.toEqual(other);
    const address = one?.kind === 'found' ? (one.records[0] ?? '') : '';
    expect(specialUse(address)).toBeNull();
    expect(dns.nameOf(address)).toBe('a.test');
  });

  test('knows nothing below .invalid, and demands nothing of TLS', async () => {
    const dns = inventedDns();
    expect(await dns.mx('gone.invalid')).toEqual({ kind: 'no-such-domain' });
    expect((await dns.lookUp('_25._tcp.mx.partner.example', 'TLSA')).answer).toEqual({ kind: 'no-records' });
    expect(await dns.txt('_mta-sts.partner.example')).toEqual({ kind: 'no-records' });
  });
});

test('certificates are for the names and addresses that were asked for, by the authority', () => {
  const signer = authority('mailframe dev', NOW);
  const certificate = new X509Certificate(signer.issue('mx.partner.example', '1.2.0.1').cert);
  expect(certificate.checkHost('mx.partner.example')).toBe('mx.partner.example');
  expect(certificate.checkIP('1.2.0.1')).toBe('1.2.0.1');
  expect(certificate.checkIssued(new X509Certificate(signer.cert))).toBe(true);
  expect(certificate.verify(new X509Certificate(signer.cert).publicKey)).toBe(true);
});

describe('files', () => {
  async function files() {
    const base = await tempFolder();
    const folder = join(base, 'dev');
    await mkdir(join(base, 'mail'));
    await Promise.all([writeFile(join(base, 'mail/old'), 'old'), writeFile(join(base, 'aliases'), 'a: b\n')]);
    const read: string[] = [];
    const ours = caughtFiles({
      machine: systemFiles(base),
      base,
      folder,
      own: join(base, 'scratch'),
      appendices: new Map([[join(base, 'aliases'), 'more']]),
      reads: path => read.push(path),
    });
    return { base, folder, read, ours };
  }

  test('that are written lie in the folder, and hide what is on the machine', async () => {
    const { base, ours } = await files();
    const elsewhere = join(await tempFolder(), 'file');
    await ours.replace('aliases', Buffer.from('c: d\n'));
    await ours.append(elsewhere, Buffer.from('x'));
    expect((await ours.read('aliases')).toString()).toContain('c: d\n');
    expect(await readFile(join(base, 'aliases'), 'utf8')).toBe('a: b\n');
    expect(await readFile(join(base, 'dev/outside', elsewhere), 'utf8')).toBe('x');
    await expect(readFile(elsewhere)).rejects.toThrow('ENOENT');
  });

  test('in a folder that a plugin makes begin with nothing; removing and renaming stay inside too', async () => {
    const { base, ours } = await files();
    expect(await ours.list('mail')).toEqual(['old']);
    await ours.makeDirectory('mail');
    expect(await ours.list('mail')).toEqual([]);
    expect(await ours.facts('mail/old')).toBeNull();
    await expect(ours.remove('mail/old')).rejects.toThrow('ENOENT');
    await ours.append('mail/new', Buffer.from('new'));
    await ours.rename('mail/new', 'mail/newer');
    expect(await ours.list('mail')).toEqual(['newer']);
    expect(await readdir(join(base, 'mail'))).toEqual(['old']);
  });

  test('of the machine are told of when they are read, with what belongs behind them', async () => {
    const { base, read, ours } = await files();
    expect((await ours.read('aliases')).toString()).toBe('a: b\n\nmore');
    expect(read).toEqual([join(base, 'aliases')]);
  });
});

test('a mail in the mailbox says its envelope, and no line in it begins another mail', () => {
  const entry = mboxEntry({
    from: '<>',
    recipients: ['<a@b.test>', '<c@d.test>'],
    to: 'mx.b.test[1.2.0.1]:25\nFrom forged',
    at: NOW,
    content: Buffer.from('Subject: x\r\n\r\nFrom me\r\n>From you\r\nend'),
  }).toString();
  expect(entry.match(/^From .*$/gm)).toEqual(['From MAILER-DAEMON Thu Nov 26 03:00:00 2026']);
  expect(entry).toContain('X-Mailframe-Recipients: <a@b.test>, <c@d.test>\n');
  expect(entry).toMatch(/\n\n>From me\n>>From you\nend\n\n$/);
});

describe('what is different between two states of a mail', () => {
  const before = Buffer.from('A: 1\r\nSubject: x\r\nB: 2\r\n\r\nbody\r\n');
  const kinds = (after: string) => {
    const { fields, body, changed } = mailDiff(before, Buffer.from(after));
    return { fields: fields.map(({ kind, name, text }) => `${kind} ${name} ${text}`), body, changed };
  };

  test('is said field by field', () => {
    expect(kinds('Received: r\r\nA: 1\r\nSubject: =?utf-8?q?[=C3=BC]_x?=\r\nB: 2\r\n\r\nbody\r\n')).toEqual({
      fields: ['added Received r', 'same A 1', 'removed Subject x', 'added Subject [ü] x', 'same B 2'],
      body: 'same',
      changed: true,
    });
  });

  test('may be nothing, or the body alone', () => {
    expect(kinds(before.toString()).changed).toBe(false);
    expect(kinds('A: 1\r\nSubject: x\r\nB: 2\r\n\r\nbody!\r\n')).toMatchObject({ body: 'changed', changed: true });
  });
});

test('every fault that the page offers is one, and nothing else is', () => {
  for (const place of FAULT_PLACES) {
    for (const manner of MANNERS[place]) expect(parseFault(place, manner)).toEqual({ place, manner });
  }
  expect(parseFault('rcpt', 'refuse')).toBeNull();
  expect(parseFault('__proto__', 'later')).toBeNull();
  expect(sinkFaults({ place: 'greeting', manner: 'hang up' })).toEqual({ connect: 'drop' });
});

describe('the form', () => {
  const at = { now: NOW, random: systemRandom };

  test.each(TEST_MAIL_KINDS)('makes a mail that is %s', async kind => {
    const form = parseSendForm(
      { kind, from: 'a@b.test', to: 'c@d.test', subject: 'Grüße\r\nBcc: x@y.test', text: 'ü' },
      at,
    );
    const { root } = await readMessage(contentOf(form.kind === 'sound' ? form.request.content : Buffer.alloc(0)));
    expect(root.header?.shown.find(({ name }) => name === 'Subject')?.text).toBe('Grüße Bcc: x@y.test');
    expect(root.header?.shown.some(({ name }) => name === 'Bcc')).toBe(false);
    expect(root.header?.oddities).toEqual([]);
  });

  test('sends what lies in a file as it is, but for the ends of its lines', () => {
    const form = parseSendForm({ to: 'c@d.test', eml: Buffer.from('Subject: x\n\nü\r\n').toString('base64') }, at);
    expect(form).toMatchObject({ kind: 'sound', request: { content: Buffer.from('Subject: x\r\n\r\nü\r\n') } });
  });

  test('says what is no address', () => {
    expect(parseSendForm({ to: 'c@d.test, nobody' }, at)).toEqual({
      kind: 'faulty',
      message: 'nobody is no address: write it as ann@example.test',
    });
  });
});

test('what was put somewhere lately is still there', () => {
  const lately = new Lately<string, number>(2);
  for (const [index, key] of ['a', 'b', 'a', 'c'].entries()) lately.set(key, index);
  expect(['a', 'b', 'c'].map(key => lately.get(key))).toEqual([2, undefined, 3]);
});
