/**
 * The pause before somebody who is not there is tried again: each failure doubles it, one success ends it. While it lasts
 * look-ups fail at once, so that a session does not wait for what is known.
 */

/** In milliseconds. */
const FIRST = 250;
const LONGEST = 30_000;

export class Pause {
  #length = 0;
  #until = 0;
  #cause = '';

  /** Why nobody is to be asked now, or `null`. `now`: on the monotonic clock. */
  why(now: number): string | null {
    return this.#length > 0 && now < this.#until ? this.#cause : null;
  }

  /** Many may fail at the same time: only the first of them makes the pause longer. */
  failed(cause: string, now: number): void {
    this.#cause = cause;
    if (this.why(now) !== null) return;
    this.#length = Math.min(this.#length === 0 ? FIRST : this.#length * 2, LONGEST);
    this.#until = now + this.#length;
  }

  succeeded(): void {
    this.#length = 0;
  }
}
