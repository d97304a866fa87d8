/**
 * The pace at which strangers are tried: destinations that have not shown that they answer. An attempt there costs a step,
 * and who answers gives it back: what is bounded is how many find nobody in a while, never how much is delivered.
 *
 * An attempt that is refused takes a millisecond of work, so that a hundred thousand of them, one after the other, would keep
 * the gateway from everything else for a minute. The pace holds while there is something else to do. It is slower the longer
 * a look into the queue takes: so much does everything wait then, whatever keeps the machine busy.
 */
import type { Clock } from '../plugin/ports.ts';

/** So many steps come at a time, together, so that mail for several is looked for at once. */
const STEPS = 10;
/** They come each time that so many looks take, and in these bounds, in milliseconds: 20 to 200 a second. */
const LOOKS_BETWEEN = 20;
const [SHORTEST, LONGEST] = [50, 500];
/** How much of the time that a look takes is that of the last one. */
const WEIGHT = 1 / 4;
/** So many can be saved up. */
const MOST = 50;
/** Without other work for so long there is no pace. In milliseconds. */
const QUIET = 1000;

export class Pace {
  readonly #clock: Clock;
  #left = MOST;
  /** How long a look takes, in milliseconds. */
  #look = 0;
  /** When steps came last. */
  #at: number;
  #yieldedAt = -Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#at = clock.monotonic();
  }

  /** How many attempts may begin now; `Infinity` while there is nothing else to do. */
  left(): number {
    this.#pass();
    return this.#isQuiet() ? Infinity : this.#left;
  }

  /** An attempt begins. One that was allowed while there was no pace makes no debt. */
  take(): void {
    this.#pass();
    if (!this.#isQuiet()) this.#left = Math.max(0, this.#left - 1);
  }

  /** So many attempts found somebody. */
  giveBack(count: number): void {
    this.#left = Math.min(MOST, this.#left + count);
  }

  /** There is something else to do. */
  yield(): void {
    this.#yieldedAt = this.#clock.monotonic();
  }

  /** A look into the queue took so long, in milliseconds. */
  looked(took: number): void {
    this.#pass();
    this.#look += (took - this.#look) * WEIGHT;
  }

  /** How long until the next attempt may begin, in milliseconds; 0 where one may now. */
  untilNext(): number {
    return this.left() > 0 ? 0 : this.#at + this.#between - this.#clock.monotonic();
  }

  get #between(): number {
    return Math.min(LONGEST, Math.max(SHORTEST, this.#look * LOOKS_BETWEEN));
  }

  #isQuiet(): boolean {
    return this.#clock.monotonic() - this.#yieldedAt >= QUIET;
  }

  #pass(): void {
    const between = this.#between;
    const times = Math.floor((this.#clock.monotonic() - this.#at) / between);
    if (times === 0) return;
    this.#at += times * between;
    this.#left = Math.min(MOST, this.#left + times * STEPS);
  }
}
