/**
 * How many sessions, mails and recipients one client, and one network, may have: at the same time, and in a window.
 *
 * Memory is bounded: what has done nothing for two windows is forgotten, and beyond `MOST_KEPT` strangers, whoever has
 * no session now.
 */
import { type InRanges, inRanges } from '../mail/ip-ranges.ts';
import type { Limits } from '../mail/limits.ts';
import type { Clock } from '../plugin/ports.ts';
import { clientOf, networkOf } from './client-network.ts';
import { type Counted, Tally } from './tally.ts';

/** One session's part in the crowd. */
export interface Visit {
  readonly kind: 'visit';
  /** Counts one more. @returns whose limit forbids it, or `null`. */
  count(what: Exclude<Counted, 'newConnections'>): 'client' | 'network' | null;
  /** The session is that of another client from now on. @returns why it may not be: it is nobody's then. */
  become(address: string): Crowded | null;
  /** The session is over. Further calls do nothing. */
  leave(): void;
}

/** No session for this address now. */
export interface Crowded {
  readonly kind: 'crowded';
  /** For the log: `more than 50 connections of 192.0.2.1`. */
  readonly because: string;
  /** Whether the log has heard of it in this window. */
  readonly news: boolean;
}

const MOST_KEPT = 100_000;

/** What is counted of one session while it is that of one client. */
type Part = { readonly kind: 'part' } & Pick<Visit, 'count' | 'leave'>;

const EXEMPT: Part = { kind: 'part', count: () => null, leave: () => undefined };

export class Crowd {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #limits: Limits;
  #isExempt: InRanges;
  readonly #tallies = new Map<string, Tally>();
  readonly #told = new Set<string>();
  #nextSweep = 0;

  constructor(limits: Limits, clock: Pick<Clock, 'monotonic'>) {
    this.#limits = limits;
    this.#clock = clock;
    this.#isExempt = inRanges(limits.exempt);
  }

  /** From now on these hold, for those too who are there. What was counted stays counted, unless the window is another. */
  change(limits: Limits): void {
    const now = this.#clock.monotonic();
    for (const tally of this.#tallies.values()) tally.change(limits, now);
    this.#limits = limits;
    this.#isExempt = inRanges(limits.exempt);
  }

  /** A client knocks. */
  enter(address: string): Visit | Crowded {
    const part = this.#part(address);
    return part.kind === 'crowded' ? part : visit(part, other => this.#part(other));
  }

  #part(address: string): Part | Crowded {
    if (this.#isExempt(address)) return EXEMPT;
    const now = this.#clock.monotonic();
    this.#sweep(now);
    const client = this.#tally(clientOf(address), 'perClient', now);
    const network = this.#tally(networkOf(address), 'perNetwork', now);
    const crowded =
      this.#refusal(clientOf(address), client.full(now)) ?? this.#refusal(networkOf(address), network.full(now));
    if (crowded !== null) return crowded;
    client.enter(now);
    network.enter(now);
    return counting(client, network, this.#clock);
  }

  #tally(key: string, whose: 'perClient' | 'perNetwork', now: number): Tally {
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = new Tally(whose, this.#limits, now);
      this.#tallies.set(key, tally);
    }
    return tally;
  }

  #refusal(key: string, full: 'connections' | 'newConnections' | null): Crowded | null {
    if (full === null) return null;
    const news = !this.#told.has(key);
    this.#told.add(key);
    const because = full === 'connections' ? `too many connections of ${key}` : `${key} connects too often`;
    return { kind: 'crowded', because, news };
  }

  #sweep(now: number): void {
    if (now >= this.#nextSweep) {
      this.#nextSweep = now + this.#limits.window;
      this.#told.clear();
      for (const [key, tally] of this.#tallies) if (tally.isForgettable(now)) this.#tallies.delete(key);
    }
    if (this.#tallies.size <= MOST_KEPT) return;
    for (const [key, tally] of this.#tallies) if (tally.live === 0) this.#tallies.delete(key);
  }
}

function visit(first: Part, enter: (address: string) => Part | Crowded): Visit {
  let part = first;
  let over = false;
  return {
    kind: 'visit',
    count: what => part.count(what),
    become(address) {
      part.leave();
      part = EXEMPT;
      const next = over ? EXEMPT : enter(address);
      if (next.kind === 'crowded') return next;
      part = next;
      return null;
    },
    leave() {
      over = true;
      part.leave();
    },
  };
}

function counting(client: Tally, network: Tally, clock: Pick<Clock, 'monotonic'>): Part {
  let here = true;
  return {
    kind: 'part',
    count(what) {
      const now = clock.monotonic();
      if (!client.allows(what, now)) return 'client';
      if (!network.allows(what, now)) return 'network';
      client.count(what, now);
      network.count(what, now);
      return null;
    },
    leave() {
      if (!here) return;
      here = false;
      client.leave();
      network.leave();
    },
  };
}
