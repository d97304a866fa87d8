/** Text in header fields: encoded words, read and written. */

import { describe, expect, test } from 'vitest';
import { decodeText, encodeText } from '../../../core/mime/encoded-word.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

describe('decoding', () => {
  test.each([
    { value: 'plain', want: 'plain' },
    { value: '=?utf-8?q?Gr=C3=BC=C3=9Fe_an?= alle', want: 'Grüße an alle' },
    { value: '=?ISO-8859-1?B?4Q==?=', want: 'á' },
    { value: '=?utf-8*de?q?=C3=BC?=', want: 'ü' },
    { value: '=?utf-8?q?a?= =?utf-8?q?b?=  =?iso-8859-1?q?c?= d', want: 'abc d' },
    { value: '=?utf-8?b?8J+S?= =?UTF-8?b?qQ==?=', want: '💩' },
    { value: '=?utf-8?q?a b?=', want: 'a b' },
    { value: 'x=?utf-8?q?y?=z', want: 'xyz' },
    { value: '=?no-such-charset?q?=41?=', want: '=?no-such-charset?q?=41?=' },
    { value: '=?utf-8?x?a?=', want: '=?utf-8?x?a?=' },
    { value: '=?utf-8?q?=4?=', want: '=4' },
    { value: '=?utf-8?q?=FF?=', want: '\ufffd' },
    { value: 'Gr\xc3\xbc\xc3\x9fe', want: 'Grüße' },
    { value: 'Gr\xfc\xdfe \x93x\x94', want: 'Grüße “x”' },
    { value: '=?utf-8?q?a=0D=0ABcc:_x=00?=', want: 'a  Bcc: x ' },
  ])('$value is shown as $want', ({ value, want }) => {
    expect(decodeText(value)).toBe(want);
  });

  test('fails for no text, and gives one line always', () => {
    const pieces = ['=?', '?=', '?', 'utf-8', 'q', 'B', '=', '=C3', '_', ' ', '\r\n ', '\xff', 'ü', '日'];
    fc.assert(
      fc.property(anyText(...pieces), text => {
        expect(decodeText(text)).not.toMatch(/[\r\n\0]/);
      }),
    );
  });

  test('of a megabyte of beginnings costs no quadratic time', () => {
    expect(decodeText('=?'.repeat(500_000))).toHaveLength(1_000_000);
    expect(decodeText('=?a?q?'.repeat(200_000))).toHaveLength(1_200_000);
  });
});

describe('encoding', () => {
  test.each([
    { text: 'plain  text', want: 'plain  text' },
    { text: 'Grüße', want: '=?UTF-8?B?R3LDvMOfZQ==?=' },
    { text: 'an-old-naïve-man reading', want: '=?UTF-8?Q?an-old-na=C3=AFve-man?= reading' },
    { text: 'ä ö x', want: '=?UTF-8?B?w6Qgw7Y=?= x' },
    { text: '=?UTF-8?Q?x?= ä', want: '=?UTF-8?Q?x?= =?UTF-8?B?IMOk?=' },
  ])('$text becomes $want', ({ text, want }) => {
    expect(encodeText(text)).toBe(want);
  });

  test('cuts long text between characters, in words of 75 characters at most', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 40 }), text => {
        if (!text.isWellFormed() || /[\r\n\0\ufffd]|=\?/.test(text)) return;
        const encoded = encodeText(text);
        expect(decodeText(encoded)).toBe(text);
        for (const word of encoded.match(/=\?UTF-8\?[^ ]*/g) ?? []) {
          expect(word.length).toBeLessThanOrEqual(75);
          expect(decodeText(word)).not.toContain('\ufffd');
        }
      }),
    );
  });
});
