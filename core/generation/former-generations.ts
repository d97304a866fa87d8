/**
 * The generations that have been replaced and still have sessions or deliveries.
 *
 * Guarantee: none lasts for ever, and there are never many. After a while, or where more than a few have gathered, the
 * sessions of the oldest are asked to end when their transaction has (421, RFC 5321 section 3.8), and their clients connect
 * again and meet the new configuration. No transaction is cut off for it. Deliveries end by their own deadlines.
 */

import type { Clock } from '../plugin/ports.ts';
import type { Generation } from './generation.ts';

/** How long sessions may go on with a configuration that has been replaced, in milliseconds. */
const PATIENCE = 10 * 60_000;
/** So many generations may be waited for; each has plugins of its own, with files, threads and sessions. */
const MOST = 5;

export class FormerGenerations {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #all = new Map<Generation, Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#all.size;
  }

  /** Sessions and deliveries that go on with them. */
  get pins(): number {
    return [...this.#all.keys()].reduce((sum, { pins }) => sum + pins, 0);
  }

  /** It has been replaced. It closes by itself, when nobody needs it any more. */
  add(generation: Generation): void {
    const over = new AbortController();
    const closed = generation.retire().finally(() => {
      over.abort();
      this.#all.delete(generation);
    });
    this.#all.set(generation, closed);
    void this.#clock.sleep(PATIENCE, over.signal).then(
      () => generation.hurry(),
      () => undefined,
    );
    for (const oldest of [...this.#all.keys()].slice(0, -MOST)) oldest.hurry();
  }

  /** Closes them all, whoever still needs them: for the end of the gateway. */
  async abandon(): Promise<void> {
    await Promise.all([...this.#all].flatMap(([generation, closed]) => [generation.abandon(), closed]));
  }
}
