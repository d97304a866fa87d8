/**
 * Which contents are known to be lines: each ends with CRLF, save that the last one may have no end, CR and LF stand nowhere
 * else, and NUL not at all (RFC 5321 section 2.3.8). Whoever has looked at each octet of one says so, and nobody has to look again.
 *
 * Known outside of the content itself: what a plugin makes of it is not known, whatever it copies.
 */
import type { Content } from './content.ts';

const known = new WeakSet<Content>();

export function areKnownLines(content: Content): boolean {
  return known.has(content);
}

/** Says so of content whose octets have been looked at. */
export function knownLines<C extends Content>(content: C): C {
  known.add(content);
  return content;
}

/** Other content with the same octets: what is known of the one is known of it. */
export function asKnownAs<C extends Content>(one: Content, other: C): C {
  return areKnownLines(one) ? knownLines(other) : other;
}
