/**
 * Looks at every session once a second, so that ten thousand silent clients cost one timer and no memory of their own.
 *
 * What it finds is at most a second late, which no limit of a mail server minds.
 */
import { describeError } from '../mail/failure.ts';
import type { Clock, Log } from '../plugin/ports.ts';

/** Somebody whose time may be up. */
export interface Watched {
  /** `now` in milliseconds, of the clock that never goes back. */
  look(now: number): void;
}

const EVERY = 1000;

export class Watch {
  readonly #watched = new Set<Watched>();
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: AbortController | null = null;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  add(one: Watched): void {
    this.#watched.add(one);
    if (this.#timer === null) void this.#goOn(new AbortController());
  }

  /** The last one ends the watch. */
  remove(one: Watched): void {
    this.#watched.delete(one);
    if (this.#watched.size > 0) return;
    this.#timer?.abort();
    this.#timer = null;
  }

  async #goOn(timer: AbortController): Promise<void> {
    this.#timer = timer;
    for (;;) {
      try {
        await this.#clock.sleep(EVERY, timer.signal);
      } catch {
        return;
      }
      const now = this.#clock.monotonic();
      for (const one of this.#watched) this.#look(one, now);
    }
  }

  /** A fault in one session must not leave all others unwatched. */
  #look(one: Watched, now: number): void {
    try {
      one.look(now);
    } catch (error) {
      this.#log.error('failed', { watching: describeError(error) });
    }
  }
}
