/** Bodies written anew: they stand for what is asked, and keep the lines that nobody has touched. */
import { expect, test } from 'vitest';
import { decodeTransfer, encodeTransfer } from '../../../core/index.ts';
import { bodyWith } from '../../../plugins/mime-rewrite/kept-lines.ts';
import * as fc from '../../support/fast-check.ts';

const quoted = fc
  .array(
    fc.constantFrom('a', '=41', '=\r\n', '=\n', '\r\n', '=0A', '=0D=0A', ' ', '=20', '=C3=BC', '=', '4', '=4= \n'),
    { maxLength: 20 },
  )
  .map(pieces => Buffer.from(pieces.join('')));
const base64 = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 12 })).map(([octets, width]) => {
  const text = Buffer.from(octets).toString('base64');
  return Buffer.from(text.replaceAll(new RegExp(`.{1,${width}}`, 'g'), '$&\r\n'));
});
const edit = fc.record({
  at: fc.nat(40),
  removed: fc.nat(10),
  put: fc.constantFrom('', 'x', '\r\n', 'a\r\nb', ' ', 'ü\r\n'),
});

test.each([
  { encoding: 'quoted-printable', bodies: quoted },
  { encoding: 'base64', bodies: base64 },
] as const)('in $encoding, whatever is edited', ({ encoding, bodies }) => {
  fc.assert(
    fc.property(bodies, edit, (body, { at, removed, put }) => {
      const was = decodeTransfer(body, encoding);
      const is = Buffer.concat([was.subarray(0, at), Buffer.from(put), was.subarray(at + removed)]);
      const written = bodyWith({ body, encoding, was, is });
      expect(decodeTransfer(written, encoding).toString('latin1')).toBe(is.toString('latin1'));
    }),
    { numRuns: 3000 },
  );
});

test('the lines before and behind an edit keep every octet', () => {
  const lines = ['=61ne', 'two=', ' three', '=66our', 'five', ''];
  const body = Buffer.from(lines.join('\r\n'));
  const was = decodeTransfer(body, 'quoted-printable');
  const is = Buffer.from(was.toString().replace('three', 'THREE'));
  const written = bodyWith({ body, encoding: 'quoted-printable', was, is }).toString();
  expect(written).toBe(['=61ne', 'two=', ' THREE', '=66our', 'five', ''].join('\r\n'));
});

test('in base64 the lines before an edit keep every octet', () => {
  const was = Buffer.from('a'.repeat(200));
  const body = Buffer.from(encodeTransfer(was, 'base64').toString().replaceAll('\r\n', '\n'));
  const written = bodyWith({ body, encoding: 'base64', was, is: Buffer.concat([was, Buffer.from('b')]) });
  expect(written.subarray(0, 77 * 3).equals(body.subarray(0, 77 * 3))).toBe(true);
});
