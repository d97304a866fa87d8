/** A rate as it is used up: so many at once, and then one after the other as time brings them. */
import type { Rate } from '../mail/destination.ts';
import type { Clock } from '../plugin/ports.ts';

/** What a second brings may go at once, one at least. In milliseconds. */
const BURST = 1000;

export class Allowance {
  readonly #perMillisecond: number;
  readonly #most: number;
  readonly #clock: Clock;
  #left: number;
  #at: number;

  constructor({ count, per }: Rate, clock: Clock) {
    this.#perMillisecond = count / per;
    this.#most = Math.max(1, this.#perMillisecond * BURST);
    this.#clock = clock;
    this.#left = this.#most;
    this.#at = clock.monotonic();
  }

  /** How many may go now. */
  left(): number {
    this.#pass();
    return Math.floor(this.#left);
  }

  /** One goes. */
  take(): void {
    this.#pass();
    this.#left -= 1;
  }

  /** In milliseconds; 0 where one may go now. */
  untilNext(): number {
    this.#pass();
    return this.#left >= 1 ? 0 : Math.ceil((1 - this.#left) / this.#perMillisecond);
  }

  #pass(): void {
    const now = this.#clock.monotonic();
    this.#left = Math.min(this.#most, this.#left + (now - this.#at) * this.#perMillisecond);
    this.#at = now;
  }
}
