/**
 * New mail: put into the queue, and where there is room for it delivered at once, without being read back.
 *
 * Mail goes at once only where nobody waits for the same destination: it overtakes none. It is leased by the same
 * transaction that makes it durable, so that a crash leaves it as it leaves any other that was being delivered. While it is
 * committed it takes no room at its destination; where that is full afterwards, it waits for its turn with its lease.
 */
import type { Chain } from '../chain/chain.ts';
import { describeError } from '../mail/failure.ts';
import { hold } from '../mail/held-content.ts';
import type { Clock, Log } from '../plugin/ports.ts';
import type { Claim, Lease, NewMail, QueueStore } from '../plugin/queue-store.ts';
import type { Destinations } from './destinations.ts';
import { Flow } from './flow.ts';
import { destinationsOf, placesOf } from './places.ts';
import type { Placing } from './placing.ts';
import { precedence } from './precedence.ts';

/** What arrivals need. */
export interface ArrivalsParts {
  readonly store: QueueStore;
  readonly placing: Placing;
  readonly destinations: Destinations;
  readonly clock: Clock;
  readonly log: Log;
  /** Who may take mail now, or `null` where nobody may. */
  readonly claim: () => Claim | null;
  /** Whether attempts begin, or everything is about to stop. */
  readonly mayBegin: () => boolean;
  /** Makes the attempt. Its destinations count as busy already. */
  readonly begin: (lease: Lease, ended: () => void) => void;
  /** Mail lies in the queue that nobody has taken. */
  readonly wake: () => void;
}

/** Content of mail that goes at once stays in memory until it is delivered: no more goes at once than this, in octets. */
const MOST_IN_MEMORY = 32 * 1024 * 1024;

/** New mail that is leased and waits for its turn. */
interface Arrival {
  readonly lease: Lease;
  readonly names: ReadonlySet<string>;
  /** What its content takes in memory. */
  readonly octets: number;
  /** To be called when its content need not be in memory beside its file any more. */
  readonly letGo: () => void;
  /** The smaller goes first. */
  readonly precedence: number;
}

export class Arrivals {
  readonly #parts: ArrivalsParts;
  /** Those that go first, first. */
  readonly #waiting: Arrival[] = [];
  readonly #flow: Flow;
  #inMemory = 0;

  constructor(parts: ArrivalsParts) {
    this.#parts = parts;
    this.#flow = new Flow(parts.clock);
  }

  /** What is leased and has not begun. */
  get leases(): readonly Lease[] {
    return this.#waiting.map(({ lease }) => lease);
  }

  /** Durable when it resolves: all mails or none. */
  async commit(mails: readonly NewMail[], chain: Chain): Promise<void> {
    const placed = await this.#parts.placing.placeAll(mails, chain);
    const [first, ...others] = placed;
    // Several mails of one transaction are rare enough to go through the queue.
    if (first !== undefined && others.length === 0 && first.fate.kind === 'deliver') {
      const names = destinationsOf(first);
      const claim = this.#enter(names) ?? (await this.#standBack(names));
      if (claim !== null) return this.#goAtOnce(first, names, claim);
    }
    await this.#parts.store.commit(placed);
    for (const one of placed) this.#parts.destinations.fellBehind(destinationsOf(one));
    this.#parts.wake();
  }

  /** A delivery has ended. */
  oneHasLeft(): void {
    this.#flow.oneHasLeft();
    this.goOn();
  }

  /** There may be room for those that wait. At each destination they stand as they would in the queue. */
  goOn(): void {
    const { destinations, mayBegin } = this.#parts;
    // Whoever stops gives back all that has not begun.
    if (this.#waiting.length === 0 || !mayBegin()) return;
    const full = new Set<string>();
    for (const arrival of this.#waiting.slice()) {
      const { names } = arrival;
      const isBehind = full.size > 0 && [...names].some(name => full.has(name));
      const turn = isBehind ? 'wait' : destinations.turnOf(names);
      if (turn === 'wait') for (const name of names) full.add(name);
      else if (turn === 'begin') this.#begin(arrival);
      else this.#giveBack(arrival);
    }
  }

  /** Reserves what it will take, or does nothing. @returns what it is leased with, or `null`. */
  #enter(names: ReadonlySet<string>): Claim | null {
    const { destinations, claim } = this.#parts;
    const claimed = this.#inMemory < MOST_IN_MEMORY ? claim() : null;
    if (claimed === null || !destinations.admits(names)) return null;
    destinations.reserve(names);
    return claimed;
  }

  /** Stands in line where its destinations answer, and enters when it is its turn, if it then may. */
  async #standBack(names: ReadonlySet<string>): Promise<Claim | null> {
    if (!this.#parts.destinations.flow(names)) return null;
    await this.#flow.turn();
    return this.#enter(names);
  }

  async #goAtOnce(one: NewMail, names: ReadonlySet<string>, claim: Claim): Promise<void> {
    const { store, wake } = this.#parts;
    const { content } = one.mail;
    const octets = content.file === undefined ? content.size : 0;
    const letGo = hold(content);
    this.#inMemory += octets;
    let lease: Lease | undefined;
    try {
      [lease] = await store.commit([one], claim);
    } finally {
      if (lease === undefined) this.#release({ names, octets, letGo });
    }
    // Somebody keeps the destination back: it lies in the queue.
    if (lease === undefined) return wake();
    this.#line({ lease, names, octets, letGo, precedence: precedenceOf(one) });
    this.goOn();
  }

  #line(arrival: Arrival): void {
    const behind = this.#waiting.findLastIndex(({ precedence }) => precedence <= arrival.precedence);
    this.#waiting.splice(behind + 1, 0, arrival);
  }

  #leave(arrival: Arrival): void {
    this.#waiting.splice(this.#waiting.indexOf(arrival), 1);
  }

  #begin(arrival: Arrival): void {
    const { destinations, begin } = this.#parts;
    this.#leave(arrival);
    destinations.begin(arrival.names);
    destinations.unreserve(arrival.names);
    begin(arrival.lease, () => {
      this.#forget(arrival);
    });
  }

  /** Its lease ends now: it waits in the queue like all other mail for the destination. */
  #giveBack(arrival: Arrival): void {
    const { store, destinations, clock, log, wake } = this.#parts;
    this.#leave(arrival);
    this.#release(arrival);
    destinations.fellBehind(arrival.names);
    store.renew([arrival.lease], clock.now()).then(wake, error =>
      // The lease runs out by itself.
      log.error('failed', { queueId: arrival.lease.mail.id, givingBack: describeError(error) }),
    );
  }

  #release(taken: Pick<Arrival, 'names' | 'octets' | 'letGo'>): void {
    this.#parts.destinations.unreserve(taken.names);
    this.#forget(taken);
  }

  #forget({ octets, letGo }: Pick<Arrival, 'octets' | 'letGo'>): void {
    this.#inMemory -= octets;
    letGo();
  }
}

function precedenceOf(one: NewMail): number {
  return precedence(one.mail.receivedAt.getTime(), Math.max(...placesOf(one).map(({ priority }) => priority)));
}
