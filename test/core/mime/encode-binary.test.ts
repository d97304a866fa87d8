/** Binary content made fit for lines: what is encoded, what stays to the octet, and what cannot be done. */

import { describe, expect, test } from 'vitest';
import { encodeBinary } from '../../../core/mime/encode-binary.ts';
import { strayIn } from '../../../core/mime/line-ends.ts';
import { spansOf, walkParts } from '../../../core/mime/part.ts';
import { encodeTransfer, partContent } from '../../../core/mime/transfer-encoding.ts';
import { parseTree } from '../../../core/mime/tree.ts';
import * as fc from '../../support/fast-check.ts';
import { describeWithPython, type PythonPart, pythonReads } from '../../support/python-email.ts';

/** Text here is latin1: one character an octet. Line ends are what the text says. */
const mail = (text: string) => Buffer.from(text, 'latin1');

/** The result as text, or the reason. */
function encoded(text: string): string {
  const result = encodeBinary(mail(text));
  return result.kind === 'encoded' ? result.octets.toString('latin1') : `impossible: ${result.because}`;
}

function changes(text: string) {
  const result = encodeBinary(mail(text));
  return result.kind === 'encoded' ? result.changes : [];
}

const base64 = (text: string) => Buffer.from(text, 'latin1').toString('base64');
const HEAD = 'From: ann@example.test\r\nMIME-Version: 1.0\r\n';

describe('a mail of one part', () => {
  test.each([
    { about: 'NUL', body: 'a\0b\r\n' },
    { about: 'a bare LF', body: 'a\nb\r\n' },
    { about: 'a bare CR', body: 'a\rb\r\n' },
    { about: 'a CR at the end', body: 'a\r' },
    { about: 'a line of 999 octets', body: `${'x'.repeat(999)}\r\n` },
  ])('that holds $about goes into base64, whatever its label', ({ body }) => {
    for (const label of ['', 'Content-Transfer-Encoding: 8bit\r\n', 'Content-Transfer-Encoding: binary\r\n']) {
      expect(encoded(`${HEAD}Content-Type: text/plain\r\n${label}\r\n${body}`)).toBe(
        `${HEAD}Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n${wrapped(body)}`,
      );
    }
  });

  test('that is called binary goes into base64, whatever it holds', () => {
    expect(encoded(`${HEAD}content-transfer-ENCODING: Binary\r\nX: y\r\n\r\nplain text\r\n`)).toBe(
      `${HEAD}content-transfer-ENCODING: base64\r\nX: y\r\n\r\n${wrapped('plain text\r\n')}`,
    );
  });

  test.each([
    { about: 'lines', text: `${HEAD}Subject: x\r\n\r\n\xfc\r\n${'x'.repeat(998)}\r\nno end` },
    { about: 'nothing', text: '' },
    { about: 'a header alone', text: HEAD },
    { about: 'base64 already', text: `${HEAD}Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n` },
  ])('of $about comes back as it is', ({ text }) => {
    const octets = mail(text);
    expect(encodeBinary(octets)).toEqual({ kind: 'encoded', octets, changes: [] });
  });

  test.each([
    { label: 'base64', body: 'YQBi\nYQ==\n', content: 'a\0ba' },
    { label: 'quoted-printable', body: '=00=\r\n=FC\n', content: '\0\xfc\n' },
  ])('in $label with line ends that are none is encoded anew, not twice', ({ label, body, content }) => {
    expect(encoded(`${HEAD}Content-Transfer-Encoding: ${label}\r\n\r\n${body}`)).toBe(
      `${HEAD}Content-Transfer-Encoding: base64\r\n\r\n${wrapped(content)}`,
    );
  });

  test('without MIME-Version gets one, for its encoding would mean nothing', () => {
    expect(encoded('Subject: x\r\n\r\na\0')).toBe(
      `Subject: x\r\nContent-Transfer-Encoding: base64\r\nMIME-Version: 1.0\r\n\r\n${base64('a\0')}\r\n`,
    );
    expect(encoded('\r\na\0')).toBe(
      `Content-Transfer-Encoding: base64\r\nMIME-Version: 1.0\r\n\r\n${base64('a\0')}\r\n`,
    );
  });

  test('that says its encoding twice says it once, as it is', () => {
    const fields = 'Content-Transfer-Encoding: binary\r\nContent-Transfer-Encoding: 7bit\r\n';
    expect(encoded(`${HEAD}${fields}\r\n\0`)).toBe(
      `${HEAD}Content-Transfer-Encoding: base64\r\n\r\n${base64('\0')}\r\n`,
    );
  });
});

/** Base64 in its lines. */
function wrapped(text: string): string {
  return base64(text).replaceAll(/.{1,76}/g, '$&\r\n');
}

const MIXED = `${HEAD}Content-Type: multipart/mixed; boundary=b\r\n`;

describe('a mail of several parts', () => {
  test('changes where it is binary, and nowhere else', () => {
    const text = (label: string, image: string, picture: string) =>
      `${MIXED}Content-Transfer-Encoding: ${label}\r\n\r\npreamble\r\n--b  \r\n` +
      `content-type:  TEXT/plain;\r\n\tcharset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9fe \r\n\r\n--b\r\n` +
      `Content-Type: image/png\r\nContent-Transfer-Encoding: ${image}\r\n\r\n${picture}` +
      '\r\n--b\r\n\r\nno header\r\n--b--\r\nepilogue';
    expect(encoded(text('binary', 'binary', '\x89PNG\r\n\x1a\n\0\r'))).toBe(
      text('8bit', 'base64', base64('\x89PNG\r\n\x1a\n\0\r')),
    );
  });

  test('is called 7bit where nothing beyond ASCII is left', () => {
    const inner = (label: string, body: string) => `Content-Transfer-Encoding: ${label}\r\n\r\n${body}`;
    const text = (label: string, one: string) =>
      `${MIXED}Content-Transfer-Encoding: ${label}\r\n\r\n--b\r\n${one}\r\n--b--\r\n`;
    expect(encoded(text('binary', inner('binary', '\xff\0')))).toBe(text('7bit', inner('base64', base64('\xff\0'))));
  });

  test('keeps a label that is not binary', () => {
    const text = (one: string) => `${MIXED}Content-Transfer-Encoding: 8bit\r\n\r\n--b\r\n${one}\r\n--b--\r\n`;
    expect(encoded(text('\r\n\0'))).toBe(text(`Content-Transfer-Encoding: base64\r\n\r\n${base64('\0')}`));
  });

  test('an empty part that is called binary is empty in base64', () => {
    const text = (label: string) => `${MIXED}\r\n--b\r\nContent-Transfer-Encoding: ${label}\r\n\r\n\r\n--b--\r\n`;
    expect(encoded(text('binary'))).toBe(text('base64'));
  });

  test('a mail inside is taken apart, however deep', () => {
    const text = (label: string, leaf: string, head: string) =>
      `${MIXED}Content-Transfer-Encoding: ${label}\r\n\r\n--b\r\n` +
      `Content-Type: message/rfc822\r\nContent-Transfer-Encoding: ${label}\r\n\r\n` +
      `Subject: inner\r\nContent-Transfer-Encoding: ${leaf}\r\n${head}\r\n`;
    expect(encoded(`${text('binary', 'binary', '')}a\nb\r\n--b--\r\n`)).toBe(
      `${text('7bit', 'base64', 'MIME-Version: 1.0\r\n')}${base64('a\nb')}\r\n--b--\r\n`,
    );
  });

  test('a last part that nothing closes ends with the mail', () => {
    expect(encoded(`${MIXED}\r\n--b\r\n\r\na\0`)).toBe(
      `${MIXED}\r\n--b\r\nContent-Transfer-Encoding: base64\r\n\r\n${base64('a\0')}\r\n`,
    );
  });
});

describe('impossible', () => {
  const part = (header: string, body: string) => `${MIXED}\r\n--b\r\n${header}\r\n${body}\r\n--b--\r\n`;
  test.each([
    { about: 'a NUL in the header', text: 'Subject: a\0b\r\n\r\nx\r\n', because: 'the header of the mail holds a NUL' },
    {
      about: 'a bare LF in the header',
      text: 'Subject: a\nTo: b\r\n\r\nx\r\n',
      because: 'the header of the mail holds a bare LF',
    },
    {
      about: 'a bare CR in the header',
      text: 'Subject: a\rb\r\n\r\n',
      because: 'the header of the mail holds a bare CR',
    },
    {
      about: 'the header of a part',
      text: part('X: a\0\r\n', 'x'),
      because: 'the header of part 1 holds a NUL',
    },
    {
      about: 'the header of a mail inside',
      text: part('Content-Type: message/rfc822\r\n', 'X: \0\r\n\r\n'),
      because: 'the header of part 1.1 holds a NUL',
    },
    {
      about: 'what stands before the first part',
      text: `${MIXED}\r\n\0\r\n--b\r\n\r\nx\r\n--b--\r\n`,
      because: 'what stands around the parts of the mail holds a NUL',
    },
    {
      about: 'what stands behind the last one',
      text: `${MIXED}\r\n--b\r\n\r\nx\r\n--b--\r\n\0`,
      because: 'what stands around the parts of the mail holds a NUL',
    },
    {
      about: 'ambiguity: a boundary line that only some readers see',
      text: `${MIXED}\r\n--b\r\n\r\nx\n--b\r\n\r\ny\r\n--b--\r\n`,
      because: 'what stands around the parts of the mail holds a bare LF',
    },
    {
      about: 'ambiguity: a header that does not end before a binary body',
      text: `${HEAD}this is no field\0\r\n`,
      because: 'the header of the mail does not end before its binary body',
    },
    {
      about: 'a multipart without a boundary',
      text: `${HEAD}Content-Type: multipart/mixed\r\n\r\n\0`,
      because: 'the mail is a multipart that cannot be taken apart, and binary',
    },
    {
      about: 'a piece of a mail (message/partial), which may not be encoded',
      text: part('Content-Type: message/partial; id=x; number=1\r\n', '\0'),
      because: 'part 1 is a message that cannot be taken apart, and binary',
    },
    {
      about: 'an encoding of their own',
      text: `${HEAD}Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin\n`,
      because: 'the mail is binary in an encoding that nobody knows',
    },
    {
      about: 'nesting without end',
      text: 'Content-Type: message/rfc822\r\n\r\n'.repeat(60),
      because: 'the parts are nested too deep',
    },
  ])('$about', ({ text, because }) => {
    expect(encodeBinary(mail(text))).toEqual({ kind: 'impossible', because });
  });

  test('a multipart without a boundary that is lines is only called otherwise', () => {
    const text = (label: string) =>
      `${HEAD}Content-Type: multipart/mixed\r\nContent-Transfer-Encoding: ${label}\r\n\r\nx\r\n`;
    expect(encoded(text('binary'))).toBe(text('7bit'));
  });
});

describe('changes', () => {
  const SIGNED = (protocol: string, signed: string) =>
    `${HEAD}Content-Type: multipart/signed; protocol="${protocol}"; boundary=s\r\n\r\n--s\r\n${signed}\r\n` +
    `--s\r\nContent-Type: ${protocol}\r\n\r\nsignature\r\n--s--\r\n`;

  test('name the parts', () => {
    const text = `${MIXED}Content-Transfer-Encoding: binary\r\n\r\n--b\r\n\r\n\0\r\n--b\r\n\r\n\n\r\n--b--\r\n`;
    expect(changes(text)).toEqual([
      { what: 'put into base64: part 1, part 2; no longer called binary: the mail', breaks: [] },
    ]);
  });

  test('name no more than twenty parts', () => {
    const text = `${MIXED}\r\n${'--b\r\n\r\n\0\r\n'.repeat(30)}--b--\r\n`;
    expect(changes(text)[0]?.what).toMatch(/^put into base64: part 1, .*, part 20 and 10 more$/);
  });

  test.each([
    { protocol: 'application/pgp-signature', breaks: ['OpenPGP (the whole mail)'] },
    { protocol: 'application/pkcs7-signature', breaks: ['S/MIME (the whole mail)'] },
    { protocol: 'application/x-unheard-of', breaks: ['multipart/signed (the whole mail)'] },
  ])('say that $protocol breaks over a part that was binary, and not over one that was not', ({ protocol, breaks }) => {
    expect(changes(SIGNED(protocol, '\r\n\0'))).toEqual([{ what: 'put into base64: part 1', breaks }]);
    expect(changes(SIGNED(protocol, '\r\nlines'))).toEqual([]);
  });

  test('say that something encrypted was entered', () => {
    const text = `${HEAD}Content-Type: multipart/encrypted; protocol="x/y"; boundary=s\r\n\r\n--s\r\n\r\nVersion: 1\r\n--s\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\r\n--s--\r\n`;
    expect(changes(text)).toEqual([
      { what: 'put into base64: part 2', breaks: ['multipart/encrypted (the whole mail)'] },
    ]);
  });

  test('say which DKIM signatures break', () => {
    const signature = 'DKIM-Signature: v=1; a=rsa-sha256; d=example.test; s=one; h=from; bh=AA==; b=AA==\r\n';
    expect(changes(`${signature}${HEAD}\r\n\0`)).toEqual([
      { what: 'put into base64: the mail', breaks: ['DKIM example.test (selector one)'] },
    ]);
  });
});

/** A part to be written, with the octets that it stands for. */
type Written =
  | { readonly kind: 'leaf'; readonly type: string; readonly label: string | null; readonly content: Buffer }
  | { readonly kind: 'multipart'; readonly label: string | null; readonly parts: readonly Written[] }
  | { readonly kind: 'message'; readonly label: string | null; readonly mail: Written };

const fragment = fc.oneof(
  fc.constantFrom('\0', '\r', '\n', '\r\n', 'a', '-', '--', '\xff', '.', '=', 'x'.repeat(997), '\r\n.\r\n', '--b'),
  fc.uint8Array({ maxLength: 5 }).map(octets => Buffer.from(octets).toString('latin1')),
);
const leaf = fc.record({
  kind: fc.constant('leaf' as const),
  type: fc.constantFrom('text/plain', 'image/png', 'application/octet-stream'),
  label: fc.constantFrom(null, '7bit', '8bit', 'binary', 'binary', 'base64'),
  content: fc.array(fragment, { maxLength: 6 }).map(parts => mail(parts.join(''))),
});
const label = fc.constantFrom(null, '8bit', 'binary');
const { written } = fc.letrec<{ written: Written }>(tie => ({
  written: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.record({
      kind: fc.constant('multipart' as const),
      label,
      parts: fc.array(tie('written'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('message' as const), label, mail: tie('written') }),
  ),
}));

/** The part with its header. Boundaries are by depth: no content holds one. */
function write(part: Written, depth = 0): string {
  const claim = part.label === null ? '' : `Content-Transfer-Encoding: ${part.label}\r\n`;
  switch (part.kind) {
    case 'leaf': {
      const body = part.label === 'base64' ? encodeTransfer(part.content, 'base64') : part.content;
      return `Content-Type: ${part.type}\r\n${claim}\r\n${body.toString('latin1')}`;
    }
    case 'multipart': {
      const boundary = `=_${depth}_`;
      const parts = part.parts.map(one => `--${boundary}\r\n${write(one, depth + 1)}\r\n`);
      return `Content-Type: multipart/mixed; boundary="${boundary}"\r\n${claim}\r\n${parts.join('')}--${boundary}--\r\n`;
    }
    case 'message':
      return `Content-Type: message/rfc822\r\n${claim}\r\n${write(part.mail, depth + 1)}`;
  }
}

/** The leaves in their order. */
function leaves(part: Written): readonly Buffer[] {
  if (part.kind === 'leaf') return [part.content];
  return part.kind === 'multipart' ? part.parts.flatMap(leaves) : leaves(part.mail);
}

function treeOf(octets: Buffer) {
  const tree = parseTree(octets);
  if (tree.kind !== 'tree') throw new Error(`too complex: ${tree.what}`);
  return tree.root;
}

const leafParts = (octets: Buffer) => [...walkParts(treeOf(octets))].filter(part => part.children.length === 0);

test('any mail: lines come out, every leaf is what it was, and what needed nothing is the same to the octet', () => {
  fc.assert(
    fc.property(written, root => {
      const before = mail(`MIME-Version: 1.0\r\n${write(root)}`);
      const result = encodeBinary(before);
      if (result.kind !== 'encoded') throw new Error(result.because);
      const { octets } = result;
      expect(strayIn(octets)).toBeNull();
      expect(octets.toString('latin1')).not.toMatch(/encoding: binary/i);
      const [were, are] = [leafParts(before), leafParts(octets)];
      expect(are.map(part => part.type)).toEqual(were.map(part => part.type));
      were.forEach((was, index) => {
        const is = are[index];
        if (is === undefined) throw new Error('a part is missing');
        expect(partContent(is)).toEqual(partContent(was));
        const longest = Math.max(
          ...was.body
            .toString('latin1')
            .split('\r\n')
            .map(line => line.length),
        );
        if (was.encoding !== 'binary' && strayIn(was.body) === null && longest <= 998)
          expect(is.body).toEqual(was.body);
        else expect(is.encoding).toBe('base64');
      });
      expect(encodeBinary(octets)).toEqual({ kind: 'encoded', octets, changes: [] });
    }),
    { numRuns: 300 },
  );
});

test('any octets: lines come out, or a reason', () => {
  const anything = fc
    .array(
      fc.oneof(
        fragment,
        fc.constantFrom(
          'Content-Type: multipart/mixed; boundary=b\r\n',
          '\r\n--b\r\n',
          '\r\n--b--',
          'Content-Transfer-Encoding: binary\r\n',
          'Content-Type: message/rfc822\r\n',
          '\r\n',
        ),
      ),
      { maxLength: 20 },
    )
    .map(parts => mail(parts.join('')));
  fc.assert(
    fc.property(anything, octets => {
      const result = encodeBinary(octets);
      if (result.kind === 'impossible') {
        expect(result.because).toMatch(/^[\x20-\x7e]+$/);
        return;
      }
      expect(strayIn(result.octets)).toBeNull();
      const spans = [...spansOf(treeOf(result.octets))];
      expect(spans.at(-1)?.end).toBe(result.octets.length);
    }),
    { numRuns: 2000 },
  );
});

test('a large part costs time and memory by its size', () => {
  const body = Buffer.alloc(16 * 1024 * 1024, 'binary\0\n');
  const octets = Buffer.concat([mail(`${MIXED}\r\n--b\r\n\r\n`), body, mail('\r\n--b--\r\n')]);
  const result = encodeBinary(octets);
  if (result.kind !== 'encoded') throw new Error(result.because);
  expect(partContent(leafParts(result.octets)[0] ?? treeOf(octets)).equals(body)).toBe(true);
  expect(result.octets.length).toBeLessThan(octets.length * 1.4);
});

describeWithPython("Python's parser", () => {
  test('reads the same leaves out of what was encoded', () => {
    for (const root of fc.sample(written, { numRuns: 30, seed: 7 })) {
      const result = encodeBinary(mail(`MIME-Version: 1.0\r\n${write(root)}`));
      if (result.kind !== 'encoded') throw new Error(result.because);
      const read = pythonReads(result.octets);
      expect(allParts(read).flatMap(part => part.defects)).toEqual([]);
      expect(allParts(read).flatMap(part => part.octets ?? [])).toEqual(leaves(root));
    }
  });
});

function allParts(part: PythonPart): readonly PythonPart[] {
  return [part, ...part.parts.flatMap(allParts)];
}
