/**
 * A clock that stands still until a test moves it.
 *
 * Guarantee: sleepers wake in the order of their time, each one while the clock shows exactly that time, and everything
 * that follows from one waking has run before the next sleeper wakes. Files and sockets take real time all the same: a
 * test that waits for those uses `asleep`.
 */
import type { Clock } from '../plugin/ports.ts';

/** In milliseconds of real time. */
const PATIENCE = 10_000;

interface Sleeper {
  readonly due: number;
  wake(): void;
}

/** One turn of the event loop, in which all that promises and ticks have pending runs. */
function settle(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve);
  });
}

/**
 * Time as a test wants it.
 * @example
 * const clock = new ManualClock();
 * const slept = clock.sleep(60_000, signal);
 * await clock.advance(60_000);
 * await slept;
 */
export class ManualClock implements Clock {
  #monotonic = 0;
  /** What the wall clock shows when `#monotonic` is 0. */
  #origin: number;
  #sleepers: readonly Sleeper[] = [];

  constructor(start: Date | string = '2030-01-01T12:00:00Z') {
    this.#origin = new Date(start).getTime();
  }

  now(): Date {
    return new Date(this.#origin + this.#monotonic);
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** How many sleep at this moment. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (milliseconds <= 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#sleepers = this.#sleepers.filter(one => one !== sleeper);
        signal.removeEventListener('abort', abort);
      };
      const abort = () => {
        leave();
        reject(signal.reason);
      };
      const sleeper: Sleeper = {
        due: this.#monotonic + milliseconds,
        wake() {
          leave();
          resolve();
        },
      };
      this.#sleepers = [...this.#sleepers, sleeper].sort((a, b) => a.due - b.due);
      signal.addEventListener('abort', abort);
    });
  }

  /** Lets time pass, and wakes on the way whoever's time has come, those included who lie down again meanwhile. */
  async advance(milliseconds: number): Promise<void> {
    const target = this.#monotonic + milliseconds;
    await settle();
    for (let next = this.#sleepers[0]; next !== undefined && next.due <= target; next = this.#sleepers[0]) {
      this.#monotonic = next.due;
      next.wake();
      await settle();
    }
    this.#monotonic = target;
  }

  /**
   * Lets time pass in one jump: whoever's time has come by its end wakes, in order, and sees the time at its end. For days,
   * in which `advance` would wake whoever looks around each second as often as there are seconds.
   */
  async skip(milliseconds: number): Promise<void> {
    await settle();
    this.#monotonic += milliseconds;
    const due = this.#sleepers.filter(one => one.due <= this.#monotonic);
    for (const one of due) one.wake();
    await settle();
  }

  /** Sets the wall clock alone, as NTP or an operator would: nobody wakes and `monotonic` stays as it is. */
  set(now: Date | string): void {
    this.#origin = new Date(now).getTime() - this.#monotonic;
  }

  /**
   * Resolves when at least so many sleep: what the code under test does with files and sockets is then over.
   * @throws Error where that does not happen within ten seconds of real time.
   */
  async asleep(count = 1): Promise<void> {
    const end = performance.now() + PATIENCE;
    while (this.#sleepers.length < count) {
      if (performance.now() > end) throw new Error(`${this.#sleepers.length} sleep, and not ${count}`);
      await settle();
    }
  }
}
