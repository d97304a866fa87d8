/** Notices and footers in plain text. */

import { describe, expect, test } from 'vitest';
import { readLeafText, writeLeafText } from '../../../core/mime/leaf-text.ts';
import { readParagraphs, type TextFormat } from '../../../core/mime/text-format.ts';
import { insertText, type TextInsertion } from '../../../core/mime/text-insertion.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

const FIXED: TextFormat = { kind: 'fixed' };
const FLOWED: TextFormat = { kind: 'flowed', delSp: false };
const DELSP: TextFormat = { kind: 'flowed', delSp: true };

function inserted(text: string, insertion: Partial<TextInsertion>): string {
  const edit = insertText(text, { text: 'Foot', at: 'bottom', format: FIXED, signature: 'above', ...insertion });
  return edit === null ? text : text.slice(0, edit.start) + edit.text + text.slice(edit.end);
}

describe('a footer', () => {
  test.each([
    { name: 'stands below the text', text: 'Hi\r\n', want: 'Hi\r\nFoot\r\n' },
    { name: 'gets a line of its own where the last one has no end', text: 'Hi', want: 'Hi\r\nFoot' },
    { name: 'has the line ends of the text', text: 'Hi\n', want: 'Hi\nFoot\n' },
    { name: 'stands alone in an empty text', text: '', want: 'Foot\r\n' },
    { name: 'stands above the signature', text: 'Hi\r\n-- \r\nAnn\r\n', want: 'Hi\r\nFoot\r\n-- \r\nAnn\r\n' },
    { name: 'is not put in twice', text: 'Hi\r\nFoot\r\n', want: 'Hi\r\nFoot\r\n' },
    { name: 'is found above empty lines', text: 'Hi\r\nFoot  \r\n\r\n', want: 'Hi\r\nFoot  \r\n\r\n' },
    { name: 'is put in where it was only quoted', text: '> Foot\r\n', want: '> Foot\r\nFoot\r\n' },
    { name: 'is put in below an ordinary dash', text: '--\r\nAnn\r\n', want: '--\r\nAnn\r\nFoot\r\n' },
  ])('$name', ({ text, want }) => {
    expect(inserted(text, {})).toBe(want);
    expect(inserted(inserted(text, {}), {})).toBe(want);
  });

  test('stands below the signature where that is wanted', () => {
    const want = 'Hi\r\n-- \r\nAnn\r\nFoot\r\n';
    expect(inserted('Hi\r\n-- \r\nAnn\r\n', { signature: 'below' })).toBe(want);
  });

  test('of several lines keeps its empty ones', () => {
    expect(inserted('Hi\r\n', { text: '\n--\nA\n\nB\n' })).toBe('Hi\r\n\r\n--\r\nA\r\n\r\nB\r\n');
    expect(inserted('Hi\r\n\r\n--\r\nA\r\n\r\nB\r\n', { text: '\n--\nA\n\nB\n' })).toBe(
      'Hi\r\n\r\n--\r\nA\r\n\r\nB\r\n',
    );
  });
});

describe('a notice on top', () => {
  test.each([
    { text: 'Hi\r\n', want: 'Foot\r\nHi\r\n' },
    { text: '\ufeffHi', want: '\ufeffFoot\r\nHi' },
    { text: 'Foot\nHi\n', want: 'Foot\nHi\n' },
    { text: '> Foot\nHi\n', want: 'Foot\n> Foot\nHi\n' },
    { text: 'Hi\nFoot\n', want: 'Foot\nHi\nFoot\n' },
  ])('of $text', ({ text, want }) => {
    expect(inserted(text, { at: 'top' })).toBe(want);
  });
});

describe('in flowed text (RFC 3676)', () => {
  test.each([
    { name: 'does not become the end of the paragraph above', text: 'Hi \r\n', want: 'Hi \r\n\r\nFoot\r\n' },
    { name: 'nor where that has no line end', text: 'Hi ', want: 'Hi \r\n\r\nFoot' },
    { name: 'a quotation does not flow into it', text: '> Hi \r\n', want: '> Hi \r\nFoot\r\n' },
    { name: 'a signature separator does not flow', text: '-- \r\n', want: 'Foot\r\n-- \r\n' },
  ])('a footer $name', ({ text, want }) => {
    expect(inserted(text, { format: FLOWED })).toBe(want);
  });

  test('what looks like a quotation or like the separator of mbox is stuffed', () => {
    const want = 'Hi\r\n >a\r\n From b\r\n  c\r\n-- \r\nd\r\n';
    expect(inserted('Hi\r\n', { format: FLOWED, text: '>a \nFrom b\n c\n-- \nd  ' })).toBe(want);
    expect(inserted(want, { format: FLOWED, text: '>a \nFrom b\n c\n-- \nd  ', signature: 'below' })).toBe(want);
  });

  test.each([FLOWED, DELSP])('long paragraphs flow, delSp: $delSp', format => {
    const text = `${'word '.repeat(40)}end`;
    const written = inserted('', { format, text });
    expect(Math.max(...written.split('\r\n').map(line => line.length))).toBeLessThanOrEqual(78);
    expect(readParagraphs(written, format)).toEqual([{ depth: 0, text }]);
  });

  test('whatever is put in reads as it was, and once', () => {
    const pieces = ['>', ' ', 'From ', '-- ', '\r\n', '\n', 'word ', 'x'.repeat(80), ' a'];
    const formats = fc.constantFrom(FLOWED, DELSP);
    const lines = fc.array(fc.constantFrom(...pieces)).map(parts => parts.join(''));
    fc.assert(
      fc.property(lines, lines, formats, (text, footer, format) => {
        const once = inserted(text, { text: footer, format, signature: 'below' });
        expect(inserted(once, { text: footer, format, signature: 'below' })).toBe(once);
        expect(once.startsWith(text)).toBe(true);
        const shown = readParagraphs(once, format).map(each => `${'>'.repeat(each.depth)}${each.text}`);
        const wanted = footer.split(/\r\n|\n/).map(line => (line === '-- ' ? line : line.replace(/ +$/, '')));
        while (wanted.at(-1) === '') wanted.pop();
        while (shown.at(-1) === '') shown.pop();
        if (once !== text) expect(shown.slice(shown.length - wanted.length)).toEqual(wanted);
      }),
    );
  });
});

test('a footer of any text goes into any text, in time that is linear', () => {
  fc.assert(
    fc.property(anyText('\r', '\n', '-- ', ' ', 'Foot'), anyText('-- ', '\n', 'Foot'), (text, footer) => {
      const leaf = readLeafText(Buffer.from(text), 'utf-8');
      const edit = insertText(leaf.text, { text: footer, at: 'bottom', format: FIXED, signature: 'above' });
      if (edit !== null) writeLeafText(leaf, [edit], 'utf-8');
    }),
  );
  expect(inserted('-- '.repeat(500_000), {})).toHaveLength(1_500_006);
  expect(inserted(' '.repeat(1_000_000), { format: FLOWED })).toHaveLength(1_000_008);
  expect(inserted('\r'.repeat(1_000_000), {})).toHaveLength(1_000_006);
});
