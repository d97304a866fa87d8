/** What the process of the gateway tells the one that shows it, and what it is told. Plain data, sent from process to process. */
import type { Complaint } from '../config/complaint.ts';
import type { Facts } from '../mail/facts.ts';
import type { Session } from '../mail/session.ts';
import type { Trace } from '../mail/trace.ts';
import type { Fault } from './fault.ts';

/** One listener that is open. */
export interface OpenListener {
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: 'smtp' | 'lmtp';
  readonly tls: 'off' | 'starttls' | 'implicit';
  readonly auth: 'off' | 'optional' | 'required';
  /** The port that the configuration names, where that could not be had. */
  readonly insteadOf: number | null;
}

/** A configuration that can run. */
export interface Plan {
  readonly hostname: string;
  readonly file: string;
  readonly plugins: readonly { readonly id: string; readonly use: string; readonly mode: 'enforce' | 'shadow' }[];
  readonly warnings: readonly Complaint[];
  /** An address that the gateway takes mail for, as far as the relay policy says. */
  readonly exampleRecipient: string;
}

/** A recipient, as it was accepted. */
export interface SeenRecipient {
  readonly address: string;
  /** What RCPT said. */
  readonly original: string;
  readonly via: readonly string[];
}

/** What the header of a mail says first, decoded. */
export interface Headline {
  readonly subject: string | null;
  /** The field From, as it stands there. */
  readonly author: string | null;
}

/** A mail that is in the queue now. */
export interface AcceptedReport extends Headline {
  readonly kind: 'accepted';
  /** The queue id. */
  readonly id: string;
  readonly at: number;
  readonly session: Session;
  /** `<>` is the null reverse-path. */
  readonly from: string;
  readonly recipients: readonly SeenRecipient[];
  readonly facts: Facts;
  readonly trace: Trace;
  readonly fate: 'deliver' | 'hold' | 'bounce' | 'discard';
  /** Why, for `hold` and `discard`, and who said so. */
  readonly because: string | null;
  readonly size: number;
  /** The file that holds what is in the queue. */
  readonly stored: string;
  /** The same as it came, where plugins have seen it. */
  readonly received: string | null;
  /** The mail that this one is a notification about. */
  readonly about: string | null;
}

/** Somebody was refused. */
export interface RefusedReport extends Headline {
  readonly kind: 'refused';
  readonly at: number;
  readonly session: Session;
  readonly hook: string;
  readonly reply: string;
  readonly permanent: boolean;
  readonly by: string;
  readonly because: string | null;
  readonly from: string | null;
  readonly recipients: readonly SeenRecipient[];
  readonly trace: Trace;
  readonly received: string | null;
}

/** What became of one recipient in one attempt. */
export interface SeenOutcome {
  readonly index: number;
  readonly kind: 'delivered' | 'deferred' | 'bounced' | 'damaged';
  /** The reply, or where it was put. */
  readonly text: string;
  readonly remote: string | null;
  /** Milliseconds since the epoch. */
  readonly nextAttempt: number | null;
}

export interface SettledReport {
  readonly kind: 'settled';
  readonly id: string;
  readonly at: number;
  readonly outcomes: readonly SeenOutcome[];
  readonly trace: Trace;
}

/** A person, or another program, has done something to a mail in the queue. */
export interface OrderedReport {
  readonly kind: 'ordered';
  readonly id: string;
  readonly order: Order;
}

/** A mail that wanted to leave, and did not get further than this. */
export interface CaughtReport {
  readonly kind: 'caught';
  /** As the outcome names it: `sink-1`, or `null` for a program. */
  readonly number: number | null;
  /** Its queue id, where that is known. */
  readonly id: string | null;
  readonly at: number;
  /** Where it wanted to go: `mx.partner.example[1.2.0.1]:25`, `/usr/bin/spamc`. */
  readonly to: string;
  readonly from: string;
  readonly recipients: readonly string[];
  readonly by: 'next hop' | 'program';
  readonly tls: boolean;
  readonly content: string;
}

export type Report =
  /** Files whose change makes this gateway an old one. */
  | { readonly kind: 'made of'; readonly files: readonly string[] }
  | { readonly kind: 'compiled'; readonly plan: Plan }
  | { readonly kind: 'refused configuration'; readonly complaints: readonly Complaint[] }
  | { readonly kind: 'started'; readonly listeners: readonly OpenListener[] }
  | { readonly kind: 'broken'; readonly message: string }
  | AcceptedReport
  | RefusedReport
  | SettledReport
  | OrderedReport
  | CaughtReport;

/** What may be done to a mail in the queue. */
export type Order = 'retry' | 'hold' | 'release' | 'remove';

export const ORDERS: readonly Order[] = ['retry', 'hold', 'release', 'remove'];

/** What the process of the gateway is told. */
export type Command =
  /** `ports`: those that listeners had before, by their ids. */
  | { readonly kind: 'start'; readonly ports: Readonly<Record<string, number>> }
  | { readonly kind: 'close' }
  | { readonly kind: 'fail'; readonly fault: Fault }
  | { readonly kind: 'order'; readonly id: string; readonly order: Order };

/** What a gateway under development is started with. */
export interface DevSettings {
  readonly file: string;
  /** Where what would leave is put, and mailboxes are written. */
  readonly folder: string;
  /** For the queue and for copies of content. Gone when all is over. */
  readonly scratch: string;
  /** `invented`: every domain leads here, and nobody is asked. */
  readonly dns: 'invented' | 'live';
  /** Programs that deliver: only what they would have been given is kept, or they are run. */
  readonly programs: 'caught' | 'run';
  readonly fault: Fault;
}
