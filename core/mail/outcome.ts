/**
 * What became of one recipient in one delivery attempt.
 *
 * Only a positive statement counts: a recipient that a report leaves out is deferred (after Postfix's deliver_request).
 */
import type { PermanentReply, TransientReply } from './reply.ts';

/** The next hop or the mailbox has taken responsibility. */
export interface Delivered {
  readonly kind: 'delivered';
  /**
   * Who owes a success notification now (RFC 3461 section 5.2.2): `final`: this was the mailbox, so we do;
   * `relayed`: the next hop does not speak DSN, so we say "relayed"; `passed-on`: the next hop took the request over.
   */
  readonly disposition: 'final' | 'relayed' | 'passed-on';
  /** The machine that took it, as `name[address]:port`, or `null` for a local mailbox. */
  readonly remote: string | null;
  /** What it said, or where the mail was put. For the log and the trace. */
  readonly text: string;
}

/** Not yet: to be tried again. */
export interface Deferred {
  readonly kind: 'deferred';
  readonly reply: TransientReply;
  readonly remote: string | null;
  /** The remote's reply, word for word, where it gave one (RFC 3464 section 2.3.6). */
  readonly diagnostic: string | null;
  /**
   * What the trouble is with. `recipient`: with this one, or with this mail; others at the destination may fare better.
   * `destination`: with the machine or the folder behind it, so that nobody there fares better now: the queue asks less of
   * it, and at last only now and then.
   */
  readonly concerns: 'recipient' | 'destination';
}

/** Never: the sender is to be told. */
export interface Bounced {
  readonly kind: 'bounced';
  readonly reply: PermanentReply;
  readonly remote: string | null;
  readonly diagnostic: string | null;
}

export type Outcome = Delivered | Deferred | Bounced;

/** A recipient whose mail now lies in its mailbox. */
export function deliveredTo(text: string): Delivered {
  return { kind: 'delivered', disposition: 'final', remote: null, text };
}

/** A recipient to try again later. */
export function deferredBy(
  reply: TransientReply,
  remote: string | null = null,
  diagnostic: string | null = null,
  concerns: Deferred['concerns'] = 'recipient',
): Deferred {
  return { kind: 'deferred', reply, remote, diagnostic, concerns };
}

/** A recipient that cannot be reached. */
export function bouncedBy(
  reply: PermanentReply,
  remote: string | null = null,
  diagnostic: string | null = null,
): Bounced {
  return { kind: 'bounced', reply, remote, diagnostic };
}
