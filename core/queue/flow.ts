/**
 * Where mail comes faster than it leaves, whoever brings it stands back: for two that leave one may come, until there is room
 * again. Mail that is put down in the queue and picked up again costs twice the work of mail that goes straight through, so this
 * makes both faster. Nobody waits longer than `PATIENCE`: a destination that takes its time costs its senders no more.
 */
import type { Clock } from '../plugin/ports.ts';

const LEAVE_FOR_ONE = 2;
/** In milliseconds. */
const PATIENCE = 25;

export class Flow {
  readonly #clock: Clock;
  readonly #line = new Set<() => void>();
  #left = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when it is its turn. */
  async turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = new AbortController();
    this.#line.add(resolve);
    this.#clock.sleep(PATIENCE, over.signal).then(resolve, () => undefined);
    await promise;
    this.#line.delete(resolve);
    over.abort();
  }

  oneHasLeft(): void {
    const [first] = this.#line;
    if (first === undefined) return;
    this.#left = (this.#left + 1) % LEAVE_FOR_ONE;
    if (this.#left > 0) return;
    this.#line.delete(first);
    first();
  }
}
