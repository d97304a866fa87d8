/** Signed and encrypted mail under rules: what is refused, what is wrapped, what is done all the same, and what is said of it. */
import { describe, expect, test } from 'vitest';
import { parseTree, walkParts } from '../../../core/index.ts';
import { lines, multipart, part, rewritten, treeOf } from './rewritten.ts';

const TEXT = part('text/plain', 'Hello');
const FILE = part('application/octet-stream', 'x', 'Content-Disposition: attachment; filename=a.exe');
const INNER = part('multipart/mixed; boundary=c', ['--c', TEXT, '--c', FILE, '--c--'].join('\n'));
const PGP = multipart(
  'signed; protocol="application/pgp-signature"; micalg=pgp-sha256',
  INNER,
  part('application/pgp-signature', 'sig'),
);
const SMIME = multipart(
  'signed; protocol="application/pkcs7-signature"',
  TEXT,
  part('application/pkcs7-signature', 'sig'),
);
const DKIM = 'DKIM-Signature: v=1; a=rsa-sha256; c=simple/simple; d=example.test; s=s1; h=from:subject; bh=x; b=y\n';
const FOOTER = { footer: { text: 'From outside.' } };
const DROP = { match: { name: '*.exe' }, do: 'drop' };
const WHOLE = 'OpenPGP (the whole mail)';

/** The octets of the part that is signed. */
function signedIn(text: string): string {
  const read = parseTree(Buffer.from(text.replaceAll('\n', '\r\n')));
  const parts = read.kind === 'tree' ? [...walkParts(read.root)] : [];
  return parts.find(({ type }) => type.subtype === 'signed')?.children[0]?.octets.toString() ?? '';
}

describe('an edit inside of what is signed', () => {
  test('is made by default, and everybody is told', async () => {
    const { text, breaks, log, answer } = await rewritten(DROP, PGP);
    expect(treeOf(text)).toContain('multipart/mixed(text/plain)');
    expect(breaks).toEqual([WHOLE]);
    expect(log.of('edited')).toMatchObject([{ level: 'warn', fields: { rule: 'rule 1', breaks: [WHOLE] } }]);
    expect(answer).toMatchObject({ facts: { 'mime.rules': ['rule 1'], 'mime.skipped': [], 'mime.broken': [WHOLE] } });
  });

  test('is skipped where the rule says so', async () => {
    const { answer, log } = await rewritten({ ...DROP, name: 'exe', signed: 'skip' }, PGP);
    expect(answer).toEqual({
      kind: 'note',
      facts: { 'mime.rules': [], 'mime.skipped': ['exe'], 'mime.broken': [] },
    });
    expect(log.of('skipped')).toMatchObject([{ fields: { rule: 'exe', breaks: [WHOLE] } }]);
  });

  test('is refused where the rule says so', async () => {
    const { answer } = await rewritten({ ...DROP, name: 'exe', signed: 'refuse' }, PGP);
    expect(answer).toMatchObject({ kind: 'reject', reply: { code: 554 }, because: `exe would break ${WHOLE}` });
  });

  test('is left out where wrapping does not help', async () => {
    for (const wrap of ['mixed', 'message']) {
      const { answer, log } = await rewritten({ ...DROP, signed: { wrap } }, PGP);
      expect(answer?.kind).toBe('note');
      expect(log.of('skipped')).toMatchObject([{ fields: { because: 'wrapping the mail does not help' } }]);
    }
  });

  test('breaks what nobody knows too', async () => {
    const odd = multipart('signed; protocol="application/x-own"', INNER, part('application/x-own', 'sig'));
    expect((await rewritten(DROP, odd)).breaks).toEqual(['multipart/signed (the whole mail)']);
    const closed = multipart('encrypted', part('application/pgp-encrypted', 'Version: 1'), FILE);
    expect((await rewritten(DROP, closed)).breaks).toEqual(['multipart/encrypted (the whole mail)']);
  });

  test('beside it breaks nothing', async () => {
    const list = multipart(
      'mixed',
      PGP.replaceAll('boundary=b', 'boundary=d')
        .replaceAll('--b', '--d')
        .replace(/^From.*\nMIME.*\n/, ''),
      FILE,
    );
    const { breaks, text } = await rewritten({ match: { name: '*.exe', depth: { under: 2 } }, do: 'drop' }, list);
    expect(breaks).toEqual([]);
    expect(signedIn(text)).toBe(signedIn(list));
  });
});

describe('a footer', () => {
  test.each([
    { mail: PGP, words: WHOLE },
    { mail: SMIME, words: 'S/MIME (the whole mail)' },
  ])('never goes into what is signed: $words', async ({ mail, words }) => {
    const left = await rewritten({ do: FOOTER }, mail);
    expect(left.answer?.kind).toBe('note');
    expect(left.log.of('skipped')).toMatchObject([
      { fields: { because: 'the mail is signed: a footer would not be part of it' } },
    ]);
    expect((await rewritten({ do: FOOTER, signed: 'refuse' }, mail)).answer).toMatchObject({
      kind: 'reject',
      because: `rule 1 would break ${words}`,
    });
  });

  test('is a part of its own around it, where the rule says so', async () => {
    for (const rule of [
      { do: FOOTER, signed: { wrap: 'mixed' } },
      { do: { footer: { ...FOOTER.footer, otherwise: 'part' } } },
    ]) {
      const { text, breaks } = await rewritten(rule, PGP);
      expect(treeOf(text)).toBe(
        'multipart/mixed(multipart/signed(multipart/mixed(text/plain, application/octet-stream), application/pgp-signature), text/plain)',
      );
      expect(signedIn(text)).toBe(signedIn(PGP));
      expect(breaks).toEqual([]);
    }
  });

  test('stands above it too', async () => {
    const rule = { do: { footer: { text: 'Careful!', at: 'top' } }, signed: { wrap: 'mixed' } };
    const { text } = await rewritten(rule, SMIME);
    expect(treeOf(text)).toBe('multipart/mixed(text/plain, multipart/signed(text/plain, application/pkcs7-signature))');
    expect(signedIn(text)).toBe(signedIn(SMIME));
  });

  test('is never put into encrypted mail', async () => {
    const mail = multipart(
      'encrypted; protocol="application/pgp-encrypted"',
      part('application/pgp-encrypted', 'Version: 1'),
      TEXT,
    );
    expect((await rewritten({ do: FOOTER }, mail)).answer?.kind).toBe('note');
    expect((await rewritten({ match: { type: 'text/*' }, do: FOOTER }, mail)).answer?.kind).toBe('note');
    const { text } = await rewritten({ do: FOOTER, signed: { wrap: 'mixed' } }, mail);
    expect(treeOf(text)).toBe(
      'multipart/mixed(multipart/encrypted(application/pgp-encrypted, text/plain), text/plain)',
    );
  });
});

describe('a mail that DKIM signs', () => {
  const mail = `${DKIM}Received: from client.test\nFrom: ann@example.test\nSubject: hello\nMIME-Version: 1.0\nContent-Type: text/plain\n\nHello\n`;
  const EXAMPLE = 'DKIM example.test (selector s1)';

  test('is wrapped as a whole, and keeps its signature inside', async () => {
    const { text, breaks, changes } = await rewritten(
      { do: { subjectTag: '[ext]' }, signed: { wrap: 'message' } },
      mail,
    );
    expect(breaks).toEqual([]);
    expect(changes).toEqual(['wrapped the whole mail', 'tagged the subject with [ext]']);
    expect(treeOf(text)).toBe('multipart/mixed(message/rfc822(text/plain))');
    expect(text).toContain(`\nContent-Type: message/rfc822\n\n${mail}\n--`);
    expect(text).toMatch(
      /^Received: from client\.test\nFrom: ann@example\.test\nSubject: \[ext\] hello\nMIME-Version: 1\.0\nContent-Type: multipart\/mixed/,
    );
  });

  test('gets its footer beside it', async () => {
    const { text, breaks } = await rewritten({ do: FOOTER, signed: { wrap: 'message' } }, mail);
    expect(treeOf(text)).toBe('multipart/mixed(message/rfc822(text/plain), text/plain)');
    expect(text).toContain(mail);
    expect(breaks).toEqual([]);
  });

  test('loses its signature where only its parts are to be kept, and everybody is told', async () => {
    const { text, breaks } = await rewritten({ do: FOOTER, signed: { wrap: 'mixed' } }, DKIM + SMIME);
    expect(breaks).toEqual([EXAMPLE]);
    expect(signedIn(text)).toBe(signedIn(SMIME));
  });

  test('is not wrapped for an edit that breaks nothing', async () => {
    const rule = { do: { add: { field: 'X-New', value: '1' } }, signed: { wrap: 'message' } };
    expect((await rewritten(rule, mail)).text).toBe(`X-New: 1\n${mail}`);
  });

  test('is reported for a body that changes and for a field that changes', async () => {
    expect((await rewritten({ do: FOOTER }, mail)).breaks).toEqual([EXAMPLE]);
    expect((await rewritten({ do: { subjectTag: '[ext]' } }, mail)).breaks).toEqual([EXAMPLE]);
  });
});

describe('wrap', () => {
  const mail = lines('From: ann@example.test', 'Subject: hello', 'X-Other: 1', '', 'Hello');

  test('puts what the mail holds into a multipart', async () => {
    const { text } = await rewritten({ do: { wrap: { as: 'mixed', text: 'This may be spam.' } } }, mail);
    expect(treeOf(text)).toBe('multipart/mixed(text/plain, text/plain)');
    expect(text).toMatch(
      /^From: ann@example\.test\nSubject: hello\nX-Other: 1\nMIME-Version: 1\.0\nContent-Type: multipart\/mixed; boundary="=_[\w-]{24}"\n\n/,
    );
    expect(text).toContain('This may be spam.\n');
  });

  test('puts the mail into a mail, to the octet', async () => {
    const { text } = await rewritten({ do: { wrap: { as: 'message', text: 'This may be spam.' } } }, mail);
    expect(treeOf(text)).toBe('multipart/mixed(text/plain, message/rfc822(text/plain))');
    expect(text).toContain(`\nContent-Type: message/rfc822\n\n${mail}\n--`);
  });

  test('of a mail with 8-bit parts says that it is 8-bit', async () => {
    const eight = mail.replace('X-Other: 1', 'Content-Transfer-Encoding: 8bit').replace('Hello', 'Grüße');
    const { text } = await rewritten({ do: { wrap: { as: 'message' } } }, eight);
    expect(text.match(/^Content-Transfer-Encoding: 8bit$/gm)).toHaveLength(3);
  });

  test.each([
    { mail: 'From: a', want: 'message/rfc822(text/plain)' },
    { mail: '', want: 'message/rfc822(text/plain)' },
    { mail: 'no header', want: 'message/rfc822(text/plain)' },
    { mail: 'From x\nFrom: a\n\nb', want: 'message/rfc822(text/plain)' },
  ])('of a mail without much in it: $mail', async ({ mail, want }) => {
    const { text } = await rewritten({ do: { wrap: { as: 'message' } } }, mail);
    expect(treeOf(text)).toBe(`multipart/mixed(${want})`);
    expect(text).toContain(mail.replace('From x\n', ''));
  });
});
