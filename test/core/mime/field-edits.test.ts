/** Edits of single fields: folding, a tag in the subject, parameters. */

import { describe, expect, test } from 'vitest';
import { applyEditsTo, type Edit } from '../../../core/mime/edit.ts';
import { decodeText } from '../../../core/mime/encoded-word.ts';
import { foldField, unfoldField } from '../../../core/mime/field-folding.ts';
import { parseParameterized } from '../../../core/mime/field-parameters.ts';
import { type HeaderField, parseHeader } from '../../../core/mime/header.ts';
import { formatParameter, setParameter } from '../../../core/mime/parameter-edit.ts';
import { tagSubject } from '../../../core/mime/subject-tag.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

function fieldOf(raw: string): HeaderField {
  const [field] = parseHeader(Buffer.from(raw, 'latin1')).fields;
  if (field === undefined) throw new Error('no field');
  return field;
}

function edited(raw: string, edits: readonly (Edit | null)[]): string {
  return applyEditsTo(
    Buffer.from(raw, 'latin1'),
    edits.filter(edit => edit !== null),
  ).toString('latin1');
}

describe('folding', () => {
  const folded = (raw: string, width: number) => edited(raw, [foldField(fieldOf(raw), width)]);

  test.each([
    { raw: 'X: a b c\r\n', width: 78, want: 'X: a b c\r\n' },
    { raw: 'X: aaaa bbbb cccc\r\n', width: 10, want: 'X: aaaa\r\n bbbb cccc\r\n' },
    { raw: 'X: aaaa\r\n  bbbb\r\n\tcccc dddd', width: 9, want: 'X: aaaa\r\n  bbbb\r\n\tcccc\r\n dddd' },
    { raw: 'X: "aaaa bbbb" cccc\r\n', width: 10, want: 'X: "aaaa bbbb"\r\n cccc\r\n' },
    { raw: 'X: (aaaa (bbbb) cccc) dddd\r\n', width: 10, want: 'X: (aaaa (bbbb) cccc)\r\n dddd\r\n' },
    { raw: 'X: it"s aaaa bbbb\r\n', width: 10, want: 'X: it"s\r\n aaaa bbbb\r\n' },
    { raw: 'X: =?utf-8?q?aaaaaaaa?= b\r\n', width: 10, want: 'X: =?utf-8?q?aaaaaaaa?=\r\n b\r\n' },
    { raw: 'X: aaaaaaaa    \r\n', width: 10, want: 'X: aaaaaaaa    \r\n' },
  ])('$raw to $width', ({ raw, width, want }) => {
    expect(folded(raw, width)).toBe(want);
  });

  test('goes into a quoted string that is longer than any line may be', () => {
    const raw = `X: "${'a '.repeat(600)}"\r\n`;
    expect(
      Math.max(
        ...folded(raw, 78)
          .split('\r\n')
          .map(line => line.length),
      ),
    ).toBeLessThanOrEqual(78);
  });

  test('puts a word that is as long as a line on one of its own', () => {
    const raw = `X-Long: ${'a'.repeat(993)}\r\n`;
    expect(folded(raw, 78)).toBe(`X-Long:\r\n ${'a'.repeat(993)}\r\n`);
  });

  test('and unfolding change no value, and make no line that is blank', () => {
    const values = anyText('a', '"', '(', ')', '\\', ' ', '\t', '\r\n ', '=?utf-8?q?a?=', 'bbbbbbbb');
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 30 }), (value, width) => {
        const raw = `X: ${value.replaceAll(/[\r\n](?![ \t])|[^\x00-\xff]/g, '')}x\r\n`;
        const field = fieldOf(raw);
        if (field.raw.length !== raw.length) return;
        const after = folded(raw, width);
        expect(fieldOf(after).value).toBe(field.value);
        if (!/\n[ \t]*\r?(?:\n|$)/.test(raw.slice(0, -2)))
          expect(after.slice(0, -2)).not.toMatch(/\n[ \t]*\r?(?:\n|$)/);
        const unfolded = edited(raw, [unfoldField(field)]);
        expect(fieldOf(unfolded).value).toBe(field.value);
      }),
    );
  });

  test.each(['"', '(', '\\', ' ', '" ', 'a '])('a megabyte of %s costs no quadratic time', piece => {
    folded(`X: ${piece.repeat(1_000_000 / piece.length)}x\r\n`, 78);
  });
});

describe('a tag', () => {
  const tagged = (raw: string, behindReplyMarks = false, tag = '[EXT] ') =>
    edited(raw, tagSubject(parseHeader(Buffer.from(raw, 'latin1')), { tag, behindReplyMarks }));

  test.each([
    { raw: 'Subject: Hello\r\n', want: 'Subject: [EXT] Hello\r\n' },
    { raw: 'SUBJECT:Hello\r\n', want: 'SUBJECT: [EXT] Hello\r\n' },
    { raw: 'Subject:\r\n Hello\r\n  you\r\n', want: 'Subject: [EXT]\r\n Hello\r\n  you\r\n' },
    { raw: 'Subject: =?utf-8?q?=C3=BC?=\r\n', want: 'Subject: [EXT] =?utf-8?q?=C3=BC?=\r\n' },
    { raw: 'Subject: \r\n', want: 'Subject: [EXT] \r\n' },
    { raw: 'From: a\r\n\r\n', want: 'From: a\r\nSubject: [EXT]\r\n\r\n' },
    { raw: 'Subject: [EXT] Hello\r\n', want: 'Subject: [EXT] Hello\r\n' },
    {
      raw: 'Subject: [list] Re: =?utf-8?q?[EXT]_=C3=BC?=\r\n',
      want: 'Subject: [list] Re: =?utf-8?q?[EXT]_=C3=BC?=\r\n',
    },
    { raw: 'Subject: about [EXT] tags\r\n', want: 'Subject: [EXT] about [EXT] tags\r\n' },
    { raw: `Subject: ${'a'.repeat(66)}\r\n`, want: `Subject: [EXT]\r\n ${'a'.repeat(66)}\r\n` },
  ])('before $raw', ({ raw, want }) => {
    expect(tagged(raw)).toBe(want);
    expect(tagged(want)).toBe(want);
  });

  test.each([
    { raw: 'Subject: Re: Hello\r\n', want: 'Subject: Re: [EXT] Hello\r\n' },
    { raw: 'Subject: AW:\r\n Fwd: Re[2]:Hello\r\n', want: 'Subject: AW:\r\n Fwd: Re[2]: [EXT] Hello\r\n' },
    { raw: 'Subject: Rest: Hello\r\n', want: 'Subject: [EXT] Rest: Hello\r\n' },
    { raw: 'Subject: Re:\r\n', want: 'Subject: Re: [EXT]\r\n' },
  ])('behind the reply marks of $raw', ({ raw, want }) => {
    expect(tagged(raw, true)).toBe(want);
    expect(tagged(want, true)).toBe(want);
  });

  test('of other letters keeps its blank before an encoded word', () => {
    const want = 'Subject: =?UTF-8?B?W8OcXSA=?= =?utf-8?q?=C3=BC?=\r\n';
    expect(tagged('Subject: =?utf-8?q?=C3=BC?=\r\n', false, '[Ü]')).toBe(want);
    expect(decodeText(fieldOf(want).value)).toBe('[Ü] ü');
    expect(tagged(want, false, '[Ü]')).toBe(want);
  });

  test('stands before any subject, once, and the subject stays', () => {
    const subjects = anyText('Re:', ' ', '[EXT]', '=?utf-8?q?a?=', '\r\n ', 'a', '[', ']', 'x'.repeat(40));
    fc.assert(
      fc.property(subjects, fc.boolean(), (subject, behind) => {
        const raw = `Subject:${subject.replaceAll(/[\r\n](?![ \t])|[^\x00-\xff]/g, '')}x\r\n`;
        if (fieldOf(raw).raw.length !== raw.length) return;
        const after = tagged(raw, behind);
        expect(tagged(after, behind)).toBe(after);
        expect(after === raw || decodeText(fieldOf(after).value).includes('[EXT]')).toBe(true);
      }),
    );
  });
});

describe('a parameter', () => {
  test.each([
    { value: 'a.pdf', want: ['filename=a.pdf'] },
    { value: 'a b".pdf', want: [String.raw`filename="a b\".pdf"`] },
    { value: '', want: ['filename=""'] },
    { value: 'ü', want: ["filename*=utf-8''%C3%BC"] },
    { value: '=?utf-8?q?a?=', want: ["filename*=utf-8''%3D%3Futf-8%3Fq%3Fa%3F%3D"] },
    {
      value: 'ü'.repeat(20),
      want: [`filename*0*=utf-8''${'%C3%BC'.repeat(9)}`, `filename*1*=${'%C3%BC'.repeat(10)}`, 'filename*2*=%C3%BC'],
    },
  ])('is written: $value', ({ value, want }) => {
    expect(formatParameter('filename', value)).toEqual(want);
  });

  test('in another charset, or in UTF-8 where that lacks a character', () => {
    expect(formatParameter('filename', 'ü', 'ISO-8859-1')).toEqual(["filename*=ISO-8859-1''%FC"]);
    expect(formatParameter('filename', '日', 'iso-8859-1')).toEqual(["filename*=utf-8''%E6%97%A5"]);
    expect(formatParameter('filename', '日', 'x-none')).toEqual(["filename*=utf-8''%E6%97%A5"]);
  });

  test('ends no field: a line end in it is refused', () => {
    expect(() => formatParameter('filename', 'a\r\nBcc: b')).toThrow(TypeError);
    expect(() => formatParameter('a b', 'c')).toThrow(TypeError);
  });

  const set = (raw: string, value: string | null, name = 'filename') =>
    edited(raw, setParameter(fieldOf(raw), name, value));

  test.each([
    { raw: 'D: attachment; filename=a; size=1\r\n', value: 'b', want: 'D: attachment; filename=b; size=1\r\n' },
    {
      raw: 'D: attachment;\r\n\tFileName="a;b" ;\r\n\tsize=1\r\n',
      value: 'c d',
      want: 'D: attachment;\r\n\tfilename="c d";\r\n\tsize=1\r\n',
    },
    { raw: 'D: attachment\r\n', value: 'a', want: 'D: attachment; filename=a\r\n' },
    { raw: 'D: attachment;\r\n', value: 'a', want: 'D: attachment; filename=a;\r\n' },
    { raw: 'D: attachment; filename=a\r\n', value: 'a', want: 'D: attachment; filename=a\r\n' },
    { raw: 'D: attachment; filename=a; x=1\r\n', value: null, want: 'D: attachment; x=1\r\n' },
    { raw: 'D: attachment; x=1', value: null, want: 'D: attachment; x=1' },
    {
      raw: "D: a; filename=old.exe; filename*0*=iso-8859-1''o%FC; filename*1=.exe; filename*=utf-8''o; x=\"filename=y\"\r\n",
      value: 'né.txt',
      want: 'D: a; filename*=iso-8859-1\'\'n%E9.txt; x="filename=y"\r\n',
    },
    { raw: 'D: a (filename=x); filename="=?utf-8?q?a?="\r\n', value: 'b', want: 'D: a (filename=x); filename=b\r\n' },
    {
      raw: `D: attachment; x=${'y'.repeat(60)}\r\n`,
      value: 'long.pdf',
      want: `D: attachment; x=${'y'.repeat(60)};\r\n filename=long.pdf\r\n`,
    },
  ])('$raw', ({ raw, value, want }) => {
    expect(set(raw, value)).toBe(want);
  });

  test('is set where semicolons are missing, by writing the field anew', () => {
    const want = 'D: attachment;\r\n x="1";\r\n filename=c\r\n';
    expect(set('D: attachment filename=a b x=1\r\n', 'c')).toBe(want);
  });

  test('is what is read then, alone of its name, and all others are what they were', () => {
    const pieces = [
      'filename',
      'x',
      '=',
      '"',
      ';',
      ' ',
      '*',
      '0',
      '1*',
      "utf-8''",
      '%C3%BC',
      '(',
      ')',
      '\\',
      '\r\n ',
      'a.exe',
      '\xfc',
    ];
    const raws = fc
      .array(fc.constantFrom(...pieces), { maxLength: 25 })
      .map(parts => `D: attachment; ${parts.join('')}x\r\n`);
    const values = fc.constantFrom(null, 'a', 'b c', 'ü', 'x"y\\', '日'.repeat(30), 'a'.repeat(300), '=?utf-8?q?a?=');
    fc.assert(
      fc.property(raws, values, (raw, value) => {
        const before = parseParameterized(fieldOf(raw).value);
        const after = parseParameterized(fieldOf(set(raw, value)).value);
        const named = (of: typeof before) =>
          of.parameters.filter(({ name }) => name === 'filename').map(each => each.value);
        const others = (of: typeof before) => of.parameters.filter(({ name }) => name === 'x').map(each => each.value);
        expect(named(after)).toEqual(value === null ? [] : [value]);
        expect(others(after)).toEqual(others(before));
      }),
      { numRuns: 500 },
    );
  });
});
