/**
 * Line ends of content: CR and LF belong together and mean nothing apart (RFC 5321 section 2.3.8), and NUL
 * has no place in mail (RFC 5322 section 4, RFC 2045 section 2.8).
 *
 * What lies apart is how mail is smuggled: one machine takes `LF . LF` for content, the next one for the end of it. So
 * content either has none of these octets or is not accepted, or they become what everybody reads alike.
 */

/** An octet, or a pair torn apart, that content may not hold. */
export type Stray = 'bare CR' | 'bare LF' | 'NUL';

const NUL = 0;
const LF = 10;
const CR = 13;
const NOTHING = Buffer.alloc(0);
const LONE_CR = Buffer.from('\r');

/** What is there first that content may not hold, or `null`. */
export function strayIn(octets: Buffer): Stray | null {
  const lineEnds = new LineEnds('reject');
  lineEnds.feed(octets);
  lineEnds.end();
  return lineEnds.stray;
}

/** Looks at content piece by piece, wherever the pieces were cut. */
export class LineEnds {
  readonly #policy: 'reject' | 'normalize';
  /** A CR at the end of a piece: only the next piece says whether it is bare. */
  #pendingCr = false;
  #stray: Stray | null = null;

  constructor(policy: 'reject' | 'normalize') {
    this.#policy = policy;
  }

  /** The first that was found. */
  get stray(): Stray | null {
    return this.#stray;
  }

  /** Takes the next piece; gives back what is settled by now, with each line end put right under `normalize`. */
  feed(piece: Buffer): Buffer {
    const whole = this.#pendingCr ? Buffer.concat([LONE_CR, piece]) : piece;
    this.#pendingCr = whole[whole.length - 1] === CR;
    return this.#put(this.#pendingCr ? whole.subarray(0, -1) : whole);
  }

  /** No more pieces: gives back the rest. */
  end(): Buffer {
    if (!this.#pendingCr) return NOTHING;
    this.#pendingCr = false;
    return this.#put(LONE_CR);
  }

  #put(octets: Buffer): Buffer {
    if (this.#policy === 'reject' && this.#stray !== null) return octets;
    const at = firstStray(octets);
    if (at === -1) return octets;
    this.#stray ??= nameOf(octets[at]);
    return this.#policy === 'reject' ? octets : normalize(octets, at);
  }
}

function nameOf(octet: number | undefined): Stray {
  if (octet === NUL) return 'NUL';
  return octet === CR ? 'bare CR' : 'bare LF';
}

const STRAY = /\0|\r(?!\n)|(?<!\r)\n/;

/**
 * Where the first stray octet lies, or -1. The octets do not end between a CR and its LF. One character an octet, and one
 * pass of an expression: looking for each line end in the octets costs three times as much.
 */
function firstStray(octets: Buffer): number {
  return octets.toString('latin1').search(STRAY);
}

/** One pass, so that octets that are all stray cost no more than others. What lies before `from` is in order. */
function normalize(octets: Buffer, from: number): Buffer {
  const out = Buffer.allocUnsafe(from + (octets.length - from) * 2);
  let length = octets.copy(out, 0, 0, from);
  for (let at = from; at < octets.length; at += 1) {
    const octet = octets[at] ?? NUL;
    if (octet === NUL) continue;
    if (octet === CR || octet === LF) {
      out[length++] = CR;
      out[length++] = LF;
      if (octet === CR && octets[at + 1] === LF) at += 1;
    } else out[length++] = octet;
  }
  return out.subarray(0, length);
}
