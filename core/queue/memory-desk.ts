/** The queue in memory as people see it and act on it. */
import type { PermanentReply } from '../mail/reply.ts';
import type {
  Acted,
  Flushed,
  Order,
  PageRequest,
  PastMail,
  QueueControl,
  QueuedMail,
  QueueEntry,
  QueuePage,
  Suspension,
} from '../plugin/queue-control.ts';
import type { QueueStatistics } from '../plugin/queue-statistics.ts';
import { isMeant, isUnder } from './filter.ts';
import { type Entry, entryOf, pastOf, type Seat, unsettled } from './memory-entry.ts';
import { statisticsOf } from './memory-statistics.ts';
import { type OrderName, orderStep } from './order-step.ts';

/** So many mails that have left are remembered. */
const REMEMBERED = 1000;

export class MemoryDesk implements QueueControl {
  protected readonly entries = new Map<string, Entry>();
  /** When each destination that is kept back may be tried again. */
  protected readonly keptBack = new Map<string, number>();
  readonly #suspended = new Map<string, Suspension>();
  readonly #past = new Map<string, PastMail>();

  async list({ after, limit, filter = {} }: PageRequest): Promise<QueuePage> {
    const ids = [...this.entries.keys()].filter(id => after === null || id > after).sort();
    const entries = ids
      .map(id => this.#entry(id))
      .filter(entry => entry !== null)
      .map(entry => this.#shown(entry))
      .filter(entry => isMeant(entry, filter))
      .slice(0, limit);
    return { entries, next: entries.length === limit ? (entries.at(-1)?.id ?? null) : null };
  }

  async find(id: string): Promise<QueuedMail | null> {
    const entry = this.#entry(id);
    return entry === null ? null : { entry: this.#shown(entry), mail: entry.mail, trace: entry.trace };
  }

  async past(id: string): Promise<PastMail | null> {
    return this.#past.get(id) ?? null;
  }

  async retry(id: string, order: Order): Promise<Acted | null> {
    return this.#change('retry', id, order, entry => {
      const waiting = entry.seats.filter(seat => seat.state === 'waiting');
      for (const seat of waiting) {
        this.keptBack.delete(seat.destination);
        seat.due = order.now.getTime();
      }
      return waiting.length;
    });
  }

  async hold(id: string, order: Order): Promise<Acted | null> {
    return this.#change('hold', id, order, entry => {
      const damaged = entry.seats.filter(seat => seat.state === 'damaged').length;
      // It is kept back already, and why must not be forgotten.
      if (damaged > 0) return damaged;
      entry.hold = { by: order.by, reason: order.reason };
      for (const seat of entry.seats) if (seat.state === 'waiting') seat.state = 'held';
      return entry.seats.filter(seat => seat.state === 'held').length;
    });
  }

  async release(id: string, order: Order): Promise<Acted | null> {
    return this.#change('release', id, order, entry => {
      entry.hold = null;
      return makeDue(entry, ['held', 'damaged'], order.now);
    });
  }

  async remove(id: string, order: Order): Promise<Acted | null> {
    return this.#change('remove', id, order, entry => {
      this.forget(entry, order.now, { by: order.by, reason: order.reason });
      return unsettled(entry) - leased(entry);
    });
  }

  async bounce(id: string, reply: PermanentReply, order: Order): Promise<Acted | null> {
    return this.#change('bounce', id, order, entry => {
      entry.fate = { kind: 'bounce', reply };
      entry.hold = null;
      for (const seat of entry.seats) if (seat.state !== 'done') seat.expires = 0;
      return makeDue(entry, ['waiting', 'held'], order.now);
    });
  }

  async flush({ destination, now }: { destination: string | null; now: Date }): Promise<Flushed> {
    let recipients = 0;
    for (const seat of this.seats()) {
      if (seat.state !== 'waiting' || (destination !== null && !isUnder(seat.destination, destination))) continue;
      this.keptBack.delete(seat.destination);
      if (seat.due <= now.getTime()) continue;
      seat.due = now.getTime();
      recipients += 1;
    }
    return { recipients, next: null };
  }

  async suspend(destination: string, { by, reason, now }: Order): Promise<number> {
    this.#suspended.set(destination, { destination, by, reason, since: now });
    return this.#waiting(destination);
  }

  async resume(destination: string): Promise<number | null> {
    if (!this.#suspended.delete(destination)) return null;
    this.keptBack.delete(destination);
    return this.#waiting(destination);
  }

  async suspensions(): Promise<readonly Suspension[]> {
    return [...this.#suspended.values()].sort((one, other) => (one.destination < other.destination ? -1 : 1));
  }

  async statistics({ now, top }: { readonly now: Date; readonly top: number }): Promise<QueueStatistics> {
    const standing = (destination: string) => ({
      notBefore: this.keptBack.get(destination) ?? 0,
      suspended: this.#suspensionOf(destination),
    });
    return statisticsOf([...this.entries.values()], { now, top, standing });
  }

  /** When a destination may be tried again: `Infinity` while it is suspended. */
  protected notBefore(destination: string): number {
    if (this.#suspensionOf(destination) !== null) return Infinity;
    return this.keptBack.get(destination) ?? 0;
  }

  /** The mail leaves. */
  protected forget(entry: Entry, at: Date, removed: PastMail['removed']): void {
    const { id } = entry.mail;
    this.entries.delete(id);
    this.#past.set(id, pastOf(entry, at, removed));
    const [oldest] = this.#past.keys();
    if (this.#past.size > REMEMBERED && oldest !== undefined) this.#past.delete(oldest);
  }

  protected *seats(): Iterable<Seat> {
    for (const entry of this.entries.values()) yield* entry.seats;
  }

  #entry(id: string): Entry | null {
    return this.entries.get(id) ?? null;
  }

  #shown(entry: Entry): QueueEntry {
    return entryOf(entry, destination => this.notBefore(destination));
  }

  #change(name: OrderName, id: string, order: Order, act: (entry: Entry) => number): Acted | null {
    const entry = this.#entry(id);
    if (entry === null) return null;
    entry.trace = [...entry.trace, orderStep(name, order)];
    return { recipients: act(entry), leased: leased(entry) };
  }

  #waiting(name: string): number {
    return [...this.seats()].filter(seat => seat.state === 'waiting' && isUnder(seat.destination, name)).length;
  }

  #suspensionOf(destination: string): Suspension | null {
    return [...this.#suspended.values()].find(one => isUnder(destination, one.destination)) ?? null;
  }
}

function makeDue(entry: Entry, states: readonly Seat['state'][], now: Date): number {
  const seats = entry.seats.filter(seat => states.includes(seat.state));
  for (const seat of seats) Object.assign(seat, { state: 'waiting', due: now.getTime() });
  return seats.length;
}

function leased(entry: Entry): number {
  return entry.seats.filter(seat => seat.state === 'leased').length;
}
