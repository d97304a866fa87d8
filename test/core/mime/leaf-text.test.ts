/** Text of a leaf in its charset: read, edited, and written without a change elsewhere. */

import { describe, expect, test } from 'vitest';
import { readLeafText, writeLeafText } from '../../../core/mime/leaf-text.ts';
import * as fc from '../../support/fast-check.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const append = (octets: Buffer, charset: string | null, text: string) => {
  const leaf = readLeafText(octets, charset);
  return writeLeafText(leaf, [{ start: leaf.text.length, end: leaf.text.length, text }], 'question-mark');
};

describe('what is put in is written in the charset of the leaf', () => {
  test.each([
    { charset: 'utf-8', text: 'ü日💩', want: 'c3bc e697a5 f09f92a9' },
    { charset: 'ISO-8859-1', text: 'ü', want: 'fc' },
    { charset: 'iso-8859-15', text: '€', want: 'a4' },
    { charset: 'windows-1252', text: '€', want: '80' },
    { charset: 'koi8-r', text: 'Привет', want: 'f0d2c9d7c5d4' },
    { charset: 'windows-1251', text: 'Привет', want: 'cff0e8e2e5f2' },
    { charset: 'iso-8859-7', text: 'α', want: 'e1' },
    { charset: 'gb2312', text: '中文', want: 'd6d0 cec4' },
    { charset: 'gbk', text: '镕', want: 'e946' },
    { charset: 'gb18030', text: '💩', want: '9439 da33' },
    { charset: 'big5', text: '中文', want: 'a4a4 a4e5' },
    { charset: 'euc-jp', text: '日本ｱ', want: 'c6fc cbdc 8eb1' },
    { charset: 'shift_jis', text: '日本ｱ', want: '93fa 967b b1' },
    { charset: 'iso-2022-jp', text: 'a日本b', want: '61 1b2442 467c 4b5c 1b2842 62' },
    { charset: 'euc-kr', text: '한글', want: 'c7d1 b1db' },
    { charset: 'utf-16le', text: 'ü', want: 'fc00' },
  ])('$charset: $text', ({ charset, text, want }) => {
    expect(append(Buffer.alloc(0), charset, text)).toMatchObject({ octets: hex(want), lacking: '' });
  });

  test('and only what the label promises: windows-1252 is not what us-ascii and iso-8859-1 say', () => {
    expect(append(latin1('a'), 'us-ascii', 'ü')).toMatchObject({ octets: latin1('a?'), lacking: 'ü' });
    expect(append(latin1('a'), null, 'ü')).toMatchObject({ lacking: 'ü' });
    expect(append(latin1('a\x80'), 'iso-8859-1', '€')).toMatchObject({ octets: latin1('a\x80?'), lacking: '€' });
    expect(append(latin1('a'), 'euc-kr', '똠')).toMatchObject({ lacking: '똠' });
    expect(append(latin1('a'), 'iso-2022-jp', '①')).toMatchObject({ lacking: '①' });
    expect(append(latin1('a'), 'gbk', '💩')).toMatchObject({ lacking: '💩' });
  });
});

describe('what the charset lacks', () => {
  const leaf = readLeafText(latin1('Gr\xfc\xdfe'), 'iso-8859-1');
  const edits = [{ start: 5, end: 5, text: ' — 日日' }];

  test('makes the leaf UTF-8', () => {
    expect(writeLeafText(leaf, edits, 'utf-8')).toEqual({
      octets: Buffer.from('Grüße — 日日'),
      charset: 'utf-8',
      lacking: '—日',
    });
  });

  test('becomes a character reference', () => {
    const written = writeLeafText(leaf, edits, 'reference');
    expect(written).toMatchObject({ octets: latin1('Gr\xfc\xdfe &#8212; &#26085;&#26085;'), charset: 'iso-8859-1' });
  });

  test('leaves text alone that is UTF-8 without saying so, and has it say so', () => {
    const unlabelled = readLeafText(Buffer.from('Grüße'), null);
    expect(unlabelled.text).toBe('Grüße');
    expect(writeLeafText(unlabelled, [{ start: 5, end: 5, text: '!' }], 'utf-8')).toMatchObject({
      octets: Buffer.from('Grüße!'),
      charset: 'us-ascii',
    });
    expect(writeLeafText(unlabelled, [{ start: 5, end: 5, text: 'ü' }], 'utf-8')).toMatchObject({
      octets: Buffer.from('Grüßeü'),
      charset: 'utf-8',
    });
  });
});

describe('octets that no edit touches stay', () => {
  const replaced = (octets: Buffer, charset: string, from: string, to: string) => {
    const leaf = readLeafText(octets, charset);
    const start = leaf.text.indexOf(from);
    return writeLeafText(leaf, [{ start, end: start + from.length, text: to }], 'question-mark').octets;
  };

  test('broken UTF-8', () => {
    const octets = Buffer.concat([hex('ff c3'), Buffer.from('ü http 💩'), hex('f09f'), Buffer.from('ü')]);
    expect(readLeafText(octets, 'utf-8').text).toBe('\ufffd\ufffdü http 💩\ufffd\ufffdü');
    const want = Buffer.concat([hex('ff c3'), Buffer.from('ü hxxp 💩'), hex('f09f'), Buffer.from('ü')]);
    expect(replaced(octets, 'utf-8', 'http', 'hxxp')).toEqual(want);
  });

  test('pairs whose second octet looks like ASCII', () => {
    // 0x5C and 0x68 are the second octets: a backslash and an h to whoever does not know the charset.
    const octets = Buffer.concat([hex('955c 8368'), latin1('http'), hex('8368')]);
    expect(replaced(octets, 'shift_jis', 'http', 'x')).toEqual(hex('955c 8368 78 8368'));
  });

  test('a pair that is cut off swallows no ASCII', () => {
    for (const charset of ['gbk', 'gb18030', 'big5', 'euc-jp', 'shift_jis', 'euc-kr']) {
      const octets = Buffer.concat([hex('81'), latin1('<b>'), hex('81')]);
      expect(readLeafText(octets, charset).text).toMatch(/<b>.$/);
      expect(replaced(octets, charset, '<b>', '<i>')).toEqual(Buffer.concat([hex('81'), latin1('<i>'), hex('81')]));
    }
  });

  test('a shift of ISO-2022-JP holds behind an edit as before', () => {
    const octets = latin1('\x1b$BF|K\\F|\x1b(B.\r\n');
    expect(readLeafText(octets, 'iso-2022-jp').text).toBe('日本日.\r\n');
    expect(replaced(octets, 'iso-2022-jp', '本', 'x')).toEqual(latin1('\x1b$BF|\x1b(Bx\x1b$BF|\x1b(B.\r\n'));
    expect(replaced(octets, 'iso-2022-jp', '本', '')).toEqual(latin1('\x1b$BF|F|\x1b(B.\r\n'));
    expect(replaced(octets, 'iso-2022-jp', '日.', 'x')).toEqual(latin1('\x1b$BF|K\\\x1b(Bx\r\n'));
    expect(append(latin1('\x1b$BF|'), 'iso-2022-jp', 'x').octets).toEqual(latin1('\x1b$BF|\x1b(Bx\x1b$B'));
  });

  test('a charset that nobody knows', () => {
    const octets = latin1('\xe9 http \xe9');
    expect(readLeafText(octets, 'x-mine')).toMatchObject({ known: false, text: 'é http é' });
    expect(replaced(octets, 'x-mine', 'http', 'x')).toEqual(latin1('\xe9 x \xe9'));
  });

  const LABELS = ['utf-8', 'us-ascii', 'iso-8859-1', 'windows-1255', 'gb18030', 'gbk', 'big5', 'euc-jp', 'shift_jis'];
  const labels = fc.constantFrom(...LABELS, 'iso-2022-jp', 'euc-kr', 'utf-16le', 'koi8-u', 'x-none');
  const pieces = [
    '\x1b$B',
    '\x1b(B',
    '\x1b(J',
    '\x1b(I',
    '\x1b$(D',
    '\x1b',
    '\r\n',
    'F|',
    '\x81',
    '\x300',
    'ab',
    '\xc3\xbc',
  ];
  const octets = fc
    .array(
      fc.oneof(
        fc.constantFrom(...pieces),
        fc.nat(0xff).map(octet => String.fromCharCode(octet)),
      ),
    )
    .map(parts => latin1(parts.join('')));

  test('whatever octets, charset and edits', () => {
    fc.assert(
      fc.property(octets, labels, fc.array(fc.nat(60), { maxLength: 6 }), (octets, charset, places) => {
        const leaf = readLeafText(octets, charset);
        const cuts = places.filter(
          place => place <= leaf.text.length && !/^[\udc00-\udfff]/.test(leaf.text.slice(place)),
        );
        const ordered = cuts.toSorted((one, other) => one - other);
        const edits = ordered.map(place => ({
          start: place,
          end: place,
          text: charset === 'utf-16le' ? '\u4040' : '@@',
        }));
        const { octets: written } = writeLeafText(leaf, edits, 'question-mark');
        // What was put in stands behind known prefixes: taking it out again gives back what was there.
        const offsets = ordered.map(place => leaf.octetsBefore(place));
        let [at, rebuilt] = [0, Buffer.alloc(0)];
        for (const [index, offset] of offsets.entries()) {
          const from = index === 0 ? 0 : (offsets[index - 1] ?? 0);
          const kept = octets.subarray(from, offset);
          expect(written.subarray(at, at + kept.length)).toEqual(kept);
          rebuilt = Buffer.concat([rebuilt, kept]);
          at = written.indexOf(charset === 'utf-16le' ? hex('4040') : '@@', at + kept.length) + 2;
          const shift = leaf.shiftAt?.(offset) ?? '';
          expect(written.toString('latin1', at, at + shift.length)).toBe(shift);
          at += shift.length;
        }
        expect(Buffer.concat([rebuilt, written.subarray(at)])).toEqual(octets);
      }),
    );
  });

  test('what can be written is read back', () => {
    const letters = fc.stringMatching(/^[a-zäß€йαあ日本한글中文镕똠ｱ💩 ]*$/u);
    fc.assert(
      fc.property(labels, letters, (charset, text) => {
        const { octets, lacking } = append(Buffer.alloc(0), charset, text);
        const shown = text.replaceAll(/./gu, character => (lacking.includes(character) ? '?' : character));
        expect(readLeafText(octets, charset).text).toBe(shown);
      }),
    );
  });
});

test('an edit outside of the text is an error', () => {
  const leaf = readLeafText(latin1('ab'), null);
  expect(() => writeLeafText(leaf, [{ start: 1, end: 3, text: '' }], 'utf-8')).toThrow(RangeError);
});

test('a large text with many edits costs no quadratic time', () => {
  for (const charset of ['utf-8', 'iso-2022-jp', 'shift_jis']) {
    const { octets } = append(Buffer.alloc(0), charset, '日a'.repeat(100_000));
    const leaf = readLeafText(octets, charset);
    const edits = Array.from({ length: 100_000 }, (_, index) => ({ start: index * 2, end: index * 2, text: 'x' }));
    const { octets: written } = writeLeafText(leaf, edits, 'question-mark');
    expect(readLeafText(written, charset).text).toBe('x日a'.repeat(100_000));
  }
});
