/** Content: octets that never change, joined and sliced without loss. */

import { expect, test } from 'vitest';
import { type Content, contentOf, joinContent, sliceContent } from '../../../core/mail/content.ts';
import * as fc from '../../support/fast-check.ts';

async function streamed(content: Content): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of content.stream()) pieces.push(piece);
  return Buffer.concat(pieces);
}

function inPieces(octets: Buffer, size: number): Content {
  return {
    ...contentOf(octets),
    async *stream() {
      for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
    },
  };
}

test('text is held as UTF-8, and its size counts octets', () => {
  expect(contentOf('ü').size).toBe(2);
});

test('the pieces of joined content follow one another', async () => {
  const joined = joinContent(contentOf('a'), contentOf(''), contentOf('bc'));
  expect(joined.size).toBe(3);
  expect((await joined.bytes()).toString()).toBe('abc');
  expect((await streamed(joined)).toString()).toBe('abc');
});

test('a slice is the same octets, by bytes and by stream, in whatever pieces the content comes', async () => {
  const anySlice = fc
    .uint8Array({ maxLength: 60 })
    .chain(octets => fc.tuple(fc.constant(Buffer.from(octets)), fc.nat(octets.length), fc.nat(octets.length)));
  await fc.assert(
    fc.asyncProperty(anySlice, fc.integer({ min: 1, max: 9 }), async ([octets, one, other], size) => {
      const [start, end] = [Math.min(one, other), Math.max(one, other)];
      const slice = sliceContent(inPieces(octets, size), start, end);
      const want = octets.subarray(start, end);
      expect(slice.size).toBe(want.length);
      expect((await slice.bytes()).equals(want)).toBe(true);
      expect((await streamed(slice)).equals(want)).toBe(true);
      expect((await streamed(slice)).equals(want)).toBe(true);
    }),
  );
});

test('a slice of the start leaves the rest unread', async () => {
  let read = 0;
  const endless: Content = {
    ...contentOf(''),
    async *stream() {
      for (;;) {
        read += 1;
        yield Buffer.from('abcd');
      }
    },
  };
  expect((await streamed(sliceContent(endless, 0, 6))).toString()).toBe('abcdab');
  expect(read).toBe(2);
});
