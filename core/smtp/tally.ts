/**
 * Counts what one client or one network does in a sliding window of time.
 *
 * Two counters a kind stand for the window: what came before counts by the share of it that still lies within. So nobody
 * gets twice the limit by waiting for the turn of a minute, and a tally has the same size however much it counts.
 */
import type { CrowdLimits, Limits } from '../mail/limits.ts';

/** What is counted by the window. */
export type Counted = 'newConnections' | 'mails' | 'recipients';

type Counts = Record<Counted, number>;

const none = (): Counts => ({ newConnections: 0, mails: 0, recipients: 0 });

export class Tally {
  readonly #whose: 'perClient' | 'perNetwork';
  #limits: CrowdLimits;
  #window: number;
  #live = 0;
  /** The number of the window that `#current` counts. */
  #index: number;
  #current = none();
  #before = none();

  constructor(whose: 'perClient' | 'perNetwork', limits: Limits, now: number) {
    this.#whose = whose;
    this.#limits = limits[whose];
    this.#window = limits.window;
    this.#index = Math.floor(now / limits.window);
  }

  /** Other limits hold from now on. In a window of another length the count begins anew. */
  change(limits: Limits, now: number): void {
    this.#limits = limits[this.#whose];
    if (limits.window === this.#window) return;
    this.#window = limits.window;
    this.#index = Math.floor(now / limits.window);
    this.#current = none();
    this.#before = none();
  }

  /** Sessions now. */
  get live(): number {
    return this.#live;
  }

  /** Why no session may begin, or `null`. */
  full(now: number): 'connections' | 'newConnections' | null {
    const { connections } = this.#limits;
    if (connections !== null && this.#live >= connections) return 'connections';
    return this.allows('newConnections', now) ? null : 'newConnections';
  }

  enter(now: number): void {
    this.#live += 1;
    this.count('newConnections', now);
  }

  leave(): void {
    this.#live -= 1;
  }

  /** Whether one more is within the limit. */
  allows(what: Counted, now: number): boolean {
    const limit = this.#limits[what];
    if (limit === null) return true;
    this.#turn(now);
    const share = 1 - (now / this.#window - this.#index);
    return this.#current[what] + this.#before[what] * share < limit;
  }

  count(what: Counted, now: number): void {
    this.#turn(now);
    this.#current[what] += 1;
  }

  /** Whether nothing would be different if it were forgotten. */
  isForgettable(now: number): boolean {
    return this.#live === 0 && Math.floor(now / this.#window) > this.#index + 1;
  }

  #turn(now: number): void {
    const index = Math.floor(now / this.#window);
    if (index === this.#index) return;
    this.#before = index === this.#index + 1 ? this.#current : none();
    this.#current = none();
    this.#index = index;
  }
}
