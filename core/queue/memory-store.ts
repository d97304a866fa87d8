/**
 * A queue in memory, for tests and for programs that embed the gateway and can afford to lose mail.
 *
 * Keeps every promise of the port but the one about the disk.
 */
import type { Trace } from '../mail/trace.ts';
import type { Claim, Lease, LeaseRequest, NewMail, QueueStore, Settlement } from '../plugin/queue-store.ts';
import { MemoryDesk } from './memory-desk.ts';
import { type Entry, inMemory, newEntry, queuedRecipient, rankOf, type Seat, settleSeat } from './memory-entry.ts';
import { RoomLeft } from './room-left.ts';

/** Makes an empty one. */
export function memoryStore(): QueueStore {
  return new MemoryStore();
}

class MemoryStore extends MemoryDesk implements QueueStore {
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
    const { now } = request;
    this.#endLeases(({ lease }) => lease !== null && lease.until <= now.getTime());
    const left = new RoomLeft(request);
    const ready = (seat: Seat) =>
      seat.state === 'waiting' && this.#dueAt(seat) <= now.getTime() && left.at(seat.destination) > 0;
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
    const entries = [...this.entries.values()].filter(({ seats }) => seats.some(over)).slice(0, limit);
    return entries.map(entry => {
      const lease = this.#take(entry, entry.seats.filter(over), claim);
      return lease.fate.kind === 'bounce' ? lease : { ...lease, fate: { kind: 'expire' } };
    });
  }

  #dueAt({ due, destination }: Seat): number {
    return Math.max(due, this.notBefore(destination));
  }

  async backOff(destination: string, until: Date | null): Promise<void> {
    if (until === null) this.keptBack.delete(destination);
    else this.keptBack.set(destination, until.getTime());
  }

  async settle(
    { mail: { id }, fence }: Lease,
    settlements: readonly Settlement[],
    steps: Trace,
    notifications: readonly NewMail[],
  ): Promise<'settled' | 'lost'> {
    const loaded = await inMemory(notifications);
    const entry = this.entries.get(id);
    const seats = settlements.map(({ index }) => entry?.seats[index]);
    if (entry === undefined || !seats.every(seat => seat?.state === 'leased' && seat.lease?.fence === fence)) {
      return 'lost';
    }
    this.#insert(loaded);
    for (const settlement of settlements) settleSeat(entry, settlement);
    entry.trace = [...entry.trace, ...steps];
    if (entry.seats.every(seat => seat.state === 'done')) this.forget(entry, lastTime(entry), null);
    return 'settled';
  }

  async renew(leases: readonly Lease[], until: Date): Promise<void> {
    const fences = new Set(leases.map(lease => lease.fence));
    for (const { lease } of this.seats()) if (lease !== null && fences.has(lease.fence)) lease.until = until.getTime();
  }

  async giveBack(owner: string): Promise<void> {
    this.#endLeases(seat => seat.lease?.owner === owner);
  }

  async nextDue(except: readonly string[] = []): Promise<Date | null> {
    const times = [...this.seats()].map(seat => {
      if (seat.lease !== null) return seat.lease.until;
      return seat.state === 'waiting' && !except.includes(seat.destination) ? this.#dueAt(seat) : Infinity;
    });
    const next = times.reduce((earliest, time) => Math.min(earliest, time), Infinity);
    return next === Infinity ? null : new Date(next);
  }

  async close(): Promise<void> {
    this.entries.clear();
  }

  #insert(mails: readonly NewMail[]): readonly Entry[] {
    const ids = new Set(mails.map(({ mail }) => mail.id));
    if (ids.size < mails.length || mails.some(({ mail }) => this.entries.has(mail.id))) {
      throw new RangeError('a queue id is taken');
    }
    const entries = mails.map(newEntry);
    for (const entry of entries) this.entries.set(entry.mail.id, entry);
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
    return [...this.entries.values()]
      .flatMap(entry => entry.seats.filter(which).map(seat => ({ entry, seat, rank: rankOf(seat) })))
      .sort((one, other) => one.rank - other.rank);
  }

  #endLeases(which: (seat: Seat) => boolean): void {
    for (const entry of this.entries.values()) {
      for (const seat of entry.seats) {
        if (seat.state !== 'leased' || !which(seat)) continue;
        seat.state = entry.hold === null ? 'waiting' : 'held';
        seat.lease = null;
      }
    }
  }
}

/** No time is told with a settlement: its steps have one. */
function lastTime({ trace, mail }: Entry): Date {
  return new Date(trace.reduce((last, { at }) => Math.max(last, at), mail.receivedAt.getTime()));
}
