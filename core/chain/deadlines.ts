/**
 * Watches the deadlines of all calls that are being made, with one sleeper for all of them: a timer for each call costs
 * more than most calls.
 */
import type { Clock } from '../plugin/ports.ts';

interface Watched {
  /** On the monotonic clock. */
  readonly due: number;
  onLate(): void;
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #watched = new Set<Watched>();
  readonly #stop = new AbortController();
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `onLate` after so many milliseconds, unless the function that is returned was called before. */
  watch(limit: number, onLate: () => void): () => void {
    const watched = { due: this.#clock.monotonic() + limit, onLate };
    this.#watched.add(watched);
    if (watched.due < this.#wakesAt) this.#sleepUntil(watched.due);
    return () => void this.#watched.delete(watched);
  }

  /** Stops watching, so that nothing keeps the process alive. */
  close(): void {
    this.#stop.abort();
  }

  #sleepUntil(due: number): void {
    this.#wakesAt = due;
    this.#clock.sleep(Math.max(due - this.#clock.monotonic(), 0), this.#stop.signal).then(
      () => this.#wake(due),
      () => undefined,
    );
  }

  #wake(due: number): void {
    // Another sleeper was due earlier: it has gone on from there.
    if (due !== this.#wakesAt) return;
    const now = this.#clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const watched of this.#watched) {
      if (watched.due > now) next = Math.min(next, watched.due);
      else {
        this.#watched.delete(watched);
        watched.onLate();
      }
    }
    this.#wakesAt = Number.POSITIVE_INFINITY;
    if (next !== Number.POSITIVE_INFINITY) this.#sleepUntil(next);
  }
}
