/** Header blocks: where fields stand, where the header ends, and that no octet is lost. */

import { describe, expect, test } from 'vitest';
import { type Content, contentOf } from '../../../core/mail/content.ts';
import { parseHeader, readHeader } from '../../../core/mime/header.ts';
import * as fc from '../../support/fast-check.ts';

function inPieces(octets: Buffer, size: number): Content {
  return {
    ...contentOf(octets),
    async *stream() {
      for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
    },
  };
}

const parse = (text: string) => parseHeader(Buffer.from(text, 'latin1'));
const pairs = (text: string) => parse(text).fields.map(({ name, value }) => [name, value]);

describe('a header', () => {
  test('holds its fields in order, with names as written and values unfolded', () => {
    expect(pairs('Received: a\r\n\tb\r\nSUBJECT:  x \r\n y\r\nEmpty:\r\n\r\nbody')).toEqual([
      ['Received', 'a\tb'],
      ['SUBJECT', 'x  y'],
      ['Empty', ''],
    ]);
  });

  test('is looked up without regard to case', () => {
    const header = parse('To: a\r\nto: b\r\n\r\n');
    expect(header.values('TO')).toEqual(['a', 'b']);
    expect(header.first('tO')).toBe('a');
    expect(header.first('from')).toBeNull();
  });

  const ends = [
    { text: 'A: 1\r\n\r\nbody', fieldsEnd: 6, bodyStart: 8, end: 'empty-line' },
    { text: 'A: 1\n\nbody', fieldsEnd: 5, bodyStart: 6, end: 'empty-line' },
    { text: '\r\nbody', fieldsEnd: 0, bodyStart: 2, end: 'empty-line' },
    { text: 'A: 1\r\nno field here\r\nB: 2\r\n\r\n', fieldsEnd: 6, bodyStart: 6, end: 'no-empty-line' },
    { text: ' starts with a blank', fieldsEnd: 0, bodyStart: 0, end: 'no-empty-line' },
    { text: 'A: 1\r\n: no name\r\n', fieldsEnd: 6, bodyStart: 6, end: 'no-empty-line' },
    { text: 'A: 1\r\nN\xe4me: 2\r\n', fieldsEnd: 6, bodyStart: 6, end: 'no-empty-line' },
    { text: 'A: 1\r\n\r', fieldsEnd: 6, bodyStart: 6, end: 'no-empty-line' },
    { text: 'A: 1\r\n', fieldsEnd: 6, bodyStart: 6, end: 'end-of-content' },
    { text: 'A: 1', fieldsEnd: 4, bodyStart: 4, end: 'end-of-content' },
    { text: '', fieldsEnd: 0, bodyStart: 0, end: 'end-of-content' },
    { text: 'A: 1\rB: 2\r\rbody', fieldsEnd: 15, bodyStart: 15, end: 'end-of-content' },
  ];
  test.each(ends)('$text ends at $bodyStart ($end)', ({ text, ...want }) => {
    expect(parse(text)).toMatchObject(want);
  });

  test('goes on after a line of blanks, which is a folded line', () => {
    expect(parse('A: 1\r\n \r\nB: 2\r\n\r\n').fields).toHaveLength(2);
  });

  test('may have blanks before the colon, as old software writes', () => {
    expect(pairs('Subject \t: x\r\n\r\n')).toEqual([['Subject', 'x']]);
  });

  test('keeps an mbox line before the fields and counts it as none', () => {
    const header = parse('From ann Mon Nov 23 09:30:00 2026\nA: 1\n\n');
    expect(header.fields.map(field => field.name)).toEqual(['A']);
    expect(header.fieldsStart).toBe(34);
  });

  test('gives values one character an octet, whatever the octets are', () => {
    expect(pairs('A: \xc3\xa0\xa0\0\xff\r\n\r\n')).toEqual([['A', '\xc3\xa0\xa0\0\xff']]);
  });

  test('of a megabyte of blanks costs no quadratic time', () => {
    expect(pairs(`A: ${' '.repeat(1_000_000)}x${' \r\n'.repeat(300_000)}`)).toEqual([['A', 'x']]);
  });
});

const line = fc.oneof(
  fc.constantFrom('\r\n', '\n', 'A: 1\r\n', 'b:\n', ' folded\r\n', '\t\n', 'From x\n', 'junk\r\n', 'C : \r', '\0'),
  fc.string({ maxLength: 8 }),
);
const anyOctets = fc
  .oneof(
    fc.uint8Array({ maxLength: 200, size: 'max' }),
    fc.array(line).map(lines => Buffer.from(lines.join(''), 'latin1')),
  )
  .map(octets => Buffer.from(octets));

describe('any octets', () => {
  test('are the spans of their header and the body, joined', () => {
    fc.assert(
      fc.property(anyOctets, octets => {
        const header = parseHeader(octets);
        const joined = Buffer.concat([
          octets.subarray(0, header.fieldsStart),
          ...header.fields.map(field => field.raw),
          octets.subarray(header.fieldsEnd, header.bodyStart),
          octets.subarray(header.bodyStart),
        ]);
        expect(joined.equals(octets)).toBe(true);
        expect(header.octets.equals(octets.subarray(0, header.bodyStart))).toBe(true);
        for (const { value } of header.fields) expect(value).not.toContain('\n');
      }),
    );
  });

  test('have the same header in whatever pieces they arrive', async () => {
    await fc.assert(
      fc.asyncProperty(anyOctets, fc.constantFrom(1, 2, 7, 64), async (octets, size) => {
        expect(await readHeader(inPieces(octets, size))).toEqual({ kind: 'header', block: parseHeader(octets) });
      }),
    );
  });
});

describe('reading a header', () => {
  test('leaves a large body unread', async () => {
    let read = 0;
    const content: Content = {
      ...contentOf(''),
      async *stream() {
        yield Buffer.from('A: 1\r\n\r\n');
        for (;;) {
          read += 1;
          yield Buffer.alloc(1024, 'x');
        }
      },
    };
    expect(await readHeader(content)).toMatchObject({ kind: 'header', block: { bodyStart: 8 } });
    expect(read).toBe(0);
  });

  test('gives up on an endless header at its limit', async () => {
    let read = 0;
    const content: Content = {
      ...contentOf(''),
      async *stream() {
        for (;;) {
          read += 1;
          yield Buffer.from(`A: ${'x'.repeat(1019)}\r\n`);
        }
      },
    };
    expect(await readHeader(content, 10_000)).toEqual({ kind: 'too-large', limit: 10_000 });
    expect(read).toBeLessThanOrEqual(10);
  });

  test('counts the header alone against the limit', async () => {
    const text = 'A: 1\r\n\r\n';
    expect((await readHeader(contentOf(text + 'x'.repeat(100)), text.length)).kind).toBe('header');
    expect((await readHeader(contentOf(text + 'x'.repeat(100)), text.length - 1)).kind).toBe('too-large');
  });
});
