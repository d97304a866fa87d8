/**
 * A queue in memory, for tests and for programs that embed the gateway and can afford to lose mail.
 *
 * Keeps every promise of the port but the one about the disk.
 */
import type { Trace } from '../mail/trace.ts';
import type { QueuedMail, QueueEntry } from '../plugin/queue-control.ts';
import type { Claim, Lease, LeaseRequest, NewMail, QueueStore, Settlement } from '../plugin/queue-store.ts';
import {
  type Entry,
  entryOf,
  inMemory,
  newEntry,
  queuedRecipient,
  rankOf,
  type Seat,
  settleSeat,
  unsettled,
} from './memory-entry.ts';
import { RoomLeft } from './room-left.ts';

/** Makes an empty one. */
export function memoryStore(): QueueStore {
  return new MemoryStore();
}

class MemoryStore implements QueueStore {
  readonly #entries = new Map<string, Entry>();
  /** When each destination that is kept back may be tried again. */
  readonly #notBefore = new Map<string, number>();
  #fence = 0;

  async commit(mails: readonly NewMail[], claim: Claim | null = null): Promise<readonly Lease[]> {
    const entries = this.#insert(await inMemory(mails));
    if (claim === null) return [];
    const free = (seat: Seat) => this.#dueAt(seat) <= seat.due;
    return entries
      .filter(({ fate, seats }) => fate.kind === 'deliver' && seats.every(free))
      .map(entry => this.#take(entry, entry.seats, claim));
  }

  async lease(request: LeaseRequest): Promise<readonly Lease[]> {
    const { now, limit, room, only } = request;
    this.#endLeases(({ lease }) => lease !== null && lease.until <= now.getTime());
    const left = new RoomLeft({ limit, room });
    const ready = (seat: Seat) =>
      seat.state === 'waiting' &&
      this.#dueAt(seat) <= now.getTime() &&
      left.at(seat.destination) > 0 &&
      (only?.includes(seat.destination) ?? true);
    const leases: Lease[] = [];
    for (let progress = true; progress && left.all > 0; ) {
      progress = false;
      for (const destination of this.#destinations(ready)) {
        const entry = left.all > 0 ? this.#first(destination, ready) : null;
        if (entry === null) continue;
        const taken = left.takeFor(entry.seats.filter(ready));
        leases.push(this.#take(entry, taken, request));
        progress = true;
      }
    }
    return [...leases, ...this.#expired(request, left.all)];
  }

  #expired({ expiredBefore, ...claim }: LeaseRequest, limit: number): readonly Lease[] {
    const over = (seat: Seat) => seat.state === 'waiting' && seat.expires < (expiredBefore?.getTime() ?? 0);
    const entries = [...this.#entries.values()].filter(({ seats }) => seats.some(over)).slice(0, limit);
    return entries.map(entry => ({ ...this.#take(entry, entry.seats.filter(over), claim), fate: { kind: 'expire' } }));
  }

  #dueAt({ due, destination }: Seat): number {
    return Math.max(due, this.#notBefore.get(destination) ?? 0);
  }

  async backOff(destination: string, until: Date | null): Promise<void> {
    if (until === null) this.#notBefore.delete(destination);
    else this.#notBefore.set(destination, until.getTime());
  }

  async settle(
    { mail: { id }, fence }: Lease,
    settlements: readonly Settlement[],
    steps: Trace,
    notifications: readonly NewMail[],
  ): Promise<'settled' | 'lost'> {
    const loaded = await inMemory(notifications);
    const entry = this.#entries.get(id);
    const seats = settlements.map(({ index }) => entry?.seats[index]);
    if (entry === undefined || !seats.every(seat => seat?.state === 'leased' && seat.lease?.fence === fence)) {
      return 'lost';
    }
    this.#insert(loaded);
    for (const settlement of settlements) settleSeat(entry, settlement);
    entry.trace = [...entry.trace, ...steps];
    if (entry.seats.every(seat => seat.state === 'done')) this.#entries.delete(id);
    return 'settled';
  }

  async renew(leases: readonly Lease[], until: Date): Promise<void> {
    const fences = new Set(leases.map(lease => lease.fence));
    for (const { lease } of this.#seats()) if (lease !== null && fences.has(lease.fence)) lease.until = until.getTime();
  }

  async giveBack(owner: string): Promise<void> {
    this.#endLeases(seat => seat.lease?.owner === owner);
  }

  async nextDue(except: readonly string[] = []): Promise<Date | null> {
    const times = [...this.#seats()].map(seat => {
      if (seat.lease !== null) return seat.lease.until;
      return seat.state === 'waiting' && !except.includes(seat.destination) ? this.#dueAt(seat) : Infinity;
    });
    const next = times.reduce((earliest, time) => Math.min(earliest, time), Infinity);
    return next === Infinity ? null : new Date(next);
  }

  async list({
    after,
    limit,
  }: {
    readonly after: string | null;
    readonly limit: number;
  }): Promise<readonly QueueEntry[]> {
    const ids = [...this.#entries.keys()].filter(id => after === null || id > after).sort();
    return ids.slice(0, limit).flatMap(id => {
      const entry = this.#entries.get(id);
      return entry === undefined ? [] : [entryOf(entry)];
    });
  }

  async find(id: string): Promise<QueuedMail | null> {
    const entry = this.#entries.get(id);
    return entry === undefined ? null : { entry: entryOf(entry), mail: entry.mail, trace: entry.trace };
  }

  async retry(id: string, now: Date): Promise<number | null> {
    for (const { destination } of this.#entries.get(id)?.seats ?? []) this.#notBefore.delete(destination);
    return this.#change(id, seat => seat.state === 'waiting', { state: 'waiting', due: now.getTime() });
  }

  async hold(id: string, why: { readonly by: string; readonly reason: string }): Promise<number | null> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    entry.hold = { by: why.by, reason: why.reason };
    this.#change(id, seat => seat.state === 'waiting', { state: 'held' });
    return unsettled(entry);
  }

  async release(id: string, now: Date): Promise<number | null> {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.hold = null;
    return this.#change(id, seat => seat.state === 'held', { state: 'waiting', due: now.getTime() });
  }

  async remove(id: string): Promise<number | null> {
    const entry = this.#entries.get(id);
    this.#entries.delete(id);
    return entry === undefined ? null : unsettled(entry);
  }

  async close(): Promise<void> {
    this.#entries.clear();
  }

  #insert(mails: readonly NewMail[]): readonly Entry[] {
    const ids = new Set(mails.map(({ mail }) => mail.id));
    if (ids.size < mails.length || mails.some(({ mail }) => this.#entries.has(mail.id))) {
      throw new RangeError('a queue id is taken');
    }
    const entries = mails.map(newEntry);
    for (const entry of entries) this.#entries.set(entry.mail.id, entry);
    return entries;
  }

  #take(entry: Entry, taken: readonly Seat[], { owner, until }: Claim): Lease {
    this.#fence += 1;
    const { mail, fate } = entry;
    for (const seat of taken) {
      seat.state = 'leased';
      seat.lease = { owner, fence: this.#fence, until: until.getTime() };
    }
    return {
      owner,
      until,
      fence: this.#fence,
      mail,
      recipients: taken.map(seat => queuedRecipient(entry, seat)),
      fate: fate.kind === 'bounce' ? fate : { kind: 'deliver' },
    };
  }

  #destinations(ready: (seat: Seat) => boolean): readonly string[] {
    return [...new Set(this.#inOrder(ready).map(({ seat }) => seat.destination))];
  }

  #first(destination: string, ready: (seat: Seat) => boolean): Entry | null {
    return this.#inOrder(seat => seat.destination === destination && ready(seat))[0]?.entry ?? null;
  }

  #inOrder(which: (seat: Seat) => boolean): readonly { readonly entry: Entry; readonly seat: Seat }[] {
    return [...this.#entries.values()]
      .flatMap(entry => entry.seats.filter(which).map(seat => ({ entry, seat, rank: rankOf(seat) })))
      .sort((one, other) => one.rank - other.rank);
  }

  #endLeases(which: (seat: Seat) => boolean): void {
    for (const entry of this.#entries.values()) {
      for (const seat of entry.seats) {
        if (seat.state !== 'leased' || !which(seat)) continue;
        seat.state = entry.hold === null ? 'waiting' : 'held';
        seat.lease = null;
      }
    }
  }

  #change(id: string, which: (seat: Seat) => boolean, change: Partial<Seat>): number | null {
    const entry = this.#entries.get(id);
    if (entry === undefined) return null;
    const changed = entry.seats.filter(which);
    for (const seat of changed) Object.assign(seat, change);
    return changed.length;
  }

  *#seats(): Iterable<Seat> {
    for (const entry of this.#entries.values()) yield* entry.seats;
  }
}
