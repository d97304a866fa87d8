/** The outline of a mail, read from a stream: the tree that its octets have, wherever they were cut. */
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { type PartOutline, spansOf } from '../../../core/mime/part.ts';
import { parseTree, type ReadOutline, readOutline, TREE_LIMITS } from '../../../core/mime/tree.ts';
import * as fc from '../../support/fast-check.ts';
import { inPieces } from '../../support/in-pieces.ts';

const octetsOf = (text: string) => Buffer.from(text, 'latin1');

/** All that an outline says. */
function said(part: PartOutline): unknown {
  const { path, start, bodyStart, end, type, encoding, disposition, multipart, children, header } = part;
  const head = { octets: header.octets.toString('latin1'), end: header.end, fields: header.fields.length };
  return { path, start, bodyStart, end, type, encoding, disposition, multipart, head, children: children.map(said) };
}

function tree(read: ReadOutline): unknown {
  return read.kind === 'tree' ? { ...(said(read.root) as object), spans: [...spansOf(read.root)] } : read;
}

const line = fc.constantFrom(
  '--b',
  '--b--',
  '--b ',
  '--c',
  '--c--',
  '--',
  '-',
  '',
  'x',
  ' folded',
  'From nobody',
  'no field',
  `--b${' '.repeat(1000)}`,
  'Content-Type: multipart/mixed; boundary=b',
  'Content-Type: multipart/digest;\n boundary=c',
  'Content-Type: message/rfc822',
  'Content-Transfer-Encoding: base64',
);
const end = fc.constantFrom('\r\n', '\n', '\r', '\r\r\n');
const anyMail = fc
  .array(fc.tuple(line, end), { maxLength: 30 })
  .map(lines => octetsOf(lines.map(([text, end]) => text + end).join('')));

describe('an outline', () => {
  test('is the tree of the octets, in whatever pieces they come', async () => {
    await fc.assert(
      fc.asyncProperty(anyMail, fc.integer({ min: 1, max: 40 }), async (octets, size) => {
        expect(tree(await readOutline(inPieces(octets, size)))).toEqual(tree(parseTree(octets)));
      }),
      { numRuns: 1000 },
    );
  });

  test('is the same verdict on what is too much, in whatever pieces it comes', async () => {
    const limits = { parts: 4, depth: 3, headers: 60 };
    await fc.assert(
      fc.asyncProperty(anyMail, fc.integer({ min: 1, max: 40 }), async (octets, size) => {
        expect(tree(await readOutline(inPieces(octets, size), limits))).toEqual(tree(parseTree(octets, limits)));
      }),
      { numRuns: 1000 },
    );
  });

  test('of a header that a limit cuts in the middle of a line is too much', async () => {
    const mail = octetsOf(`${'A: 1\r\n'.repeat(1000)}Subject: x\r\n\r\nbody`);
    const want = { kind: 'too-complex', what: 'headers', limit: 6005 };
    expect(parseTree(mail, { ...TREE_LIMITS, headers: 6005 })).toEqual(want);
    expect(await readOutline(inPieces(mail, 100), { ...TREE_LIMITS, headers: 6005 })).toEqual(want);
  });

  test('of a header that never ends stops reading', async () => {
    let asked = 0;
    const endless = {
      ...contentOf(''),
      async *stream() {
        for (; ; asked += 1) yield Buffer.alloc(65_536, 'x');
      },
    };
    expect(await readOutline(endless)).toMatchObject({ kind: 'too-complex', what: 'headers' });
    expect(asked).toBeLessThan(100);
  });
});
