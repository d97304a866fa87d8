/** Edits: what they change, and that they change nothing else. */

import { expect, test } from 'vitest';
import { type Content, contentOf } from '../../../core/mail/content.ts';
import { applyEdits, applyEditsTo, type Edit } from '../../../core/mime/edit.ts';
import * as fc from '../../support/fast-check.ts';

const edit = (start: number, end: number, text: string): Edit => ({ start, end, replacement: Buffer.from(text) });

async function streamed(content: Content): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of content.stream()) pieces.push(piece);
  return Buffer.concat(pieces).toString('latin1');
}

test.each([
  { edits: [], want: 'abcdef' },
  { edits: [edit(0, 0, 'X')], want: 'Xabcdef' },
  { edits: [edit(6, 6, 'X')], want: 'abcdefX' },
  { edits: [edit(0, 6, '')], want: '' },
  { edits: [edit(4, 6, 'Y'), edit(1, 2, 'X')], want: 'aXcdY' },
  { edits: [edit(2, 2, 'X'), edit(2, 2, 'Y'), edit(2, 4, 'Z')], want: 'abXYZef' },
  { edits: [edit(0, 2, 'X'), edit(2, 4, 'Y')], want: 'XYef' },
])('abcdef becomes $want', async ({ edits, want }) => {
  const content = applyEdits(contentOf('abcdef'), edits);
  expect((await content.bytes()).toString()).toBe(want);
  expect(await streamed(content)).toBe(want);
  expect(content.size).toBe(want.length);
});

test.each([
  { edits: [edit(0, 3, ''), edit(2, 4, '')] },
  { edits: [edit(0, 3, ''), edit(1, 1, 'x')] },
  { edits: [edit(3, 2, '')] },
  { edits: [edit(-1, 0, '')] },
  { edits: [edit(0, 7, '')] },
  { edits: [edit(Number.NaN, 3, '')] },
])('edits that overlap or leave the content are refused: $edits', ({ edits }) => {
  expect(() => applyEdits(contentOf('abcdef'), edits)).toThrow(RangeError);
});

test('no edits leave the very same content, with its file', () => {
  const content: Content = { ...contentOf('abc'), file: '/var/queue/1' };
  expect(applyEdits(content, [])).toBe(content);
  expect(applyEdits(content, [edit(0, 1, '')]).file).toBeUndefined();
});

const anyEdits = fc.uint8Array({ maxLength: 40 }).chain(octets =>
  fc
    .array(fc.nat(octets.length), { maxLength: 8 })
    .map(cuts => cuts.toSorted((one, other) => one - other))
    .chain(cuts =>
      fc.tuple(
        fc.constant(Buffer.from(octets)),
        fc.tuple(
          ...Array.from({ length: cuts.length >> 1 }, (_, index) =>
            fc.uint8Array({ maxLength: 4 }).map(
              (text): Edit => ({
                start: cuts[index * 2] ?? 0,
                end: cuts[index * 2 + 1] ?? 0,
                replacement: Buffer.from(text),
              }),
            ),
          ),
        ),
      ),
    ),
);

test('bytes, stream and size agree in whatever pieces the original comes', async () => {
  await fc.assert(
    fc.asyncProperty(anyEdits, fc.integer({ min: 1, max: 9 }), async ([octets, edits], size) => {
      const content: Content = {
        ...contentOf(octets),
        async *stream() {
          for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
        },
      };
      let want = octets.toString('latin1');
      for (const { start, end, replacement } of edits.toReversed()) {
        want = want.slice(0, start) + replacement.toString('latin1') + want.slice(end);
      }
      const result = applyEdits(content, edits);
      expect(await streamed(result)).toBe(want);
      expect((await result.bytes()).toString('latin1')).toBe(want);
      expect(applyEditsTo(octets, edits).toString('latin1')).toBe(want);
      expect(result.size).toBe(want.length);
    }),
  );
});
