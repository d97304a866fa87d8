/**
 * Content as SMTP carries it: lines that end with CRLF, and no NUL (RFC 5321 section 2.3.8, RFC 5322 section 4).
 *
 * Content that a listener has let in is like that and passes through untouched. What a plugin has made of it may not be,
 * and then each CR or LF on its own becomes CRLF, and a NUL goes. Otherwise a next hop that takes CR or LF for a line end,
 * or overlooks NUL, could find an end of data where we wrote none.
 */
import type { Content } from '../../core/index.ts';

const NUL = 0x00;
const LF = 0x0a;
const CR = 0x0d;
const CRLF = Buffer.from('\r\n');
const LONE_CR = Buffer.from('\r');

/** The octets in order, in pieces, none of them empty. */
export async function* lineSafe(content: Content): AsyncGenerator<Buffer> {
  // Only what follows a CR says what it is.
  let pendingCr = false;
  for await (const piece of content.stream()) {
    const visible = withoutNul(piece);
    if (visible.length === 0) continue;
    const octets: Buffer = pendingCr ? Buffer.concat([LONE_CR, visible]) : visible;
    pendingCr = octets[octets.length - 1] === CR;
    const settled = pendingCr ? octets.subarray(0, -1) : octets;
    if (settled.length > 0) yield inLines(settled);
  }
  if (pendingCr) yield CRLF;
}

function withoutNul(octets: Buffer): Buffer {
  return octets.includes(NUL) ? Buffer.from(octets.filter(octet => octet !== NUL)) : octets;
}

/** The octets do not end between a CR and its LF. */
function inLines(octets: Buffer): Buffer {
  const bare = firstBare(octets);
  if (bare === -1) return octets;
  const out = Buffer.allocUnsafe(bare + (octets.length - bare) * 2);
  let length = octets.copy(out, 0, 0, bare);
  for (let at = bare; at < octets.length; at += 1) {
    const octet = octets[at] ?? LF;
    if (octet === CR || octet === LF) {
      length += CRLF.copy(out, length);
      if (octet === CR && octets[at + 1] === LF) at += 1;
    } else {
      out[length] = octet;
      length += 1;
    }
  }
  return out.subarray(0, length);
}

/** Where the first CR or LF lies that is not half of a CRLF, or -1. */
function firstBare(octets: Buffer): number {
  for (let at = 0; ; ) {
    const cr = octets.indexOf(CR, at);
    const lf = octets.indexOf(LF, at);
    if (cr === -1 || lf === -1) return Math.max(cr, lf);
    if (lf !== cr + 1) return Math.min(cr, lf);
    at = lf + 1;
  }
}
