/** What people, and the programs that they use, may see of the queue and do to it. Safe while a gateway works on it. */
import type { AddressPattern } from '../mail/condition.ts';
import type { Envelope, Recipient } from '../mail/envelope.ts';
import type { Facts } from '../mail/facts.ts';
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { Session } from '../mail/session.ts';
import type { Trace } from '../mail/trace.ts';
import type { QueueStatistics } from './queue-statistics.ts';

/** One recipient as the queue holds it. */
export interface QueuedRecipient {
  /** Its position in `mail.envelope.recipients`: stable for the life of the mail. */
  readonly index: number;
  readonly recipient: Recipient;
  /** What it waits for: see `Place`. */
  readonly destination: string;
  /** Attempts that were made so far. */
  readonly attempts: number;
  readonly lastOutcome: Outcome | null;
  /** Whether a delay notification has been sent (RFC 3461 section 4.1, DELAY). */
  readonly delayNotified: boolean;
}

/**
 * Where a recipient stands. `waiting`: until `nextAttempt`. `leased`: an attempt is being made. `held`: until it is
 * released. `damaged`: its mail cannot be read and was set aside. `done`: settled, while others of the mail are not.
 */
export type RecipientState = 'waiting' | 'leased' | 'held' | 'damaged' | 'done';

export const RECIPIENT_STATES: readonly RecipientState[] = ['waiting', 'leased', 'held', 'damaged', 'done'];

/** One recipient in a listing. */
export interface RecipientEntry extends QueuedRecipient {
  readonly state: RecipientState;
  /** `null` unless it waits. It may be later where the destination is kept back. */
  readonly nextAttempt: Date | null;
  /** What keeps its destination from being tried, or `null`. */
  readonly keptBack: { readonly kind: 'suspended' } | { readonly kind: 'left-alone'; readonly until: Date } | null;
  /** When its sender hears of it at the latest: that it is late, or that it was given up. `null`: never, or done. */
  readonly expires: Date | null;
}

/** Who keeps or kept something back, and why. */
export interface Reason {
  readonly by: string;
  readonly reason: string;
}

/** What a person decided: who, why, and when. */
export interface Order extends Reason {
  readonly now: Date;
}

/** One mail in a listing. */
export interface QueueEntry {
  readonly id: string;
  readonly receivedAt: Date;
  /** In octets. */
  readonly size: number;
  /** Why it is held or was set aside, or `null`. */
  readonly hold: Reason | null;
  /** What its sender is told where it is to be returned, whatever else becomes of it; or `null`. */
  readonly bounce: PermanentReply | null;
  /** `null` where it cannot be read. */
  readonly envelope: Envelope | null;
  /** Empty where the envelope cannot be read. */
  readonly recipients: readonly RecipientEntry[];
}

/** One mail with all that is known of it. */
export interface QueuedMail {
  readonly entry: QueueEntry;
  /** `null` where it cannot be read. */
  readonly mail: Mail | null;
  readonly trace: Trace;
}

/** One mail that has left the queue. Its content is not kept. */
export interface PastMail {
  readonly leftAt: Date;
  /** `null`: its last recipient was settled. Else who removed it. */
  readonly removed: Reason | null;
  /** As it was at the end. */
  readonly entry: QueueEntry;
  readonly session: Session | null;
  readonly facts: Facts | null;
  readonly trace: Trace;
}

/**
 * Which mail is meant: all that is given must hold, and what is said of recipients must hold of one and the same. An empty
 * filter means all mail.
 */
export interface QueueFilter {
  readonly sender?: AddressPattern;
  /** The forward-path, or the address that it was before an alias. */
  readonly recipient?: AddressPattern;
  /** A destination, or the domain of mailboxes. */
  readonly destination?: string;
  readonly states?: readonly RecipientState[];
  readonly receivedBefore?: Date;
  readonly receivedAfter?: Date;
  /** Text in the reason of the hold or in what was said at the last attempt. Case is ignored. */
  readonly reason?: string;
}

/** Which part of a listing is asked for. */
export interface PageRequest {
  /** `next` of the page before. `null`: from the beginning. */
  readonly after: string | null;
  /** At most so many mails. */
  readonly limit: number;
  /** Missing: all mail. */
  readonly filter?: QueueFilter;
}

/** A part of a listing. It may be empty, and others follow all the same: the work for one is bounded. */
export interface QueuePage {
  readonly entries: readonly QueueEntry[];
  /** Where to go on. `null`: this was the last. */
  readonly next: string | null;
}

/** What an order came to. */
export interface Acted {
  /** Recipients that it has changed. */
  readonly recipients: number;
  /**
   * Recipients to whom an attempt is being made at this moment. It is not broken off, and may still deliver: a hold or a
   * bounce takes effect should they come back, a removal does not take back what is delivered.
   */
  readonly leased: number;
}

/** A destination that people keep mail from. */
export interface Suspension extends Reason {
  readonly destination: string;
  readonly since: Date;
}

/** What flushing has come to so far. */
export interface Flushed {
  /** Recipients that are due now and were not before. */
  readonly recipients: number;
  /** Where to go on. `null`: that was all. */
  readonly next: string | null;
}

/** Looking at the queue and acting on it. Every order about a mail resolves to `null` where there is no such mail. */
export interface QueueControl {
  /** By queue id, which is by age. */
  list(page: PageRequest): Promise<QueuePage>;
  find(id: string): Promise<QueuedMail | null>;
  /** A mail that has left, as long as it is remembered. */
  past(id: string): Promise<PastMail | null>;
  /** Makes the recipients that wait due, and ends the back-off of their destinations. */
  retry(id: string, order: Order): Promise<Acted | null>;
  /** Keeps the mail from delivery. */
  hold(id: string, order: Order): Promise<Acted | null>;
  /** Makes the recipients that are held, or that were set aside, due. */
  release(id: string, order: Order): Promise<Acted | null>;
  /** Forgets the mail: nobody is told. */
  remove(id: string, order: Order): Promise<Acted | null>;
  /**
   * Has the mail returned to its sender, at once, also where it is held or its destination is kept back. The gateway that
   * works on the queue sends the notification, or the next one that does.
   */
  bounce(id: string, reply: PermanentReply, order: Order): Promise<Acted | null>;
  /**
   * Makes what waits for a destination (`null`: for any) due, and ends its back-off: as much as one transaction may hold up
   * others for. To be called again with `next` until that is `null`.
   */
  flush(which: {
    readonly destination: string | null;
    readonly now: Date;
    readonly after: string | null;
  }): Promise<Flushed>;
  /** Keeps mail from a destination, or from all mailboxes of a domain, until that is resumed. @returns who waits there. */
  suspend(destination: string, order: Order): Promise<number>;
  /** @returns who waits there, or `null` where it was not suspended. */
  resume(destination: string): Promise<number | null>;
  suspensions(): Promise<readonly Suspension[]>;
  /** Reads all of the queue: with a million mails a matter of seconds, during which an owner's other calls wait. */
  statistics(question: { readonly now: Date; readonly top: number }): Promise<QueueStatistics>;
}
