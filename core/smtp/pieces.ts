/**
 * Content in memory while it comes, in whatever pieces.
 *
 * Guarantee: it costs little more than its octets. A buffer for each octet of a client that sends them one by one would
 * cost a hundred times as much, and a long standstill when they are put together.
 */

/** In octets. Smaller pieces are copied together. */
const SMALL = 4096;
/** Most content is small: it must not cost a large block. */
const FIRST_BLOCK = 2048;
const BLOCK = 16 * 1024;
const NOTHING: Buffer = Buffer.alloc(0);

export class Pieces {
  #pieces: Buffer[] = [];
  #block: Buffer | null = null;
  /** Of the block. */
  #used = 0;
  #size = 0;

  /** In octets. */
  get size(): number {
    return this.#size;
  }

  /** How many buffers hold the octets. */
  get count(): number {
    return this.#pieces.length + (this.#used > 0 ? 1 : 0);
  }

  add(octets: Buffer): void {
    this.#size += octets.length;
    if (octets.length >= SMALL) {
      this.#closeBlock();
      this.#pieces.push(octets);
      return;
    }
    if (this.#block === null || this.#used + octets.length > this.#block.length) {
      this.#closeBlock();
      const isFirst = this.#pieces.length === 0 && octets.length <= FIRST_BLOCK;
      this.#block = isFirst ? Buffer.allocUnsafe(FIRST_BLOCK) : Buffer.allocUnsafeSlow(BLOCK);
    }
    this.#used += octets.copy(this.#block, this.#used);
  }

  /** The first of the buffers that hold the octets, which are no longer kept here; `null` where there is none. */
  take(): Buffer | null {
    if (this.#pieces.length === 0) this.#closeBlock();
    const first = this.#pieces.shift() ?? null;
    this.#size -= first?.length ?? 0;
    return first;
  }

  /** All of it as one buffer, which is kept in the place of the others. */
  whole(): Buffer {
    this.#closeBlock();
    const [first, ...others] = this.#pieces;
    const whole = first !== undefined && others.length === 0 ? first : Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
  }

  /** The first octets, so many or all that there are, as one buffer: copied only where they lie in several. */
  head(size: number): Buffer {
    this.#closeBlock();
    const [first] = this.#pieces;
    if (first === undefined) return NOTHING;
    if (first.length >= size || this.#pieces.length === 1) return first.subarray(0, size);
    const wanted: Buffer[] = [];
    for (let at = 0, index = 0; at < size && index < this.#pieces.length; index += 1) {
      const piece = this.#pieces[index]?.subarray(0, size - at) ?? NOTHING;
      wanted.push(piece);
      at += piece.length;
    }
    return Buffer.concat(wanted);
  }

  /** All but the first octets, as they lie. */
  after(size: number): readonly Buffer[] {
    this.#closeBlock();
    let at = 0;
    return this.#pieces.flatMap(piece => {
      const from = Math.max(0, size - at);
      at += piece.length;
      return from < piece.length ? [piece.subarray(from)] : [];
    });
  }

  clear(): void {
    this.#size = 0;
    this.#pieces = [];
    this.#block = null;
    this.#used = 0;
  }

  #closeBlock(): void {
    if (this.#block !== null && this.#used > 0) this.#pieces.push(this.#block.subarray(0, this.#used));
    this.#block = null;
    this.#used = 0;
  }
}
