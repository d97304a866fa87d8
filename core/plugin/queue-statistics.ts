/** The queue in figures. */
import type { RecipientState, Suspension } from './queue-control.ts';

/** How many there are, and how much. Octets are those of the content, once for each recipient. */
export interface Load {
  readonly recipients: number;
  readonly octets: number;
}

/** The mail for one destination. */
export interface DestinationStatistics extends Load {
  readonly destination: string;
  /** Those that are due are a part of them. */
  readonly waiting: number;
  readonly due: number;
  readonly leased: number;
  readonly held: number;
  readonly damaged: number;
  /** When the oldest mail for it arrived. */
  readonly oldest: Date;
  /** When the next recipient is due, or `null` where nobody waits. It may lie in the past. */
  readonly nextAttempt: Date | null;
  /** Until when it is left alone because it did not answer, or `null`. */
  readonly notBefore: Date | null;
  /** By itself, or with all mailboxes of its domain. */
  readonly suspended: Suspension | null;
}

/** The whole of it. */
export interface QueueStatistics {
  readonly mails: number;
  /** When the oldest mail arrived, or `null` where there is none. */
  readonly oldest: Date | null;
  readonly states: Readonly<Record<RecipientState, Load>>;
  /** How many destinations there are for which somebody is not done. */
  readonly destinations: number;
  /** Those with the most recipients that are not done. */
  readonly top: readonly DestinationStatistics[];
}
