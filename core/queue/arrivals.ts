/**
 * New mail: put into the queue, and where there is room for it delivered at once, without being read back.
 *
 * Mail goes at once only where nobody waits for the same destination: it overtakes none. It is leased by the same
 * transaction that makes it durable, so that a crash leaves it as it leaves any other that was being delivered.
 */
import type { Chain } from '../chain/chain.ts';
import type { Claim, Lease, NewMail, QueueStore } from '../plugin/queue-store.ts';
import type { Destinations } from './destinations.ts';
import { placesOf } from './places.ts';
import type { Placing } from './placing.ts';

/** What arrivals need. */
export interface ArrivalsParts {
  readonly store: QueueStore;
  readonly placing: Placing;
  readonly destinations: Destinations;
  /** Who may take mail now, or `null` where nobody may. */
  readonly claim: () => Claim | null;
  /** Makes the attempt. Its destinations count as busy already. */
  readonly begin: (lease: Lease, ended: () => void) => void;
  /** Mail lies in the queue that nobody has taken. */
  readonly wake: () => void;
}

/** Content of mail that goes at once stays in memory until it is delivered: no more goes at once than this, in octets. */
const MOST_IN_MEMORY = 32 * 1024 * 1024;

export class Arrivals {
  readonly #parts: ArrivalsParts;
  #inMemory = 0;

  constructor(parts: ArrivalsParts) {
    this.#parts = parts;
  }

  /** Durable when it resolves: all mails or none. */
  async commit(mails: readonly NewMail[], chain: Chain): Promise<void> {
    const placed = await Promise.all(mails.map(one => this.#parts.placing.place(one, chain)));
    const [first, ...others] = placed;
    // Several mails of one transaction are rare enough to go through the queue.
    if (first !== undefined && others.length === 0 && first.fate.kind === 'deliver') {
      const claim = this.#inMemory < MOST_IN_MEMORY ? this.#parts.claim() : null;
      const names = namesOf(first);
      if (claim !== null && this.#parts.destinations.admits(names)) return this.#goAtOnce(first, names, claim);
    }
    await this.#parts.store.commit(placed);
    for (const one of placed) this.#parts.destinations.fellBehind(namesOf(one));
    this.#parts.wake();
  }

  async #goAtOnce(one: NewMail, names: ReadonlySet<string>, claim: Claim): Promise<void> {
    const { store, destinations, begin, wake } = this.#parts;
    const { content } = one.mail;
    const octets = content.file === undefined ? content.size : 0;
    destinations.begin(names);
    this.#inMemory += octets;
    let lease: Lease | undefined;
    try {
      [lease] = await store.commit([one], claim);
    } finally {
      if (lease === undefined) {
        for (const name of names) destinations.end(name, 'unknown');
        this.#inMemory -= octets;
      }
    }
    // Somebody keeps the destination back: it lies in the queue.
    if (lease === undefined) return wake();
    begin(lease, () => {
      this.#inMemory -= octets;
    });
  }
}

function namesOf(mail: NewMail): ReadonlySet<string> {
  return new Set(placesOf(mail).map(({ destination }) => destination));
}
