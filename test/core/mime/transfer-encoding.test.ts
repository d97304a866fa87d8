/** Content-Transfer-Encoding, there and back. */

import { expect, test } from 'vitest';
import { decodeTransfer, encodeTransfer, partText } from '../../../core/mime/transfer-encoding.ts';
import { parseTree } from '../../../core/mime/tree.ts';
import * as fc from '../../support/fast-check.ts';

test.each([
  { encoding: 'quoted-printable', text: 'a=3Db=\r\nc =20 \t\r\nd=', want: 'a=bc  \r\nd=' },
  { encoding: 'quoted-printable', text: '=C3=bc=4=ZZ', want: '\xc3\xbc=4=ZZ' },
  { encoding: 'base64', text: 'aGVs\r\nbG8=\r\n', want: 'hello' },
  { encoding: 'base64', text: 'aGU=bGxv!', want: 'hello' },
  { encoding: 'base64', text: 'aGVsb', want: 'hel' },
  { encoding: '8bit', text: 'a=3D', want: 'a=3D' },
  { encoding: 'x-uuencode', text: 'begin 644 a', want: 'begin 644 a' },
])('$encoding of $text stands for $want', ({ encoding, text, want }) => {
  expect(decodeTransfer(Buffer.from(text, 'latin1'), encoding).toString('latin1')).toBe(want);
});

test('encoded octets come back, from short lines of ASCII', () => {
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 400, size: 'max' }),
    fc
      .array(fc.constantFrom('a', '=', ' ', '\t', '\r\n', '\r', '\n', 'ü', 'long '.repeat(20)))
      .map(all => Buffer.from(all.join(''))),
  );
  fc.assert(
    fc.property(octets, fc.constantFrom('base64' as const, 'quoted-printable' as const), (any, encoding) => {
      const encoded = encodeTransfer(Buffer.from(any), encoding);
      for (const line of encoded.toString('latin1').split('\r\n')) expect(line).toMatch(/^[\t\x20-\x7e]{0,76}$/);
      const cutInTwo = encoding === 'quoted-printable' && /=[0-9A-F]?=\r\n/.test(encoded.toString('latin1'));
      expect(cutInTwo).toBe(false);
      expect(decodeTransfer(encoded, encoding).equals(Buffer.from(any))).toBe(true);
    }),
  );
});

test('what needs no encoding stays the same octets', () => {
  const octets = Buffer.from('ü');
  expect(encodeTransfer(octets, '8bit')).toBe(octets);
  expect(encodeTransfer(octets, '7bit')).toBe(octets);
});

test.each([
  { header: 'text/plain; charset=iso-8859-1', body: '\xfc', want: 'ü' },
  { header: 'text/plain; charset=utf-8', body: '\xc3\xbc', want: 'ü' },
  { header: 'text/plain', body: '\xc3\xbc', want: 'ü' },
  { header: 'text/plain; charset=no-such', body: '\xfc', want: 'ü' },
  { header: 'text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64', body: 'w7w=', want: 'ü' },
])('a part that is $header has text', ({ header, body, want }) => {
  const read = parseTree(Buffer.from(`Content-Type: ${header}\r\n\r\n${body}`, 'latin1'));
  expect(read.kind === 'tree' && partText(read.root)).toBe(want);
});
