/**
 * Watches the deadlines of all calls that are being made, with one sleeper for all of them: a timer for each call costs
 * more than most calls.
 *
 * While the process is open to a debugger (`--inspect`) no deadline passes: a plugin that stands at a breakpoint is not late.
 */
import { url as inspectedAt } from 'node:inspector';
import type { Clock } from '../plugin/ports.ts';

interface Watched {
  /** On the monotonic clock. */
  due: number;
  onLate(): void;
}

/** How long until it is looked again whether a debugger is there, in milliseconds. */
const GLANCE = 1000;

export class Deadlines {
  readonly #clock: Clock;
  readonly #isDebugged: () => boolean;
  readonly #watched = new Set<Watched>();
  readonly #stop = new AbortController();
  #wakesAt = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, isDebugged: () => boolean = () => inspectedAt() !== undefined) {
    this.#clock = clock;
    this.#isDebugged = isDebugged;
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
    const isDebugged = this.#isDebugged();
    let next = Number.POSITIVE_INFINITY;
    for (const watched of this.#watched) {
      if (isDebugged && watched.due <= now) watched.due = now + GLANCE;
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
