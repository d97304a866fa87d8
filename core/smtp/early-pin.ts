/**
 * The generation that a client meets, held from the instant at which its socket is there: before it has a session there may be a
 * PROXY header to wait for, or a handshake, and a reload in the middle of that. Settings and plugins are of one generation.
 */
import type { Chain } from '../chain/chain.ts';
import type { Pinned, Reception } from './reception.ts';

export class EarlyPin implements Pinned {
  readonly #pinned: Pinned;
  #hurry: (() => void) | null = null;
  #isHurried = false;
  #isTaken = false;
  #isReleased = false;

  constructor(reception: Pick<Reception, 'pin'>) {
    this.#pinned = reception.pin(() => {
      this.#isHurried = true;
      this.#hurry?.();
    });
  }

  get chain(): Chain {
    return this.#pinned.chain;
  }

  /** A session has it now, and releases it. `hurry`: told at once, or later, that the session should end. */
  take(hurry: () => void): void {
    this.#isTaken = true;
    this.#hurry = hurry;
    if (this.#isHurried) hurry();
  }

  /** The socket is closed: without a session nobody needs the generation any more. */
  socketClosed(): void {
    if (!this.#isTaken) this.release();
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#pinned.release();
  }
}
