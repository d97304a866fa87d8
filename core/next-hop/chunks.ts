/** Content in chunks for BDAT (RFC 3030 section 2): each says how many octets it has, and the last one that it is the last. */
import type { Content } from '../mail/content.ts';
import { lineSafe } from './line-safe.ts';

/** One chunk. */
export interface Chunk {
  readonly pieces: readonly Buffer[];
  /** Of all pieces, in octets. */
  readonly size: number;
  readonly place: 'more' | 'last';
}

/** So much is held in memory at once, unless the content comes in larger pieces. Each chunk costs a round trip. */
const LARGEST = 1024 * 1024;

/** The chunks in order. Content that is lines is in them octet for octet. There is always a last one, if an empty one. */
export async function* chunksOf(content: Content): AsyncGenerator<Chunk> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const octets of lineSafe(content, 'lasting')) {
    if (size > 0 && size + octets.length > LARGEST) {
      yield { pieces, size, place: 'more' };
      pieces = [];
      size = 0;
    }
    pieces.push(octets);
    size += octets.length;
  }
  yield { pieces, size, place: 'last' };
}
