/** Content-Type and Content-Disposition: strict ones, and those that senders write. */

import { describe, expect, test } from 'vitest';
import { parseParameterized } from '../../../core/mime/field-parameters.ts';
import { parameter, parseDisposition, parseMediaType } from '../../../core/mime/media-type.ts';
import { anyText } from '../../support/any-text.ts';
import * as fc from '../../support/fast-check.ts';

const values = (text: string) => parseParameterized(text).parameters.map(({ name, value }) => [name, value]);

describe('a media type', () => {
  test('is read in lower case', () => {
    expect(parseMediaType('Text/PLAIN; Charset=UTF-8')).toMatchObject({ type: 'text', subtype: 'plain' });
    expect(parseMediaType('(a) text (b) / (c) plain (d)')).toMatchObject({ type: 'text', subtype: 'plain' });
  });

  test.each(['', 'text', 'text/', '/plain', ';charset=x', '='])('"%s" is none', text => {
    expect(parseMediaType(text)).toBeNull();
  });

  test('of a disposition is the first word', () => {
    expect(parseDisposition('ATTACHMENT; filename=a').kind).toBe('attachment');
    expect(parseDisposition('').kind).toBe('');
  });
});

describe('parameters', () => {
  test.each([
    {
      text: 'a; b=c; D="e f"',
      want: [
        ['b', 'c'],
        ['d', 'e f'],
      ],
    },
    { text: 'a; b="x;y=z"', want: [['b', 'x;y=z']] },
    { text: String.raw`a; b="\"\\x"`, want: [['b', String.raw`"\x`]] },
    { text: 'a; b="not closed', want: [['b', 'not closed']] },
    {
      text: 'a; b=c (comment; d=e); f=g',
      want: [
        ['b', 'c'],
        ['f', 'g'],
      ],
    },
    { text: 'a; filename=report (2).pdf', want: [['filename', 'report .pdf']] },
    { text: 'a; filename=report(2).pdf', want: [['filename', 'report(2).pdf']] },
    { text: 'a; filename=my holiday.jpg', want: [['filename', 'my holiday.jpg']] },
    {
      text: 'a; b=c d=e',
      want: [
        ['b', 'c'],
        ['d', 'e'],
      ],
    },
    { text: 'a b=c', want: [['b', 'c']] },
    {
      text: 'a; b="c" d="e"; f',
      want: [
        ['b', 'c'],
        ['d', 'e'],
      ],
    },
    { text: 'a; b=', want: [['b', '']] },
    { text: 'a; =b; ;;', want: [] },
    {
      text: 'a; b=1; b=2',
      want: [
        ['b', '1'],
        ['b', '2'],
      ],
    },
    { text: 'a; n==?utf-8?q?=C3=BC.exe?=', want: [['n', 'ü.exe']] },
    { text: 'a; n="\xc3\xbc.exe"', want: [['n', 'ü.exe']] },
  ])('of $text are $want', ({ text, want }) => {
    expect(values(text)).toEqual(want);
  });

  test.each([
    { text: "a; n*=utf-8''%c3%bc.exe", want: 'ü.exe' },
    { text: "a; n*=iso-8859-1'de'%fc.exe", want: 'ü.exe' },
    { text: 'a; n*0=abc; n*1=.exe', want: 'abc.exe' },
    { text: "a; n*1=%41; n*0*=utf-8''%c3; n*2*=%42", want: '\ufffd%41B' },
    { text: "a; n*0*=utf-8''%c3; n*1*=%bc", want: 'ü' },
    { text: 'a; n*0=x; n*2=z', want: 'x' },
    { text: 'a; n*=plain%41', want: 'plainA' },
    { text: "a; n*=no-such-charset''%c3%bc", want: 'ü' },
    { text: "a; n=one; n*0=two; n*=utf-8''three", want: 'three' },
    { text: 'a; n=one; n*0=two', want: 'two' },
    { text: 'a; n=one; n*1=two', want: 'one' },
  ])('in the forms of RFC 2231: $text has the name $want', ({ text, want }) => {
    expect(parameter(parseParameterized(text), 'n')).toBe(want);
  });

  test('in several forms are all listed, so that no name of a file is overlooked', () => {
    expect(values("a; n=one; n*0=two; n*=utf-8''three; n=four").map(([, value]) => value)).toEqual([
      'three',
      'two',
      'one',
      'four',
    ]);
  });

  test('keep their octets beside the text', () => {
    expect(parseParameterized('a; boundary="=?utf-8?q?x?=\xfc"').parameters[0]?.raw).toBe('=?utf-8?q?x?=\xfc');
    expect(parseParameterized("a; boundary*=utf-8''%fc").parameters[0]?.raw).toBe('\xfc');
  });

  test('are read from any text without failing', () => {
    const specials = [';', '=', '"', '(', ')', '\\', ' ', '*', "''", '%41', '=?utf-8?q?', '?=', '\xff'];
    fc.assert(
      fc.property(anyText(...specials, 'a', '0', '1'), text => {
        for (const { name, value } of parseParameterized(text).parameters) {
          expect(name).not.toBe('');
          expect(value).not.toMatch(/[\r\n\0]/);
        }
      }),
    );
  });

  test('of a megabyte cost no quadratic time', () => {
    for (const piece of ['(', '"', ' ', 'a=b ', '=', ';', '\\', 'a ', '"\\']) {
      expect(parseParameterized(`a; b=${piece.repeat(1_000_000 / piece.length)}`).value).toBe('a');
    }
  });
});
