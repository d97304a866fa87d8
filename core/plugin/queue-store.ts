/**
 * The port of the queue: where durable mail lives. Every store passes the suite in `test/contracts/queue-store.ts`.
 *
 * The instant of responsibility is the resolution of `commit`: from then on the mail is ours, whatever crashes.
 */
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { Trace } from '../mail/trace.ts';
import { token } from './token.ts';

/** What is to happen to a mail once it is committed. */
export type Fate =
  | { readonly kind: 'deliver' }
  | { readonly kind: 'hold'; readonly by: string; readonly reason: string }
  /** Its recipients were refused after a part of the transaction was accepted: the sender gets a notification. */
  | { readonly kind: 'bounce'; readonly reply: PermanentReply };

/** A mail to be taken over. */
export interface NewMail {
  readonly mail: Mail;
  readonly trace: Trace;
  readonly fate: Fate;
}

/** One recipient as the queue holds it. */
export interface QueuedRecipient {
  /** Its position in `mail.envelope.recipients`: stable for the life of the mail. */
  readonly index: number;
  readonly recipient: Recipient;
  /** Attempts that were made so far. */
  readonly attempts: number;
  readonly lastOutcome: Outcome | null;
  /** Whether a delay notification has been sent (RFC 3461 section 4.1, DELAY). */
  readonly delayNotified: boolean;
}

/** Mail taken to be worked on. Only its owner may settle it, and only before `until`. */
export interface Lease {
  readonly owner: string;
  /** Changes with each lease of the same mail: a late owner cannot settle what another one took over. */
  readonly fence: number;
  readonly until: Date;
  readonly mail: Mail;
  /** The recipients that are due. */
  readonly recipients: readonly QueuedRecipient[];
  readonly fate: Fate;
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

/** The store. */
export interface QueueStore {
  /** All mails or none. Durable when it resolves; nothing of them remains when it rejects. */
  commit(mails: readonly NewMail[]): Promise<void>;
  /** Mail whose time has come, oldest first, at most `limit` mails. */
  lease(request: {
    readonly owner: string;
    readonly now: Date;
    readonly until: Date;
    readonly limit: number;
  }): Promise<readonly Lease[]>;
  /**
   * Writes down what became of the recipients, adds the steps to the trace, and commits the notifications that this owes:
   * all in one transaction. A mail whose recipients are all done leaves the store.
   * @returns `lost` where the lease had passed to another owner: nothing was written.
   */
  settle(
    lease: Lease,
    settlements: readonly Settlement[],
    steps: Trace,
    notifications: readonly NewMail[],
  ): Promise<'settled' | 'lost'>;
  /** When the next mail is due, or `null` while nothing waits. */
  nextDue(): Promise<Date | null>;
  close(): Promise<void>;
}

export const QUEUE_STORE = token<QueueStore>('queue-store');
