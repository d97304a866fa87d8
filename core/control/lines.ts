/** The lines that come over a socket, one after the other, none longer than it may be. */
import { StringDecoder } from 'node:string_decoder';

/**
 * Ends where the other side does; what stands behind the last LF is no line.
 * @throws Error where a line is too long, and what the socket throws.
 */
export async function* linesOf(pieces: AsyncIterable<Buffer>, longest: number): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  for await (const piece of pieces) {
    begun += decoder.write(piece);
    let end = begun.indexOf('\n');
    if (end === -1 && begun.length > longest) throw new Error(`a line is longer than ${longest} octets`);
    while (end !== -1) {
      yield begun.slice(0, end);
      begun = begun.slice(end + 1);
      end = begun.indexOf('\n');
    }
  }
}
