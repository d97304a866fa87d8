/**
 * Blocks of memory for large content, used again and again. New memory for each content would be looked through by the
 * collector with all else that lives, every few megabytes: that costs more than all that is done with the octets.
 *
 * Guarantee: there are never more than so many. Who gives a block back must be sure that nobody looks at it any more: the next
 * to use it puts the content of another mail there.
 */

/** In octets. */
export const BLOCK = 256 * 1024;
/** What all blocks of a gateway may take, in octets. */
export const BLOCKS = 24 * 1024 * 1024;

export class BlockPool {
  readonly #most: number;
  readonly #free: Buffer[] = [];
  #made = 0;

  /** @param octets that all blocks together may take. */
  constructor(octets: number) {
    this.#most = Math.floor(octets / BLOCK);
  }

  /** Whether those that are left are for what is on its way, and not for what may stay. */
  get isScarce(): boolean {
    return this.#most - this.#made + this.#free.length < this.#most / 4;
  }

  /** What lies in it is of no meaning. `null`: all are in use. */
  take(): Buffer | null {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#made === this.#most) return null;
    this.#made += 1;
    return Buffer.allocUnsafeSlow(BLOCK);
  }

  /** @param blocks or views of their beginnings */
  giveBack(blocks: Iterable<Buffer>): void {
    for (const { buffer } of blocks) this.#free.push(Buffer.from(buffer, 0, BLOCK));
  }
}
