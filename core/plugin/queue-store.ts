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
import type { Nature } from '../mime/nature.ts';
import type { QueueControl, QueuedRecipient } from './queue-control.ts';
import { token } from './token.ts';

/** What is to happen to a mail once it is committed. */
export type Fate =
  | { readonly kind: 'deliver' }
  | { readonly kind: 'hold'; readonly by: string; readonly reason: string }
  /** Its recipients were refused after a part of the transaction was accepted: the sender gets a notification. */
  | { readonly kind: 'bounce'; readonly reply: PermanentReply };

/** Where a recipient waits in the queue, and until when. */
export interface Place {
  /**
   * What it waits for: mail for one destination shares concurrency, rate and back-off. The domain of the forward-path; the
   * next hop, as `host:port`, where the route names it; the mailbox, where mail is delivered here.
   */
  readonly destination: string;
  /** See `core/queue/precedence.ts`. */
  readonly priority: number;
  /** When it is given up, or its sender told that it is late, whatever keeps it from being tried. `null`: never. */
  readonly expires: Date | null;
}

/** A mail to be taken over. It is due at `mail.receivedAt`. */
export interface NewMail {
  readonly mail: Mail;
  readonly trace: Trace;
  readonly fate: Fate;
  /** One for each recipient, in their order. Missing: by domain, at the priority of the envelope, for ever. */
  readonly places?: readonly Place[];
  /** Bulk mail stands behind personal mail. Missing: personal. */
  readonly nature?: Nature;
}

/** Whose work something is, and until when nobody else is given it. */
export interface Claim {
  /** One name a scheduler and process. */
  readonly owner: string;
  readonly until: Date;
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
  /** `expire`: its time is over, and no attempt is made: it is given up, or its sender is told that it is late. */
  readonly fate: Exclude<Fate, { kind: 'hold' }> | { readonly kind: 'expire' };
}

/** For how many more mails each destination has room. */
export interface Room {
  readonly each: number;
  /** Destinations with another number: 0 where no more mail fits. */
  readonly but: ReadonlyMap<string, number>;
}

/** Asks for work. */
export interface LeaseRequest extends Claim {
  readonly now: Date;
  /** At most so many deliveries: a mail for two destinations counts as two, and is taken for one where only one fits. */
  readonly limit: number;
  readonly room: Room;
  /** These destinations alone. Missing: all of them. */
  readonly only?: readonly string[];
  /**
   * Recipients that expired before this are handed out to be given up, whatever room there is: nothing that keeps a
   * destination from being tried keeps its mail for ever. Missing: none.
   */
  readonly expiredBefore?: Date;
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
      /** As in `Place`. Missing: as it was. */
      readonly expires?: Date | null;
    }
  /** Its content is not what came, and why: the mail is set aside for a person, with all its recipients who wait. */
  | { readonly index: number; readonly kind: 'damaged'; readonly outcome: Outcome; readonly damage: string };

/** The store, as the engine uses it. */
export interface QueueStore extends QueueControl {
  /**
   * All mails or none. Durable when it resolves; nothing of them remains when it rejects. With a claim, those whose fate is
   * `deliver` are leased in the same instant: mail that is delivered at once is written once.
   * @returns the leases of the claim, in the order of the mails.
   */
  commit(mails: readonly NewMail[], claim?: Claim | null): Promise<readonly Lease[]>;
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
  /**
   * Keeps the mail of a destination from being leased until then, or at all no longer: what the scheduler does with one
   * that does not answer.
   */
  backOff(destination: string, until: Date | null): Promise<void>;
  /** Moves the end of leases. Those that are lost stay lost. */
  renew(leases: readonly Lease[], until: Date): Promise<void>;
  /** Ends everything that the owner has leased, as if it had not been taken. */
  giveBack(owner: string): Promise<void>;
  /** When the next recipient is due or the next lease runs out, or `null` while nothing can be leased. */
  nextDue(except?: readonly string[]): Promise<Date | null>;
  close(): Promise<void>;
}

export const QUEUE_STORE = token<QueueStore>('queue-store');
