/** Header edits: fields added, removed and replaced, and nothing else touched. */

import { describe, expect, test } from 'vitest';
import { applyEditsTo, type Edit } from '../../../core/mime/edit.ts';
import { decodeText } from '../../../core/mime/encoded-word.ts';
import { type HeaderBlock, parseHeader } from '../../../core/mime/header.ts';
import {
  appendField,
  endHeader,
  formatField,
  prependField,
  removeFields,
  replaceField,
  setField,
} from '../../../core/mime/header-edit.ts';
import * as fc from '../../support/fast-check.ts';

const edited = (text: string, edit: (header: HeaderBlock) => Edit | readonly Edit[]) => {
  const octets = Buffer.from(text, 'latin1');
  return applyEditsTo(octets, [edit(parseHeader(octets))].flat()).toString('latin1');
};

describe('an edit', () => {
  const mail = 'A: 1\r\nB: 2\r\na: 3\r\n\r\nbody';

  test('adds a field above or below all others', () => {
    expect(edited(mail, header => prependField(header, 'X', 'y'))).toBe(`X: y\r\n${mail}`);
    expect(edited(mail, header => appendField(header, 'X', 'y'))).toBe('A: 1\r\nB: 2\r\na: 3\r\nX: y\r\n\r\nbody');
  });

  test('removes all fields of a name', () => {
    expect(edited(mail, header => removeFields(header, 'A'))).toBe('B: 2\r\n\r\nbody');
    expect(edited(mail, header => removeFields(header, 'X'))).toBe(mail);
  });

  test('replaces one field and keeps its place and name', () => {
    expect(
      edited(mail, header =>
        header
          .named('a')
          .slice(1)
          .map(field => replaceField(field, '9')),
      ),
    ).toBe('A: 1\r\nB: 2\r\na: 9\r\n\r\nbody');
  });

  test('sets the only value of a name', () => {
    expect(edited(mail, header => setField(header, 'a', '9'))).toBe('A: 9\r\nB: 2\r\n\r\nbody');
    expect(edited(mail, header => setField(header, 'X', '9'))).toBe('A: 1\r\nB: 2\r\na: 3\r\nX: 9\r\n\r\nbody');
  });

  test.each([
    { text: '', want: 'X: y\r\n' },
    { text: '\r\nbody', want: 'X: y\r\n\r\nbody' },
    { text: 'A: 1', want: 'A: 1\r\nX: y' },
    { text: 'A: 1\r\nbody', want: 'A: 1\r\nX: y\r\nbody' },
    { text: 'body', want: 'X: y\r\n\r\nbody' },
    { text: ' body', want: 'X: y\r\n\r\n body' },
    { text: 'From ann Mon Nov 23 09:30:00 2026\n', want: 'From ann Mon Nov 23 09:30:00 2026\nX: y\r\n' },
  ])('adds a field even to $text', ({ text, want }) => {
    expect(edited(text, header => appendField(header, 'X', 'y'))).toBe(want);
  });

  test.each([
    { text: 'A: 1\r\nbody', want: 'A: 1\r\n\r\nbody' },
    { text: ' body', want: '\r\n body' },
    { text: 'A: 1\r\n\r\nbody', want: null },
    { text: 'A: 1\r\n', want: null },
  ])('puts the empty line where $text lacks it', ({ text, want }) => {
    const header = parseHeader(Buffer.from(text));
    const edit = endHeader(header);
    expect(edit === null ? null : applyEditsTo(Buffer.from(text), [edit]).toString()).toBe(want);
  });

  test('keeps a first body line that starts with a blank out of the field above it', () => {
    expect(edited(' body', header => prependField(header, 'X', 'y'))).toBe('X: y\r\n\r\n body');
  });

  const line = fc.constantFrom('\r\n', '\n', 'A: 1\r\n', 'X:\n', ' folded\r\n', 'From x\n', 'junk\r\n', 'C : \r', '\0');
  const anyMail = fc.array(line).map(lines => Buffer.from(lines.join(''), 'latin1'));
  const fieldsOf = (header: HeaderBlock) =>
    header.fields.filter(field => field.name !== 'New').map(field => [field.name, field.value]);

  test('of any octets leaves all fields and the body as they were', () => {
    fc.assert(
      fc.property(anyMail, fc.constantFrom(prependField, appendField), (octets, add) => {
        const before = parseHeader(octets);
        const result = applyEditsTo(octets, [add(before, 'New', 'value')]);
        const after = parseHeader(result);
        expect(after.values('new')).toEqual(['value']);
        expect(fieldsOf(after)).toEqual(fieldsOf(before));
        expect(result.subarray(after.bodyStart).equals(octets.subarray(before.bodyStart))).toBe(true);
      }),
    );
  });

  test('may be made together with others of the same header', () => {
    fc.assert(
      fc.property(anyMail, octets => {
        const before = parseHeader(octets);
        if (before.fields.length === 0 && before.end === 'no-empty-line') return;
        const edits = [
          appendField(before, 'New', 'three'),
          ...removeFields(before, 'A'),
          prependField(before, 'New', 'one'),
          appendField(before, 'New', 'four'),
        ];
        const result = applyEditsTo(octets, edits);
        const after = parseHeader(result);
        expect(after.values('new').toSorted()).toEqual(['four', 'one', 'three']);
        expect(fieldsOf(after)).toEqual(fieldsOf(before).filter(([name]) => name !== 'A'));
        expect(result.subarray(after.bodyStart).equals(octets.subarray(before.bodyStart))).toBe(true);
      }),
    );
  });
});

describe('a field', () => {
  test('is one line where it fits', () => {
    expect(formatField('Subject', '  hello \t').toString()).toBe('Subject: hello\r\n');
    expect(formatField('Subject', '').toString()).toBe('Subject: \r\n');
  });

  test('is folded before blanks at 78 characters', () => {
    const value = `${'a'.repeat(60)} ${'b'.repeat(20)}\t${'c'.repeat(60)}`;
    expect(formatField('X-Long', value).toString()).toBe(
      `X-Long: ${'a'.repeat(60)}\r\n ${'b'.repeat(20)}\r\n\t${'c'.repeat(60)}\r\n`,
    );
  });

  test('has encoded words for what is not ASCII, and only for that', () => {
    expect(formatField('Subject', 'Grüße an alle').toString()).toBe('Subject: =?UTF-8?B?R3LDvMOfZQ==?= an alle\r\n');
    expect(formatField('Subject', '日本語').toString()).toBe('Subject: =?UTF-8?B?5pel5pys6Kqe?=\r\n');
    expect(formatField('Subject', '=?UTF-8?Q?=C3=BC?= x').toString()).toBe('Subject: =?UTF-8?Q?=C3=BC?= x\r\n');
  });

  test('header injection through a value is refused', () => {
    for (const value of ['a\r\nBcc: x', 'a\nb', 'a\rb', 'a\0b', '\r\n']) {
      expect(() => formatField('X', value)).toThrow(TypeError);
    }
  });

  test('header injection through a name is refused', () => {
    for (const name of ['', 'A B', 'A:', 'A\r\nB', 'Ä', 'a'.repeat(78)]) {
      expect(() => formatField(name, 'x')).toThrow(TypeError);
    }
  });

  const anyValue = fc
    .oneof(
      fc.string({ unit: 'grapheme' }),
      fc
        .array(fc.constantFrom(' ', '  ', '\t', 'word', 'ü', '日本', '\u{1f4e8}', 'x'.repeat(100), '\u0007'))
        .map(words => words.join('')),
      fc.integer({ min: 900, max: 2000 }).map(length => 'y'.repeat(length)),
      fc.integer({ min: 50, max: 2000 }).map(length => `a${' '.repeat(length)}b`),
    )
    .filter(text => text.isWellFormed() && !/[\r\n\0]|=\?/.test(text));

  test('gives back the text that went in, on short lines of ASCII', () => {
    fc.assert(
      fc.property(anyValue, value => {
        const octets = formatField('X-Any', value);
        const header = parseHeader(octets);
        expect(header.fields).toHaveLength(1);
        expect(decodeText(header.first('x-any') ?? '')).toBe(value.replace(/^[ \t]+|[ \t]+$/g, ''));
        const lines = octets.toString('latin1').split('\r\n');
        expect(lines.pop()).toBe('');
        for (const text of lines) {
          expect(text).toMatch(/^[\t\x20-\x7e]{0,998}$/);
          expect(text.trim()).not.toBe('');
          if (text.includes('=?UTF-8?')) expect(text.length).toBeLessThanOrEqual(78);
        }
      }),
    );
  });
});
