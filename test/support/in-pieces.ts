/** Content that comes in pieces of a size, as it does from a socket or a file. */
import { type Content, contentOf } from '../../core/mail/content.ts';

export function inPieces(octets: Buffer, size: number): Content {
  return {
    ...contentOf(octets),
    async *stream() {
      for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
    },
  };
}
