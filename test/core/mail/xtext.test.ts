/** xtext and the encodings of internationalised addresses. */

import { expect, test } from 'vitest';
import {
  decodeAsciiXtext,
  decodeUtf8Address,
  decodeXtext,
  encodeUtf8Address,
  encodeXtext,
} from '../../../core/mail/xtext.ts';
import * as fc from '../../support/fast-check.ts';

const printable = fc
  .string({ unit: 'grapheme' })
  .filter(text => !/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text) && text.isWellFormed());

test('xtext writes what is not plain as hexadecimal octets', () => {
  expect(encodeXtext('ann+tag=1@example.test')).toBe('ann+2Btag+3D1@example.test');
  expect(encodeXtext('a b')).toBe('a+20b');
  expect(encodeXtext('ü')).toBe('+C3+BC');
});

test('any printable text survives xtext', () => {
  fc.assert(
    fc.property(printable, text => {
      expect(encodeXtext(text)).toMatch(/^[\x21-\x7e]*$/);
      expect(decodeXtext(encodeXtext(text))).toBe(text);
    }),
  );
});

test.each(['a b', 'a=b', 'a+', 'a+2', 'a+GG', 'ü', '+FF'])('%s is malformed xtext', xtext => {
  expect(decodeXtext(xtext)).toBeNull();
});

test('injection of a line end through xtext is refused', () => {
  for (const xtext of ['a+0D+0AX:1', 'a+0A', 'a+00', '+C2+85']) expect(decodeXtext(xtext)).toBeNull();
});

test('xtext that must be ASCII in the end is refused where it is not (RFC 3461 section 4.4)', () => {
  expect(decodeAsciiXtext('a+2Bb+20c')).toBe('a+b c');
  for (const xtext of ['+C3+BC', 'a+', '+7F', '+0A']) expect(decodeAsciiXtext(xtext)).toBeNull();
});

test('any printable address survives utf-8-addr-xtext', () => {
  expect(encodeUtf8Address('änn+x@example.test')).toBe(String.raw`\x{E4}nn\x{2B}x@example.test`);
  fc.assert(
    fc.property(printable, text => {
      expect(encodeUtf8Address(text)).toMatch(/^[\x21-\x7e]*$/);
      expect(decodeUtf8Address(encodeUtf8Address(text))).toBe(text);
    }),
  );
});

test('utf-8-addr-unitext may be written as it is', () => {
  expect(decodeUtf8Address(String.raw`änn\x{5C}@example.test`)).toBe(String.raw`änn\@example.test`);
});

test.each([
  String.raw`\x{}`,
  String.raw`\x{D}`,
  String.raw`\x{0A}`,
  String.raw`\x{D800}`,
  String.raw`\x{110000}`,
  'a b',
  '\\',
  'a+b',
])('%s is no encoded address', text => {
  expect(decodeUtf8Address(text)).toBeNull();
});
