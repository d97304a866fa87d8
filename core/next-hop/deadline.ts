/**
 * Ends a wait that takes too long. One sleeper serves all waits of a session, one after the other: a timer for each reply
 * would cost more than the reply.
 */
import type { Clock } from '../plugin/ports.ts';

/** One for all: to find out where an error was made costs more than a transaction. */
const CLOSED = new Error('nothing is waited for any more');

export class Deadline {
  readonly #clock: Clock;
  /** No limit is shorter, so who sleeps no longer than that oversleeps none. In milliseconds. */
  readonly #shortest: number;
  readonly #onLate: (limit: number) => void;
  readonly #end = new AbortController();
  #limit = 0;
  /** On the monotonic clock. */
  #due = Number.POSITIVE_INFINITY;
  #sleeps = false;

  constructor(clock: Clock, shortest: number, onLate: (limit: number) => void) {
    this.#clock = clock;
    this.#shortest = shortest;
    this.#onLate = onLate;
  }

  /** From now on so many milliseconds may pass. */
  set(limit: number): void {
    this.#limit = limit;
    this.#due = this.#clock.monotonic() + limit;
    if (!this.#sleeps) void this.#watch();
  }

  /** Nothing is waited for any more. */
  clear(): void {
    this.#due = Number.POSITIVE_INFINITY;
  }

  /** Wakes nobody any more, and keeps no process alive. */
  close(): void {
    this.clear();
    this.#end.abort(CLOSED);
  }

  async #watch(): Promise<void> {
    this.#sleeps = true;
    try {
      for (let left = this.#left(); left > 0; left = this.#left()) {
        await this.#clock.sleep(Math.min(left, this.#shortest), this.#end.signal);
        if (this.#due === Number.POSITIVE_INFINITY) return;
      }
      this.#onLate(this.#limit);
    } catch {
      // Closed.
    } finally {
      this.#sleeps = false;
    }
  }

  #left(): number {
    return this.#due - this.#clock.monotonic();
  }
}
