/** The part tree: what is a part, and that no octet is lost. */

import { describe, expect, test } from 'vitest';
import { type Part, spansOf, walkParts } from '../../../core/mime/part.ts';
import { parseTree } from '../../../core/mime/tree.ts';
import * as fc from '../../support/fast-check.ts';

const octetsOf = (text: string) => Buffer.from(text, 'latin1');

function rootOf(text: string | Buffer): Part {
  const read = parseTree(typeof text === 'string' ? octetsOf(text) : text);
  if (read.kind !== 'tree') throw new Error(`the mail is too complex: ${read.what}`);
  return read.root;
}

/** The tree in one line: `multipart/mixed(text/plain "a", text/html "b")`. */
function outline(part: Part): string {
  const name = `${part.type.type}/${part.type.subtype}`;
  if (part.children.length > 0) return `${name}(${part.children.map(outline).join(', ')})`;
  return `${name} ${JSON.stringify(part.body.toString('latin1'))}`;
}

const mixed = (...lines: string[]) => ['Content-Type: multipart/mixed; boundary=b', '', ...lines].join('\r\n');

describe('a tree', () => {
  test.each([
    { text: 'A: 1\r\n\r\nbody\r\n', want: 'text/plain "body\\r\\n"' },
    { text: '', want: 'text/plain ""' },
    { text: mixed('--b', '', 'x', '--b--', ''), want: 'multipart/mixed(text/plain "x")' },
    {
      text: mixed('pre', '--b', '', 'x', '', '--b', 'Content-Type: text/html', '', 'y', '--b--', 'epi'),
      want: 'multipart/mixed(text/plain "x\\r\\n", text/html "y")',
    },
    { text: mixed('--b', '', 'x', '--bb', 'y', '--b-- '), want: 'multipart/mixed(text/plain "x\\r\\n--bb\\r\\ny")' },
    {
      text: mixed('--b \t', '', 'x', '-b', ' --b', '--B', '--b-', '--b---', '--b--'),
      want: 'multipart/mixed(text/plain "x\\r\\n-b\\r\\n --b\\r\\n--B\\r\\n--b-\\r\\n--b---")',
    },
    {
      text: mixed('--b', '--b', '', '--b', 'Content-Type: text/html', '--b--'),
      want: 'multipart/mixed(text/plain "", text/plain "", text/html "")',
    },
    { text: mixed('--b', '', 'no end'), want: 'multipart/mixed(text/plain "no end")' },
    {
      text: mixed('--b--', '--b', '', 'in the epilogue'),
      want: 'multipart/mixed "--b--\\r\\n--b\\r\\n\\r\\nin the epilogue"',
    },
    { text: 'Content-Type: multipart/mixed\r\n\r\n--\r\n\r\nx', want: 'multipart/mixed "--\\r\\n\\r\\nx"' },
    { text: 'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b--\n', want: 'multipart/mixed(text/plain "x")' },
    { text: 'Content-Type: multipart/mixed; boundary=b\r\r--b\r\rx\r--b--\r', want: 'multipart/mixed ""' },
    {
      text: 'Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: x\r\n\r\ny\r\n--b--',
      want: 'multipart/digest(message/rfc822(text/plain "y"))',
    },
    {
      text: 'Content-Type: message/rfc822\r\n\r\nContent-Type: text/html\r\n\r\nx',
      want: 'message/rfc822(text/html "x")',
    },
    {
      text: 'Content-Type: message/rfc822\r\nContent-Transfer-Encoding: BASE64\r\n\r\nQQ==',
      want: 'message/rfc822 "QQ=="',
    },
    { text: 'Content-Type: nonsense\r\n\r\nx', want: 'text/plain "x"' },
    {
      text: 'Content-Type: multipart/mixed; boundary*0=b; boundary*1=c\r\n\r\n--bc\r\n\r\nx',
      want: 'multipart/mixed(text/plain "x")',
    },
    {
      text: 'Content-Type: multipart/mixed; boundary="b:c "\r\n\r\n--b:c\r\n--b:c\r\nA: 1\r\n--b:c--',
      want: 'multipart/mixed(text/plain "", text/plain "")',
    },
  ])('of $text is $want', ({ text, want }) => {
    expect(outline(rootOf(text))).toBe(want);
  });

  test('ends inner parts at an outer boundary', () => {
    const inner = 'Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nx';
    expect(outline(rootOf(mixed('--b', inner, '--b', '', 'y', '--c', 'z')))).toBe(
      'multipart/mixed(multipart/alternative(text/plain "x"), text/plain "y\\r\\n--c\\r\\nz")',
    );
  });

  test('lets the outer one of two equal boundaries count', () => {
    const inner = 'Content-Type: multipart/alternative; boundary=b\r\n\r\npreamble';
    expect(outline(rootOf(mixed('--b', inner, '--b', '', 'x', '--b--', 'epilogue')))).toBe(
      'multipart/mixed(multipart/alternative "preamble", text/plain "x")',
    );
  });

  test('names parts by their place', () => {
    const inner = 'Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c\r\n\r\ny\r\n--c--';
    const paths = [...walkParts(rootOf(mixed('--b', '', 'x', '--b', inner, '--b--')))].map(part => part.path);
    expect(paths).toEqual(['', '1', '2', '2.1', '2.2']);
  });

  test('keeps the lines that hold a multipart together', () => {
    const text = mixed('pre', '--b', '', 'x', '--b--', 'epi');
    const multipart = rootOf(text).multipart;
    const spans = [multipart?.preamble, ...(multipart?.delimiters ?? []), multipart?.close, multipart?.epilogue];
    expect(spans.map(span => text.slice(span?.start, span?.end))).toEqual([
      'pre',
      '\r\n--b\r\n',
      '\r\n--b--\r\n',
      'epi',
    ]);
  });

  test('keeps the file name of a Content-Type that names no type', () => {
    const names = (text: string) => rootOf(text).type.parameters.map(({ value }) => value);
    expect(names('Content-Type: ; name=evil.exe\r\n\r\n')).toEqual(['evil.exe']);
    expect(names('Content-Type: application-x-gzip; name=evil.gz\r\n\r\n')).toEqual(['evil.gz']);
  });

  test('reads encoding and disposition of a part', () => {
    const part = rootOf('Content-Transfer-Encoding: Base64 (x)\r\nContent-Disposition: ATTACHMENT; filename=a\r\n\r\n');
    expect(part.encoding).toBe('base64');
    expect(part.disposition?.kind).toBe('attachment');
    expect(rootOf('').encoding).toBe('7bit');
    expect(rootOf('').disposition).toBeNull();
  });
});

/** Multiparts in multiparts, some without their end, with lines that look like boundaries. */
const lookAlike = fc.constantFrom(
  '--',
  '--b',
  '--b0',
  '--b00',
  '--b0--',
  '--b1 ',
  '--b1--x',
  '-b0',
  'text',
  '',
  ' ',
  'A: b',
);
const generated = fc.letrec<{ part: string }>(tie => ({
  part: fc.oneof(
    { depthSize: 'medium' },
    fc.array(lookAlike).map(lines => `\r\n${lines.join('\r\n')}`),
    fc
      .tuple(
        fc.constantFrom('b', 'b0', 'b00', 'b1', 'c d'),
        fc.array(tie('part'), { maxLength: 4 }),
        fc.boolean(),
        lookAlike,
      )
      .map(([boundary, parts, closed, line]) =>
        [
          `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n${line}`,
          ...parts.map(part => `--${boundary}\r\n${part}`),
          ...(closed ? [`--${boundary}--`, line] : []),
        ].join('\r\n'),
      ),
    tie('part').map(part => `Content-Type: message/rfc822\r\n\r\n${part}`),
  ),
})).part;
const anyLines = fc
  .array(
    fc.constantFrom(
      '\r\n',
      '\n',
      '\r',
      '\0',
      '--b',
      '--b--',
      '--',
      'Content-Type: multipart/mixed; boundary=b',
      'Content-Type: message/rfc822',
      'x',
    ),
  )
  .map(pieces => pieces.join(''));
const anyMail = fc.oneof(
  fc.uint8Array({ maxLength: 300, size: 'max' }).map(octets => Buffer.from(octets)),
  generated.map(octetsOf),
  anyLines.map(octetsOf),
  anyLines.map(lines => octetsOf(`Content-Type: multipart/mixed; boundary=b\r\n\r\n${lines}`)),
);

describe('any octets', () => {
  test('are the spans of their tree, joined', () => {
    fc.assert(
      fc.property(anyMail, octets => {
        const spans = [...spansOf(rootOf(octets))];
        expect(Buffer.concat(spans.map(({ start, end }) => octets.subarray(start, end))).equals(octets)).toBe(true);
        for (const { start, end } of spans) expect(end).toBeGreaterThanOrEqual(start);
      }),
      { numRuns: 500 },
    );
  });

  test('have parts whose header and body are all of the part', () => {
    fc.assert(
      fc.property(anyMail, octets => {
        for (const part of walkParts(rootOf(octets))) {
          expect(part.start + part.header.bodyStart).toBe(part.bodyStart);
          expect(Buffer.concat([part.header.octets, part.body]).equals(part.octets)).toBe(true);
          for (const child of part.children) {
            expect(child.start).toBeGreaterThanOrEqual(part.bodyStart);
            expect(child.end).toBeLessThanOrEqual(part.end);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a mail made to hurt', () => {
  test('by depth gets a verdict', () => {
    const nested = Array.from(
      { length: 1000 },
      (_, level) => `Content-Type: multipart/mixed; boundary=b${level}\r\n\r\n--b${level}\r\n`,
    ).join('');
    expect(parseTree(octetsOf(nested))).toEqual({ kind: 'too-complex', what: 'depth', limit: 50 });
    expect(parseTree(octetsOf('Content-Type: message/rfc822\r\n\r\n'.repeat(100_000)))).toMatchObject({
      what: 'depth',
    });
  });

  test('by the number of its parts gets a verdict', () => {
    expect(parseTree(octetsOf(mixed('--b\r\n\r\n'.repeat(20_000))))).toEqual({
      kind: 'too-complex',
      what: 'parts',
      limit: 10_000,
    });
    expect(parseTree(octetsOf(mixed('--b\r\n\r\n'.repeat(9_999)))).kind).toBe('tree');
  });

  test('by the size of its headers gets a verdict', () => {
    expect(parseTree(octetsOf('A: 1\r\n'.repeat(1000)), { parts: 1, depth: 1, headers: 5999 })).toEqual({
      kind: 'too-complex',
      what: 'headers',
      limit: 5999,
    });
    expect(parseTree(octetsOf('A: 1\r\n'.repeat(1000)), { parts: 1, depth: 1, headers: 6000 }).kind).toBe('tree');
    expect(parseTree(octetsOf(mixed(`--b\r\n${'A: 1\r\n'.repeat(100_000)}`.repeat(10)))).kind).toBe('too-complex');
  });

  test('by boundaries that begin alike is read in one pass', () => {
    const open = Array.from(
      { length: 45 },
      (_, level) => `Content-Type: multipart/mixed; boundary=${'b'.repeat(level + 1)}\n\n--${'b'.repeat(level + 1)}\n`,
    ).join('');
    expect(rootOf(`${open}\n${`--${'b'.repeat(60)}\n`.repeat(100_000)}`).children).toHaveLength(1);
  });
});
