/**
 * One message of a corpus: the name by which people find it again, and where its octets lie. Plain data, and small: what
 * lists a corpus hands samples to threads, which read them.
 */
import type { Envelope } from '../mail/envelope.ts';
import type { Facts } from '../mail/facts.ts';
import type { Session } from '../mail/session.ts';
import type { Trace } from '../mail/trace.ts';
import type { PastRecipient } from './past-recipient.ts';

/** A file that is one message. */
export interface MessageFile {
  readonly kind: 'file';
  readonly path: string;
  /** The file beside it that says how it came, or `null`. */
  readonly sidecar: string | null;
}

/** A message inside an mbox file. */
export interface MboxEntry {
  readonly kind: 'mbox';
  readonly path: string;
  /** Of its From_ line. In octets. */
  readonly start: number;
  /** After its last octet; the empty line before the next From_ line is no part of it. */
  readonly end: number;
  /** `mboxrd`: one `>` is taken off lines such as `>From `. `none`: a Content-Length said where it ends (mboxcl2). */
  readonly quoting: 'mboxrd' | 'none';
}

/** A mail that a gateway took: what its queue or its history has of it. */
export interface TakenMail {
  readonly kind: 'taken';
  /** As it is queued: with what the plugins had made of it, and its Received field. `null`: the history keeps none. */
  readonly octets: Uint8Array | null;
  readonly session: Session;
  /** As it was queued: recipients are those that aliases led to. */
  readonly envelope: Envelope;
  readonly facts: Facts;
  readonly trace: Trace;
  readonly recipients: readonly PastRecipient[];
  readonly receivedAt: Date;
}

export interface Sample {
  /** `inbox.mbox:17`, `2026/one.eml`, the queue id. */
  readonly name: string;
  readonly from: MessageFile | MboxEntry | TakenMail;
}
