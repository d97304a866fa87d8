/** A mail in the queue in memory, with the state of each recipient. */
import { contentOf } from '../mail/content.ts';
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Trace } from '../mail/trace.ts';
import type { PastMail, QueuedRecipient, QueueEntry, RecipientEntry, RecipientState } from '../plugin/queue-control.ts';
import type { Fate, NewMail, Settlement } from '../plugin/queue-store.ts';
import { placesOf } from './places.ts';
import { precedence } from './precedence.ts';

/** One recipient in it. */
export interface Seat {
  readonly index: number;
  readonly destination: string;
  readonly priority: number;
  expires: number;
  state: RecipientState;
  due: number;
  attempts: number;
  delayNotified: boolean;
  lastOutcome: Outcome | null;
  lease: { readonly owner: string; readonly fence: number; until: number } | null;
}

/** One mail in it. */
export interface Entry {
  readonly mail: Mail;
  fate: Fate;
  readonly seats: readonly Seat[];
  hold: QueueEntry['hold'];
  trace: Trace;
}

/** The octets may lie in a file that is removed after the commit. */
export function inMemory(mails: readonly NewMail[]): Promise<readonly NewMail[]> {
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

/** A mail as it begins. */
export function newEntry(one: NewMail): Entry {
  const { mail, trace, fate } = one;
  const places = placesOf(one);
  const hold = fate.kind === 'hold' ? { by: fate.by, reason: fate.reason } : null;
  const seats = places.map(
    ({ destination, priority, expires }, index): Seat => ({
      index,
      destination,
      priority,
      expires: fate.kind === 'bounce' ? 0 : (expires?.getTime() ?? Infinity),
      state: hold === null ? 'waiting' : 'held',
      due: mail.receivedAt.getTime(),
      attempts: 0,
      delayNotified: false,
      lastOutcome: null,
      lease: null,
    }),
  );
  return { mail, fate, seats, hold, trace };
}

/** The smaller goes first. */
export function rankOf({ due, priority }: Seat): number {
  return precedence(due, priority);
}

/** Writes down what became of one recipient. */
export function settleSeat(entry: Entry, settlement: Settlement): void {
  const seat = entry.seats[settlement.index];
  if (seat === undefined) return;
  seat.lease = null;
  seat.attempts += 1;
  seat.lastOutcome = settlement.outcome;
  if (settlement.kind === 'done') {
    seat.state = 'done';
    return;
  }
  if (settlement.kind === 'damaged') {
    setAside(entry, seat, settlement.damage);
    return;
  }
  seat.state = entry.hold === null ? 'waiting' : 'held';
  seat.delayNotified = settlement.delayNotified;
  // It was to be returned meanwhile: there is nothing to wait for.
  if (entry.fate.kind === 'bounce') return;
  seat.due = settlement.nextAttempt.getTime();
  if (settlement.expires !== undefined) seat.expires = settlement.expires?.getTime() ?? Infinity;
}

function setAside(entry: Entry, seat: Seat, damage: string): void {
  for (const one of entry.seats) if (one === seat || one.state === 'waiting') one.state = 'damaged';
  entry.hold = { by: 'mailframe', reason: damage };
}

/** How many recipients are not done. */
export function unsettled(entry: Entry): number {
  return entry.seats.filter(seat => seat.state !== 'done').length;
}

/** One recipient as it is handed out. */
export function queuedRecipient(entry: Entry, seat: Seat): QueuedRecipient {
  const { index, destination, attempts, lastOutcome, delayNotified } = seat;
  const recipient = entry.mail.envelope.recipients[index];
  if (recipient === undefined) throw new RangeError(`the mail ${entry.mail.id} has no recipient ${index}`);
  return { index, recipient, destination, attempts, lastOutcome, delayNotified };
}

/** What a listing shows. */
export function entryOf(entry: Entry, notBefore: (destination: string) => number): QueueEntry {
  const { mail, hold, fate } = entry;
  return {
    id: mail.id,
    receivedAt: mail.receivedAt,
    size: mail.content.size,
    hold,
    bounce: fate.kind === 'bounce' ? fate.reply : null,
    envelope: mail.envelope,
    recipients: entry.seats.map(seat => ({
      ...queuedRecipient(entry, seat),
      state: seat.state,
      nextAttempt: seat.state === 'waiting' ? new Date(seat.due) : null,
      keptBack: seat.state === 'done' ? null : keptBack(notBefore(seat.destination)),
      expires: seat.state === 'done' || seat.expires === Infinity || seat.expires === 0 ? null : new Date(seat.expires),
    })),
  };
}

function keptBack(notBefore: number): RecipientEntry['keptBack'] {
  if (notBefore === 0) return null;
  return notBefore === Infinity ? { kind: 'suspended' } : { kind: 'left-alone', until: new Date(notBefore) };
}

/** What is remembered of it once it has left. */
export function pastOf(entry: Entry, leftAt: Date, removed: PastMail['removed']): PastMail {
  const { mail, trace } = entry;
  const recipients = entry.seats.map(seat => ({
    ...queuedRecipient(entry, seat),
    state: 'done' as const,
    nextAttempt: null,
    keptBack: null,
    expires: null,
  }));
  const last = { ...entryOf(entry, () => 0), hold: null, bounce: null, recipients };
  return { leftAt, removed, entry: last, session: mail.session, facts: mail.facts, trace };
}
