/**
 * A command line as it comes in, in whatever pieces (RFC 5321 sections 2.3.8 and 4.5.3.1.4).
 *
 * Guarantee: memory is bounded by the longest line, however the octets come, and a line that is longer is one line all
 * the same. Under `strict` a line ends at CRLF alone, so that no two machines see different commands in the same octets.
 */

/** One command line without its line end, or why there is none. */
export type Line =
  | { readonly kind: 'line'; readonly octets: Buffer }
  /** `beginning`: its first octets, enough for a verb. */
  | { readonly kind: 'too-long'; readonly beginning: Buffer }
  /** Under `strict`: the client and we do not agree on where lines end. */
  | { readonly kind: 'bare-newline' };

export interface LineRules {
  /** The longest line, in octets, without its line end. */
  readonly longest: number;
  /** `lenient`: a line may end at LF. */
  readonly ends: 'strict' | 'lenient';
}

const CR = 13;
/** In octets. */
const BEGINNING = 16;
/** A line that comes octet by octet must not cost more than one that comes at once. */
const MOST_PIECES = 64;

export class LineBuffer {
  readonly #rules: () => LineRules;
  #pieces: Buffer[] = [];
  #length = 0;

  constructor(rules: () => LineRules) {
    this.#rules = rules;
  }

  /** Of what has come, in octets. */
  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#pieces = [];
    this.#length = 0;
  }

  /** What has come of a line whose LF has not. */
  add(piece: Buffer): void {
    this.#length += piece.length;
    if (this.#isTooLong && this.#pieces.length === 1 && this.#kept >= BEGINNING) return;
    this.#pieces.push(piece);
    if (this.#isTooLong) this.#pieces = [Buffer.from(this.#whole().subarray(0, BEGINNING))];
    else if (this.#pieces.length > MOST_PIECES) this.#pieces = [this.#whole()];
  }

  /** The LF has come, and this is what stands before it: nearly always the whole line. */
  end(last: Buffer): Line {
    if (this.#length === 0) return this.#judged(last, last.length);
    this.add(last);
    const octets = this.#whole();
    const length = this.#length;
    this.clear();
    return this.#judged(octets, length);
  }

  /** `length`: of the line, of which there may be less. */
  #judged(octets: Buffer, length: number): Line {
    const { ends, longest } = this.#rules();
    if (length > longest + 1) return { kind: 'too-long', beginning: octets.subarray(0, BEGINNING) };
    const ended = octets[octets.length - 1] === CR;
    const text = ended ? octets.subarray(0, octets.length - 1) : octets;
    if (ends === 'strict' && (!ended || text.includes(CR))) return { kind: 'bare-newline' };
    if (text.length > longest) return { kind: 'too-long', beginning: text.subarray(0, BEGINNING) };
    return { kind: 'line', octets: text };
  }

  /** A CR before the LF does not count. */
  get #isTooLong(): boolean {
    return this.#length > this.#rules().longest + 1;
  }

  get #kept(): number {
    return this.#pieces[0]?.length ?? 0;
  }

  #whole(): Buffer {
    const [first] = this.#pieces;
    return this.#pieces.length === 1 && first !== undefined ? first : Buffer.concat(this.#pieces);
  }
}
