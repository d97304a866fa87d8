/**
 * The attempts that run: each holds its lease, the generation that it began with, and the room that it takes at its
 * destinations.
 */
import type { Chain } from '../chain/chain.ts';
import { describeError } from '../mail/failure.ts';
import type { Clock, Log } from '../plugin/ports.ts';
import type { Lease, QueueStore } from '../plugin/queue-store.ts';
import { type Ended, makeAttempt } from './attempt.ts';
import type { News } from './destination-state.ts';
import type { Destinations } from './destinations.ts';
import type { Ledger } from './ledger.ts';

/** What attempts need. */
export interface AttemptsParts {
  readonly store: QueueStore;
  readonly ledger: Ledger;
  readonly destinations: Destinations;
  /** The chain to use for one attempt, kept until it is released. */
  readonly pin: () => { readonly chain: Chain; release(): void };
  readonly clock: Clock;
  readonly log: Log;
  /** There may be room for mail that waits in the queue. */
  readonly wake: () => void;
  /** A delivery has ended: there may be room for mail that is leased already. */
  readonly oneHasLeft: () => void;
}

export class Attempts {
  readonly #parts: AttemptsParts;
  readonly #running = new Map<Lease, Promise<void>>();

  constructor(parts: AttemptsParts) {
    this.#parts = parts;
  }

  /** How many run, those included whose outcomes are being written down. */
  get count(): number {
    return this.#running.size;
  }

  get leases(): readonly Lease[] {
    return [...this.#running.keys()];
  }

  /** Begins one whose destinations count as busy already. */
  begin(lease: Lease, ended: () => void = () => undefined): void {
    this.#running.set(lease, this.#make(lease, ended));
  }

  /** Resolves when all that run now have ended. */
  async end(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  async #make(lease: Lease, ended: () => void): Promise<void> {
    const { ledger, log } = this.#parts;
    const visits = new Visits(lease);
    const pin = this.#parts.pin();
    try {
      await makeAttempt({
        lease,
        chain: pin.chain,
        log,
        heard: ones => this.#learn(visits.of(ones)),
        settle: ledger.page(lease, pin.chain),
      });
    } catch (error) {
      // Nothing was written down: the lease runs out, and the mail is tried again.
      log.error('failed', { queueId: lease.mail.id, attempting: describeError(error) });
    } finally {
      pin.release();
      this.#learn(visits.rest());
      this.#running.delete(lease);
      ended();
    }
  }

  #learn(news: Iterable<readonly [string, News]>): void {
    const { destinations, wake, oneHasLeft } = this.#parts;
    let anyEnded = false;
    for (const [name, one] of news) {
      anyEnded = true;
      const { turn, wakes } = destinations.end(name, one);
      if (turn !== null) this.#keepBack(name, turn.kind === 'left-alone' ? turn.until : null);
      if (wakes) wake();
    }
    if (anyEnded) oneHasLeft();
  }

  /** Told to the store, so that mail of a destination that is left alone is not taken, and to whoever reads the log. */
  #keepBack(destination: string, until: Date | null): void {
    const { store, log, wake, destinations } = this.#parts;
    if (until === null) log.info('reached again', { destination });
    else log.warn('left alone', { destination, until });
    store.backOff(destination, until).then(
      () => (until === null ? wake() : destinations.isKeptBack(destination)),
      error => log.error('failed', { destination, keepingBack: describeError(error) }),
    );
  }
}

/** What is known of one destination. */
interface Visit {
  /** Recipients there without an outcome. */
  left: number;
  news: News;
}

/** The destinations of a lease, and how it goes at each: known when the last recipient there has an outcome. */
class Visits {
  readonly #open = new Map<string, Visit>();

  constructor({ recipients, fate }: Lease) {
    // Mail that is given up visits nobody.
    if (fate.kind !== 'deliver') return;
    for (const { destination } of recipients) {
      const visit = this.#open.get(destination);
      if (visit === undefined) this.#open.set(destination, { left: 1, news: 'unknown' });
      else visit.left += 1;
    }
  }

  /** What is known now of the destinations that these complete. */
  of(ended: readonly Ended[]): readonly Visited[] {
    const known: Visited[] = [];
    for (const one of ended) {
      const { destination } = one.queued;
      const visit = this.#open.get(destination);
      if (visit === undefined) continue;
      visit.news = better(visit.news, newsOf(one));
      visit.left -= 1;
      if (visit.left > 0) continue;
      this.#open.delete(destination);
      known.push([destination, visit.news]);
    }
    return known;
  }

  /** Those that are not complete, should an attempt break. */
  rest(): readonly Visited[] {
    const left = [...this.#open.keys()].map((name): Visited => [name, 'unknown']);
    this.#open.clear();
    return left;
  }
}

type Visited = readonly [string, News];

function newsOf({ outcome }: Ended): News {
  return outcome.kind === 'deferred' && outcome.concerns === 'destination' ? 'ill' : 'well';
}

/** One recipient that was answered says more than all others: somebody is there. */
function better(one: News, other: News): News {
  if (one === 'well' || other === 'well') return 'well';
  return one === 'ill' || other === 'ill' ? 'ill' : 'unknown';
}
