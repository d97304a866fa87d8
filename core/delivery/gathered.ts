/** Pieces put together for those who write them to a file: each write waits for a thread. */

/** Octets that are written at once, where there are as many. */
const PIECE = 256 * 1024;

/** The same octets in pieces of a quarter of a megabyte or more, but for the last. */
export async function* gathered(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size < PIECE) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}
