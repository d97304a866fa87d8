/** What people, and the programs that they use, may see of the queue and do to it. Safe while a gateway works on it. */
import type { Envelope, Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Trace } from '../mail/trace.ts';

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

/** One recipient in a listing. */
export interface RecipientEntry extends QueuedRecipient {
  readonly state: RecipientState;
  /** `null` unless it waits. */
  readonly nextAttempt: Date | null;
}

/** One mail in a listing. */
export interface QueueEntry {
  readonly id: string;
  readonly receivedAt: Date;
  /** In octets. */
  readonly size: number;
  /** Why it is held or was set aside, or `null`. */
  readonly hold: { readonly by: string; readonly reason: string } | null;
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

/** Looking at the queue and acting on it, by queue id. Every action resolves to `null` where there is no such mail. */
export interface QueueControl {
  /** By queue id, which is by age. `after`: the last id of the page before. */
  list(page: { readonly after: string | null; readonly limit: number }): Promise<readonly QueueEntry[]>;
  find(id: string): Promise<QueuedMail | null>;
  /** Makes the recipients that wait due. @returns how many. */
  retry(id: string, now: Date): Promise<number | null>;
  /** Keeps the mail from delivery; an attempt that is being made is not broken off. @returns how many recipients. */
  hold(id: string, why: { readonly by: string; readonly reason: string }): Promise<number | null>;
  /** Makes the recipients that are held, or that were set aside, due. @returns how many. */
  release(id: string, now: Date): Promise<number | null>;
  /** Forgets the mail: nobody is told. @returns how many recipients were not done. */
  remove(id: string): Promise<number | null>;
}
