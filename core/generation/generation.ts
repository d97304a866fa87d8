/**
 * A generation: all that is built from one configuration, as one immutable thing.
 *
 * Listeners, queue and log outlive generations. Each session and each delivery pins the generation it began with, so that
 * it meets the same plugins from its first hook to its last. A generation closes when it has been replaced and the last
 * pin is gone.
 */
import type { Chain } from '../chain/chain.ts';

/** The right to use a generation's chain until `release`. */
export interface Pin {
  readonly chain: Chain;
  /** Gives the right back. Further calls do nothing. */
  release(): void;
}

export class Generation {
  readonly #chain: Chain;
  readonly #close: () => Promise<void>;
  /** Of each pin: how to tell its holder that it is time to go. */
  readonly #pins = new Set<{ readonly hurry: (() => void) | null }>();
  #retired: (() => void) | null = null;
  #hurried = false;
  #closed: Promise<void> | null = null;

  constructor(parts: { readonly chain: Chain; readonly close: () => Promise<void> }) {
    this.#chain = parts.chain;
    this.#close = parts.close;
  }

  /** How many hold on to it. */
  get pins(): number {
    return this.#pins.size;
  }

  /** `hurry`: called at most once, when it is time to go. */
  pin(hurry: (() => void) | null = null): Pin {
    const held = { hurry };
    this.#pins.add(held);
    return {
      chain: this.#chain,
      release: () => {
        if (this.#pins.delete(held) && this.#pins.size === 0) this.#retired?.();
      },
    };
  }

  /** Tells all who pin it that it is time to go. Once is enough. */
  hurry(): void {
    if (this.#hurried) return;
    this.#hurried = true;
    for (const { hurry } of this.#pins) hurry?.();
  }

  /**
   * Closes every plugin, whoever still pins: for the end of the gateway, when sessions have ended and the only pins left are
   * those of delivery attempts that were left to themselves. Their mail is in the queue.
   */
  abandon(): Promise<void> {
    this.#retired?.();
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Resolves when the last pin is gone and every plugin is closed. Nobody may pin from now on. */
  retire(): Promise<void> {
    this.#closed ??= new Promise<void>(resolve => {
      if (this.#pins.size === 0) resolve();
      else this.#retired = resolve;
    }).then(() => this.#close());
    return this.#closed;
  }
}
