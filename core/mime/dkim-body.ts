/** The body as DKIM signs it, digested piece by piece (RFC 6376 sections 3.4.3 and 3.4.4). Memory does not grow with it. */
import { createHash } from 'node:crypto';

export type Canonicalization = 'simple' | 'relaxed';

const LINE_ENDS = '\r\n'.repeat(16 * 1024);

/** What two bodies have in common for a verifier is that this says the same of them. */
export class DkimBody {
  readonly #how: Canonicalization;
  readonly #hash = createHash('sha256');
  /** Octets that are still signed: `l=`. */
  #left: number;
  /** What only the next piece says the meaning of: a CR, a blank. */
  #held = '';
  /** Line ends that are none of the body unless something follows. */
  #lineEnds = 0;
  #isEmpty = true;

  /** `length`: `l=` in octets, or `null`: the whole body. */
  constructor(how: Canonicalization, length: number | null) {
    this.#how = how;
    this.#left = length ?? Number.POSITIVE_INFINITY;
  }

  feed(piece: Buffer): void {
    const whole = this.#held + piece.toString('latin1');
    this.#held = whole.endsWith('\r') ? '\r' : '';
    const text = this.#held === '' ? whole : whole.slice(0, -1);
    this.#put(this.#how === 'simple' ? text : this.#relaxed(text));
  }

  /** No more pieces. */
  end(): string {
    if (this.#held.endsWith('\r')) this.#put(this.#held);
    if (this.#how === 'simple' || !this.#isEmpty) this.#update('\r\n');
    return this.#hash.digest('hex');
  }

  /** Blanks before a line end are gone, others are one blank. One at the end waits: maybe a line end follows. */
  #relaxed(text: string): string {
    const short = text.replaceAll(/(?<![ \t])[ \t]+(?=\r\n)/g, '').replaceAll(/[ \t]+/g, ' ');
    if (!short.endsWith(' ')) return short;
    this.#held = ` ${this.#held}`;
    return short.slice(0, -1);
  }

  #put(text: string): void {
    let end = text.length;
    while (end >= 2 && text.startsWith('\r\n', end - 2)) end -= 2;
    if (end > 0) {
      for (; this.#lineEnds > 0 && this.#left > 0; this.#lineEnds -= Math.min(this.#lineEnds, LINE_ENDS.length / 2)) {
        this.#update(LINE_ENDS.slice(0, this.#lineEnds * 2));
      }
      this.#lineEnds = 0;
      this.#update(text.slice(0, end));
      this.#isEmpty = false;
    }
    this.#lineEnds += (text.length - end) / 2;
  }

  #update(text: string): void {
    const signed = text.slice(0, Math.min(this.#left, text.length));
    this.#left -= signed.length;
    this.#hash.update(signed, 'latin1');
  }
}
