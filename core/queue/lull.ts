/**
 * Waits until the event loop has nothing else to do, so that what many ask for while it is busy is done once for all.
 *
 * Guarantee: who comes alone waits for no more than a turn or two of the loop, since one with nothing to do comes round at
 * once; who comes while it is busy waits for `LONGEST` and the turn that then runs.
 */
import { performance } from 'node:perf_hooks';

/** The longest wait, in milliseconds. */
const LONGEST = 2;

/** The event loop, as far as it must be known to tell a lull. */
export interface Loop {
  /** How much has reached it from outside by now: sockets that can be read or written, messages of other threads. */
  events(): number;
  /** In milliseconds, from anywhere on. */
  now(): number;
}

/** Of the thread that this runs in. */
const OURS: Loop = {
  events: () => performance.nodeTiming.uvMetricsInfo.events,
  now: () => performance.now(),
};

/**
 * One call for all who ask for it meanwhile.
 * @example
 * const sent: string[][] = [];
 * const waiting: string[] = [];
 * const lull = new Lull(() => sent.push(waiting.splice(0)));
 * for (const one of ['a', 'b']) {
 *   waiting.push(one);
 *   lull.ask();
 * }
 */
export class Lull {
  readonly #act: () => void;
  readonly #loop: Loop;
  /** Since when the call is due; `null`: it is not. */
  #since: number | null = null;
  /** What had reached the loop when it was looked at last. */
  #events = 0;

  constructor(act: () => void, loop = OURS) {
    this.#act = act;
    this.#loop = loop;
  }

  /** Asks for the call, which comes in a later turn of the loop. */
  ask(): void {
    if (this.#since !== null) return;
    this.#since = this.#loop.now();
    this.#events = this.#loop.events();
    setImmediate(this.#look, this.#since);
  }

  readonly #look = (since: number): void => {
    const events = this.#loop.events();
    if (events === this.#events || this.#loop.now() - since >= LONGEST) {
      this.#since = null;
      this.#act();
      return;
    }
    this.#events = events;
    setImmediate(this.#look, since);
  };
}
