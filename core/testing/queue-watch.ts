/** Waits for a queue to come to rest, and shows what it knows of a mail. */
import type { Trace } from '../mail/trace.ts';
import type { Clock } from '../plugin/ports.ts';
import type { QueueStore } from '../plugin/queue-store.ts';
import { ManualClock } from './manual-clock.ts';

/** In milliseconds of real time. */
const PATIENCE = 10_000;
const PAUSE = 2;
/** So many looks at something due that nobody takes, and the scheduler is given a second of the manual clock. */
const LOOKS = 10;
const SECOND = 1000;
const PAGE = 1000;

export class QueueWatch {
  readonly #store: QueueStore;
  readonly #clock: Clock;

  constructor(store: QueueStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Resolves when nothing is being delivered and nothing is due. */
  async settled(): Promise<void> {
    const end = performance.now() + PATIENCE;
    for (let looks = 1; ; looks += 1) {
      const { leased, due } = await this.#unsettled();
      if (leased + due === 0) return;
      if (performance.now() > end) throw new Error(`the queue does not settle: ${leased} being delivered, ${due} due`);
      if (leased === 0 && looks % LOOKS === 0 && this.#clock instanceof ManualClock) await this.#clock.skip(SECOND);
      await new Promise(resolve => setTimeout(resolve, PAUSE));
    }
  }

  /** Lets time pass from one thing that is due to the next. */
  async later(milliseconds: number): Promise<void> {
    const clock = this.#clock;
    if (!(clock instanceof ManualClock)) throw new TypeError('time can only be made to pass on a manual clock');
    const end = clock.monotonic() + milliseconds;
    await this.settled();
    for (let left = milliseconds; left > 0; left = end - clock.monotonic()) {
      const due = (await this.#store.nextDue())?.getTime() ?? Number.POSITIVE_INFINITY;
      await clock.skip(Math.min(left, Math.max(SECOND, due - clock.now().getTime())));
      await this.settled();
    }
  }

  async trace(id: string): Promise<Trace> {
    const found = (await this.#store.find(id)) ?? (await this.#store.past(id));
    if (found === null) throw new RangeError(`the queue knows no mail ${id}`);
    return found.trace;
  }

  async #unsettled(): Promise<{ readonly leased: number; readonly due: number }> {
    const now = this.#clock.now().getTime();
    let [leased, due] = [0, 0];
    for (let after: string | null = null, first = true; first || after !== null; first = false) {
      const page = await this.#store.list({ after, limit: PAGE });
      for (const { state, nextAttempt, keptBack } of page.entries.flatMap(({ recipients }) => recipients)) {
        if (state === 'leased') leased += 1;
        if (state === 'waiting' && keptBack === null && (nextAttempt?.getTime() ?? now) <= now) due += 1;
      }
      after = page.next;
    }
    return { leased, due };
  }
}
