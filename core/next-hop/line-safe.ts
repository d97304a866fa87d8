/**
 * Content as SMTP carries it: lines that end with CRLF, and no NUL (RFC 5321 section 2.3.8, RFC 5322 section 4).
 *
 * Content that a listener has let in is like that and passes through untouched. What a plugin has made of it may not be,
 * and then each CR or LF on its own becomes CRLF, and a NUL goes. Otherwise a next hop that takes CR or LF for a line end,
 * or overlooks NUL, could find an end of data where we wrote none.
 */
import type { Content } from '../mail/content.ts';
import { areKnownLines } from '../mail/known-lines.ts';
import { LineEnds } from '../mime/line-ends.ts';

/**
 * The octets in order, in pieces, none of them empty. `fleeting`: each piece is valid until the next one is asked for. New
 * memory for each would cost the collector more than all that is done with it.
 */
export async function* lineSafe(content: Content, pieces: 'lasting' | 'fleeting'): AsyncGenerator<Buffer> {
  const octets = (pieces === 'fleeting' ? content.fleeting?.() : undefined) ?? content.stream();
  if (areKnownLines(content)) return yield* octets;
  const lineEnds = new LineEnds('normalize');
  for await (const piece of octets) {
    const settled = lineEnds.feed(piece);
    if (settled.length > 0) yield settled;
  }
  const rest = lineEnds.end();
  if (rest.length > 0) yield rest;
}

/** All octets, in memory. */
export async function lineSafeOctets(content: Content): Promise<Buffer> {
  const octets = await content.bytes();
  if (areKnownLines(content)) return octets;
  const lineEnds = new LineEnds('normalize');
  const settled = lineEnds.feed(octets);
  const rest = lineEnds.end();
  return rest.length === 0 ? settled : Buffer.concat([settled, rest]);
}
