/** Watches the length of the lines of content, wherever its pieces were cut (RFC 5321 section 4.5.3.1.6). */

const LF = 10;
const CR = 13;

export class LineLengths {
  readonly #longest: number;
  /** Of the line that has begun, its CR included. */
  #length = 0;
  #last = 0;

  /** @param longest in octets, without the line end. */
  constructor(longest: number) {
    this.#longest = longest;
  }

  feed(octets: Buffer): 'within' | 'too long' {
    for (let at = 0; at < octets.length; ) {
      const lf = octets.indexOf(LF, at);
      const end = lf === -1 ? octets.length : lf;
      this.#length += end - at;
      if (end > at) this.#last = octets[end - 1] ?? 0;
      // A CR at the end may belong to the line end.
      if (this.#length - (this.#last === CR ? 1 : 0) > this.#longest) return 'too long';
      if (lf === -1) break;
      this.#length = 0;
      this.#last = 0;
      at = lf + 1;
    }
    return 'within';
  }
}
