/**
 * Content on its way to a file. It goes there in large blocks, some while the next ones come, and where there is room it stays
 * in these blocks as well: most of it is read again at once, by deliveries above all.
 *
 * Guarantee: where no block is left, no more of it is in memory than what came last.
 */
import { BLOCK, type BlockPool } from '../mail/block-pool.ts';
import type { Content } from '../mail/content.ts';
import { Held, HeldContent } from '../mail/held-content.ts';
import type { Spool } from './reception.ts';

/** In blocks: so much is written in one go. Each write wakes another thread, and then this one. */
const MOST_AT_ONCE = 8;
/** In blocks: larger content does not stay in memory. */
const MOST_KEPT = 16;

const NOTHING = () => undefined;

export class SpooledContent {
  readonly #spool: Spool;
  readonly #pool: BlockPool;
  /** That which is being filled, and how far. */
  #block: Buffer | null = null;
  #used = 0;
  /** What of others is to be written. */
  #waiting: Buffer[] = [];
  /** What of others was, or is just being written: all of it while it is kept. */
  #written: Buffer[] = [];
  #writing: Promise<void> = Promise.resolve();
  #isKept = true;
  #held: Held | null = null;

  constructor(spool: Spool, pool: BlockPool) {
    this.#spool = spool;
    this.#pool = pool;
  }

  /** @returns what to wait for before the next octets come, if anything. Rejects with the errno as `code`. */
  add(octets: Buffer): Promise<void> | undefined {
    for (let at = 0; at < octets.length; ) {
      this.#block ??= this.#pool.take();
      if (this.#block === null) return this.#writeThrough(octets.subarray(at));
      const copied = octets.copy(this.#block, this.#used, at);
      at += copied;
      this.#used += copied;
      if (this.#used === BLOCK) this.#closeBlock();
    }
    return this.#waiting.length < MOST_AT_ONCE ? undefined : this.#write();
  }

  /** All of it. Rejects with the errno as `code`. */
  async finish(): Promise<Content> {
    this.#closeBlock();
    await this.#write();
    await this.#writing;
    const content = await this.#spool.finish();
    if (!this.#isKept || this.#pool.isScarce) return content;
    const pieces = this.#written;
    this.#written = [];
    this.#held = new Held(pieces, () => this.#pool.giveBack(pieces));
    return new HeldContent(this.#held, content);
  }

  /** Called once, in the end, after `finish` too. Does not reject. */
  async drop(): Promise<void> {
    // From here on nothing is being written.
    await this.#spool.abandon();
    this.#closeBlock();
    this.#pool.giveBack(this.#waiting.splice(0));
    this.#pool.giveBack(this.#written.splice(0));
    this.#held?.letGo();
  }

  #closeBlock(): void {
    if (this.#block !== null) this.#waiting.push(this.#block.subarray(0, this.#used));
    this.#block = null;
    this.#used = 0;
  }

  /** Begins to write what waits, once what went before is written. */
  async #write(): Promise<void> {
    await this.#writing;
    if (this.#waiting.length === 0) return;
    if (this.#written.length + this.#waiting.length > MOST_KEPT) this.#isKept = false;
    if (!this.#isKept) this.#pool.giveBack(this.#written.splice(0));
    const pieces = this.#waiting.splice(0);
    this.#written.push(...pieces);
    this.#writing = this.#spool.write(...pieces);
    // Whoever waits for it next hears of it.
    this.#writing.catch(NOTHING);
  }

  async #writeThrough(octets: Buffer): Promise<void> {
    this.#isKept = false;
    await this.#write();
    await this.#writing;
    this.#pool.giveBack(this.#written.splice(0));
    await this.#spool.write(octets);
  }
}
