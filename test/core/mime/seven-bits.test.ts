/** 8-bit content made fit for next hops that take 7-bit content only: what is encoded, what stays, and what cannot be done. */
import { isAscii } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { walkParts } from '../../../core/mime/part.ts';
import { inSevenBits } from '../../../core/mime/seven-bits.ts';
import { partContent } from '../../../core/mime/transfer-encoding.ts';
import { parseTree } from '../../../core/mime/tree.ts';
import * as fc from '../../support/fast-check.ts';

/** Text here is latin1: one character an octet. */
const mail = (text: string) => Buffer.from(text, 'latin1');

/** The result as text, or the reason. */
function converted(text: string): string {
  const result = inSevenBits(mail(text));
  return result.kind === 'encoded' ? result.octets.toString('latin1') : `impossible: ${result.because}`;
}

function changes(text: string) {
  const result = inSevenBits(mail(text));
  return result.kind === 'encoded' ? result.changes : [];
}

const HEAD = 'From: ann@example.test\r\nMIME-Version: 1.0\r\n';
const MIXED = `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n`;

describe('a mail of one part', () => {
  test('that is text goes into quoted-printable, so that people can still read it', () => {
    expect(converted(`${HEAD}Content-Transfer-Encoding: 8bit\r\n\r\nGr\xfc\xdfe = \r\nx\r\n`)).toBe(
      `${HEAD}Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe =3D=20\r\nx\r\n`,
    );
  });

  test('that is something else goes into base64', () => {
    expect(converted(`${HEAD}Content-Type: image/x-y\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xfc\r\n`)).toBe(
      `${HEAD}Content-Type: image/x-y\r\nContent-Transfer-Encoding: base64\r\n\r\n/A0K\r\n`,
    );
  });

  test('that says nothing of MIME says it then, or the encoding would mean nothing', () => {
    expect(converted('Subject: x\r\n\r\n\xfc\r\n')).toBe(
      'Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n\r\n=FC\r\n',
    );
  });

  test('that is only called 8-bit is converted by its label', () => {
    expect(converted(`${HEAD}Content-Transfer-Encoding: 8bit\r\n\r\nplain=\r\n`)).toBe(
      `${HEAD}Content-Transfer-Encoding: quoted-printable\r\n\r\nplain=3D\r\n`,
    );
  });

  test.each([
    { label: 'quoted-printable', body: 'a=FC\xfc', want: 'a=FC=FC' },
    { label: 'base64', body: 'YWFh\xfc\r\n', want: 'YWFh\r\n' },
  ])('in $label with octets that have no place there is written anew', ({ label, body, want }) => {
    const text = (written: string) => `${HEAD}Content-Transfer-Encoding: ${label}\r\n\r\n${written}`;
    expect(converted(text(body))).toBe(text(want));
  });

  test.each([
    { about: 'ASCII', text: `${HEAD}\r\nplain\r\n` },
    { about: 'nothing', text: '' },
    { about: 'quoted-printable already', text: `${HEAD}Content-Transfer-Encoding: quoted-printable\r\n\r\n=FC\r\n` },
  ])('of $about comes back as it is', ({ text }) => {
    const octets = mail(text);
    expect(inSevenBits(octets)).toEqual({ kind: 'encoded', octets, changes: [] });
  });
});

test('the parts of a multipart are converted one by one, the others stay to the octet, and it is called 7bit', () => {
  const text = (label: string, body: string) =>
    `${MIXED}Content-Transfer-Encoding: ${label}\r\n\r\n--b\r\n\r\n \r\nplain  \r\n--b\r\n${body}\r\n--b--\r\n`;
  const before = text('8bit', 'Content-Type: text/x; charset=utf-8\r\n\r\n\xc3\xbc');
  expect(converted(before)).toBe(
    text('7bit', 'Content-Type: text/x; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=BC'),
  );
  expect(changes(before)).toEqual([
    { what: 'put into quoted-printable: part 2; no longer called 8bit: the mail', breaks: [] },
  ]);
});

test('a mail in the mail is converted inside', () => {
  const text = (inner: string, label: string) =>
    `${HEAD}Content-Type: message/rfc822\r\nContent-Transfer-Encoding: ${label}\r\n\r\n${inner}`;
  expect(converted(text('Mime-Version: 1.0\r\n\r\n\xfc', '8bit'))).toBe(
    text('Mime-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=FC', '7bit'),
  );
});

test.each(['global', 'global-headers', 'global-delivery-status', 'global-disposition-notification'])(
  'an internationalised message, message/%s, is encoded as a whole: its header has no encoding of its own',
  subtype => {
    const text = (label: string, body: string) =>
      `${MIXED}Content-Transfer-Encoding: ${label === '8bit' ? label : '7bit'}\r\n\r\n--b\r\n` +
      `Content-Type: message/${subtype}\r\nContent-Transfer-Encoding: ${label}\r\n\r\n${body}\r\n--b--\r\n`;
    expect(converted(text('8bit', 'Subject: Gr\xc3\xbc\xc3\x9fe\r\n\r\n\xc3\xbc = x\r\n'))).toBe(
      text('quoted-printable', 'Subject: Gr=C3=BC=C3=9Fe\r\n\r\n=C3=BC =3D x\r\n'),
    );
  },
);

test('an internationalised message that is ASCII all the same stays as it is', () => {
  const octets = mail(`${HEAD}Content-Type: message/global\r\n\r\nSubject: x\r\n\r\nx\r\n`);
  expect(inSevenBits(octets)).toEqual({ kind: 'encoded', octets, changes: [] });
});

describe('what cannot be converted', () => {
  const signed = (body: string) =>
    `${HEAD}Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=s\r\n\r\n--s\r\n\r\n${body}\r\n` +
    '--s\r\nContent-Type: application/pgp-signature\r\n\r\nsignature\r\n--s--\r\n';

  test.each([
    { about: 'a header', text: 'Subject: \xfc\r\n\r\nx', because: 'the header of the mail holds octets beyond ASCII' },
    {
      about: "a part's header",
      text: `${MIXED}\r\n--b\r\nX: \xfc\r\n\r\nx\r\n--b--\r\n`,
      because: 'the header of part 1 holds octets beyond ASCII',
    },
    {
      about: 'what stands before the parts',
      text: `${MIXED}\r\n\xfc\r\n--b\r\n\r\nx\r\n--b--\r\n`,
      because: 'what stands around the parts of the mail holds octets beyond ASCII',
    },
    {
      about: 'a multipart without a boundary',
      text: `${HEAD}Content-Type: multipart/mixed\r\n\r\n\xfc\r\n`,
      because: 'the mail is a multipart that cannot be taken apart, and 8-bit',
    },
    {
      about: 'a message that is no mail',
      text: `${HEAD}Content-Type: message/partial\r\n\r\n\xfc\r\n`,
      because: 'the mail is a message that cannot be taken apart, and 8-bit',
    },
    {
      about: 'an encoding of its own',
      text: `${HEAD}Content-Transfer-Encoding: x-uuencode\r\n\r\n\xfc`,
      because: 'the mail is 8-bit in an encoding that nobody knows',
    },
    {
      about: 'what is signed',
      text: signed('\xfc'),
      because: 'the mail is signed, and 8-bit: it may not be changed on its way',
    },
    {
      about: 'what is encrypted',
      text: `${HEAD}Content-Type: multipart/encrypted; boundary=s\r\n\r\n--s\r\n\r\n\xfc\r\n--s--\r\n`,
      because: 'the mail is encrypted, and 8-bit: it may not be changed on its way',
    },
  ])('$about', ({ text, because }) => {
    expect(inSevenBits(mail(text))).toEqual({ kind: 'impossible', because });
  });

  test('what is signed and ASCII stays, whatever it is called inside', () => {
    const octets = mail(signed('plain').replace('--s\r\n\r\n', '--s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'));
    expect(inSevenBits(octets)).toEqual({ kind: 'encoded', octets, changes: [] });
  });
});

test('changes say which DKIM signatures break', () => {
  const signature = 'DKIM-Signature: v=1; a=rsa-sha256; d=example.test; s=one; h=from; bh=AA==; b=AA==\r\n';
  expect(changes(`${signature}${HEAD}\r\n\xfc`)).toEqual([
    { what: 'put into quoted-printable: the mail', breaks: ['DKIM example.test (selector one)'] },
  ]);
});

test('any octets: ASCII comes out that stands for the same, or a reason', () => {
  const fragments = [
    '\xfc',
    'a',
    ' ',
    '\t',
    '=',
    '.',
    '\r\n',
    '\r',
    '\n',
    '\0',
    'long '.repeat(20),
    '\xff'.repeat(30),
    'Content-Type: multipart/mixed; boundary=b\r\n',
    '\r\n--b\r\n',
    '\r\n--b--',
    '\r\n\r\n',
    'Content-Transfer-Encoding: 8bit\r\n',
    'Content-Type: image/x\r\n',
    'Content-Type: message/rfc822\r\n',
  ];
  const leaves = (octets: Buffer) => {
    const tree = parseTree(octets);
    if (tree.kind !== 'tree') throw new Error('too complex');
    return [...walkParts(tree.root)].filter(part => part.children.length === 0);
  };
  const anything = fc.array(fc.constantFrom(...fragments), { maxLength: 20 }).map(parts => mail(parts.join('')));
  fc.assert(
    fc.property(anything, octets => {
      const result = inSevenBits(octets);
      if (result.kind === 'impossible') {
        expect(result.because).toMatch(/^[\x20-\x7e]+$/);
        return;
      }
      expect(isAscii(result.octets)).toBe(true);
      expect(leaves(result.octets).map(partContent)).toEqual(leaves(octets).map(partContent));
      expect(inSevenBits(result.octets)).toEqual({ kind: 'encoded', octets: result.octets, changes: [] });
    }),
    { numRuns: 2000 },
  );
});
