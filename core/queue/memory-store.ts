/**
 * A queue in memory, for tests and for programs that embed the gateway and can afford to lose mail.
 *
 * Keeps every promise of the port but the one about the disk.
 */
import { contentOf } from '../mail/content.ts';
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Trace } from '../mail/trace.ts';
import type { QueuedMail, QueuedRecipient, QueueEntry, RecipientState } from '../plugin/queue-control.ts';
import type { Fate, Lease, LeaseRequest, NewMail, QueueStore, Settlement } from '../plugin/queue-store.ts';
import { precedence } from './precedence.ts';

interface Seat {
  readonly index: number;
  readonly destination: string;
  state: RecipientState;
  due: number;
  attempts: number;
  delayNotified: boolean;
  lastOutcome: Outcome | null;
  lease: { readonly owner: string; readonly fence: number; until: number } | null;
}

interface Entry {
  readonly mail: Mail;
  readonly priority: number;
  readonly fate: Fate;
  readonly seats: readonly Seat[];
  hold: QueueEntry['hold'];
  trace: Trace;
}

/** Makes an empty one. */
export function memoryStore(): QueueStore {
  return new MemoryStore();
}

class MemoryStore implements QueueStore {
  readonly #entries = new Map<string, Entry>();
  #fence = 0;

  async commit(mails: readonly NewMail[]): Promise<void> {
    this.#insert(await inMemory(mails));
  }

  async lease({ owner, now, until, limit, room }: LeaseRequest): Promise<readonly Lease[]> {
    this.#endLeases(({ lease }) => lease !== null && lease.until <= now.getTime());
    const left = new Map(room.but);
    const roomAt = (destination: string) => left.get(destination) ?? room.each;
    const ready = (seat: Seat) => seat.state === 'waiting' && seat.due <= now.getTime() && roomAt(seat.destination) > 0;
    const leases: Lease[] = [];
    for (let progress = true; progress && leases.length < limit; ) {
      progress = false;
      for (const destination of this.#destinations(ready)) {
        const entry = leases.length < limit ? this.#first(destination, ready) : null;
        if (entry === null) continue;
        const taken = entry.seats.filter(ready);
        for (const one of new Set(taken.map(seat => seat.destination))) left.set(one, roomAt(one) - 1);
        leases.push(this.#take(entry, taken, { owner, until }));
        progress = true;
      }
    }
    return leases;
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
      return seat.state === 'waiting' && !except.includes(seat.destination) ? seat.due : Infinity;
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

  #insert(mails: readonly NewMail[]): void {
    const ids = new Set(mails.map(({ mail }) => mail.id));
    if (ids.size < mails.length || mails.some(({ mail }) => this.#entries.has(mail.id))) {
      throw new RangeError('a queue id is taken');
    }
    const empty = mails.find(({ mail }) => mail.envelope.recipients.length === 0);
    if (empty !== undefined) throw new RangeError(`the mail ${empty.mail.id} has no recipients`);
    for (const one of mails) this.#entries.set(one.mail.id, newEntry(one));
  }

  #take(entry: Entry, taken: readonly Seat[], by: { readonly owner: string; readonly until: Date }): Lease {
    this.#fence += 1;
    const { mail, fate } = entry;
    for (const seat of taken) {
      seat.state = 'leased';
      seat.lease = { owner: by.owner, fence: this.#fence, until: by.until.getTime() };
    }
    return {
      ...by,
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
      .flatMap(entry => entry.seats.filter(which).map(seat => ({ entry, seat, rank: rankOf(entry, seat) })))
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

/** The octets may lie in a file that is removed after the commit. */
function inMemory(mails: readonly NewMail[]): Promise<readonly NewMail[]> {
  return Promise.all(
    mails.map(async one => {
      const { content } = one.mail;
      const octets = await content.bytes();
      if (octets.length !== content.size)
        throw new RangeError(`content of ${content.size} octets gave ${octets.length}`);
      return { ...one, mail: { ...one.mail, content: contentOf(octets) } };
    }),
  );
}

function newEntry({ mail, trace, fate }: NewMail): Entry {
  const hold = fate.kind === 'hold' ? { by: fate.by, reason: fate.reason } : null;
  const seats = mail.envelope.recipients.map(
    (recipient, index): Seat => ({
      index,
      destination: recipient.forwardPath.domain,
      state: hold === null ? 'waiting' : 'held',
      due: mail.receivedAt.getTime(),
      attempts: 0,
      delayNotified: false,
      lastOutcome: null,
      lease: null,
    }),
  );
  return { mail, priority: mail.envelope.parameters.priority, fate, seats, hold, trace };
}

function rankOf({ priority }: Entry, { due }: Seat): number {
  return precedence(due, priority);
}

function settleSeat(entry: Entry, settlement: Settlement): void {
  const seat = entry.seats[settlement.index];
  if (seat === undefined) return;
  seat.lease = null;
  seat.attempts += 1;
  seat.lastOutcome = settlement.outcome;
  if (settlement.kind === 'done') {
    seat.state = 'done';
    return;
  }
  seat.state = entry.hold === null ? 'waiting' : 'held';
  seat.due = settlement.nextAttempt.getTime();
  seat.delayNotified = settlement.delayNotified;
}

function unsettled(entry: Entry): number {
  return entry.seats.filter(seat => seat.state !== 'done').length;
}

function queuedRecipient(entry: Entry, seat: Seat): QueuedRecipient {
  const { index, attempts, lastOutcome, delayNotified } = seat;
  const recipient = entry.mail.envelope.recipients[index];
  if (recipient === undefined) throw new RangeError(`the mail ${entry.mail.id} has no recipient ${index}`);
  return { index, recipient, attempts, lastOutcome, delayNotified };
}

function entryOf(entry: Entry): QueueEntry {
  const { mail, hold } = entry;
  return {
    id: mail.id,
    receivedAt: mail.receivedAt,
    size: mail.content.size,
    hold,
    envelope: mail.envelope,
    recipients: entry.seats.map(seat => ({
      ...queuedRecipient(entry, seat),
      state: seat.state,
      nextAttempt: seat.state === 'waiting' ? new Date(seat.due) : null,
    })),
  };
}
