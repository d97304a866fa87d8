/** A file, or a piece of one, as content: read when it is asked for, in pieces. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Content } from '../mail/content.ts';

/** The octets from `start` up to, but not including, `end`; all of the file without them. The file must not change. */
export async function fileContent(
  path: string,
  span?: { readonly start: number; readonly end: number },
): Promise<Content> {
  const size = await sizeOf(path);
  const start = Math.min(span?.start ?? 0, size);
  const end = Math.min(span?.end ?? size, size);
  const stream = async function* () {
    // The end of a stream counts.
    if (end > start) yield* createReadStream(path, { start, end: end - 1 }) as AsyncIterable<Buffer>;
  };
  return {
    size: end - start,
    async bytes() {
      const pieces: Buffer[] = [];
      for await (const piece of stream()) pieces.push(piece);
      return Buffer.concat(pieces);
    },
    stream,
  };
}

async function sizeOf(path: string): Promise<number> {
  const file = await open(path, 'r');
  try {
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
