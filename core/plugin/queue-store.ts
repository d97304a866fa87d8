/**
 * The port of the queue: where durable mail lives. Every store passes the suite in `test/contracts/queue-store.ts`.
 *
 * The instant of responsibility is the resolution of `commit`: from then on the mail is ours, whatever crashes. No store
 * reads a clock: time is always an argument.
 */
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { Trace } from '../mail/trace.ts';
import type { QueueControl, QueuedRecipient } from './queue-control.ts';
import { token } from './token.ts';

/** What is to happen to a mail once it is committed. */
export type Fate =
  | { readonly kind: 'deliver' }
  | { readonly kind: 'hold'; readonly by: string; readonly reason: string }
  /** Its recipients were refused after a part of the transaction was accepted: the sender gets a notification. */
  | { readonly kind: 'bounce'; readonly reply: PermanentReply };

/** A mail to be taken over. It is due at `mail.receivedAt`. */
export interface NewMail {
  readonly mail: Mail;
  readonly trace: Trace;
  readonly fate: Fate;
}

/** Recipients of one mail, taken to be worked on. Nobody else is given them before `until`. */
export interface Lease {
  readonly owner: string;
  /** Changes with each lease: a late owner cannot settle what another one took over. */
  readonly fence: number;
  /** As it was taken; `renew` moves it. */
  readonly until: Date;
  readonly mail: Mail;
  /** The recipients that are due: a part of `mail.envelope.recipients`, the same objects. */
  readonly recipients: readonly QueuedRecipient[];
  readonly fate: Exclude<Fate, { kind: 'hold' }>;
}

/**
 * For how many more mails each destination has room. A destination is the domain of a forward-path: it is known
 * without asking anybody.
 */
export interface Room {
  readonly each: number;
  /** Destinations with another number: 0 where no more mail fits. */
  readonly but: ReadonlyMap<string, number>;
}

/** Asks for work. */
export interface LeaseRequest {
  /** Who asks: one name a scheduler and process. */
  readonly owner: string;
  readonly now: Date;
  readonly until: Date;
  /** At most so many mails. */
  readonly limit: number;
  readonly room: Room;
}

/** What became of one recipient of a lease. */
export type Settlement =
  | { readonly index: number; readonly kind: 'done'; readonly outcome: Outcome }
  | {
      readonly index: number;
      readonly kind: 'again';
      readonly outcome: Outcome;
      readonly nextAttempt: Date;
      readonly delayNotified: boolean;
    };

/** The store, as the engine uses it. */
export interface QueueStore extends QueueControl {
  /** All mails or none. Durable when it resolves; nothing of them remains when it rejects. */
  commit(mails: readonly NewMail[]): Promise<void>;
  /**
   * Recipients whose time has come, and those whose lease has run out. Destinations take turns, one mail each. Which
   * destination, and which of its mails, goes first is a matter of `core/queue/precedence.ts`: the higher priority, and
   * who has waited longer. A mail that cannot be read is set aside and logged, and the others are given out.
   */
  lease(request: LeaseRequest): Promise<readonly Lease[]>;
  /**
   * Writes down what became of some recipients of a lease, adds the steps to the trace, and commits the notifications
   * that this owes: all in one transaction. The rest of the lease goes on. A mail whose recipients are all done leaves.
   * A lease that ran out, but that nobody took over, can still be settled: what was delivered is not delivered twice.
   * @returns `lost` where one of the recipients is no longer this lease's: nothing was written.
   */
  settle(
    lease: Lease,
    settlements: readonly Settlement[],
    steps: Trace,
    notifications: readonly NewMail[],
  ): Promise<'settled' | 'lost'>;
  /** Moves the end of leases. Those that are lost stay lost. */
  renew(leases: readonly Lease[], until: Date): Promise<void>;
  /** Ends everything that the owner has leased, as if it had not been taken. */
  giveBack(owner: string): Promise<void>;
  /** When the next recipient is due or the next lease runs out, or `null` while nothing waits. */
  nextDue(except?: readonly string[]): Promise<Date | null>;
  close(): Promise<void>;
}

export const QUEUE_STORE = token<QueueStore>('queue-store');
