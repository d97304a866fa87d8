/**
 * Chance that is the same for the same message, on both sides and in every run. Messages that are replayed at the same time do not
 * see each other's.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import type { Random } from '../plugin/ports.ts';

const OCTETS_OF_A_NUMBER = 6;

/** How often each kind of thing was asked for: so a plugin that asks for one more number changes no other plugin's octets. */
interface Draws {
  readonly seed: string;
  readonly counts: Map<string, number>;
}

export class SameChance implements Random {
  readonly #draws = new AsyncLocalStorage<Draws>();
  /** What is drawn outside of every message: while plugins start. */
  readonly #outside: Draws = { seed: 'outside', counts: new Map() };

  /** Everything that `work` draws follows from the seed. */
  during<T>(seed: string, work: () => T): T {
    return this.#draws.run({ seed, counts: new Map() }, work);
  }

  bytes(count: number): Buffer {
    return this.#draw(`bytes ${count}`, count);
  }

  below(bound: number): number {
    return this.#draw(`below ${bound}`, OCTETS_OF_A_NUMBER).readUIntBE(0, OCTETS_OF_A_NUMBER) % bound;
  }

  #draw(what: string, count: number): Buffer {
    const { seed, counts } = this.#draws.getStore() ?? this.#outside;
    const number = counts.get(what) ?? 0;
    counts.set(what, number + 1);
    return createHash('shake256', { outputLength: Math.max(count, 1) })
      .update(JSON.stringify([seed, what, number]))
      .digest()
      .subarray(0, count);
  }
}
