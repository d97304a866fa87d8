/**
 * The account of a message: its whole way through a gateway, as plain data. `explain` gives it of a rehearsal, `trace` of a mail
 * that really went through; what only one of them knows is `null` or empty with the other. docs/explain.md has every key.
 */
import type { Facts } from '../../mail/facts.ts';
import type { Outcome } from '../../mail/outcome.ts';
import type { PermanentReply } from '../../mail/reply.ts';
import type { Host, RouteReason } from '../../mail/route.ts';
import type { Session } from '../../mail/session.ts';
import type { Trace, TraceStep } from '../../mail/trace.ts';
import type { FieldDifference, PartFacts } from '../../mime/difference.ts';
import type { Act } from '../../plugin/preview.ts';
import type { Reason } from '../../plugin/queue-control.ts';
import type { Exchange, Logged, Verdict } from '../../rehearsal/rehearsal.ts';

export interface Account {
  /** `open`: of a life that is not over. */
  readonly verdict: Verdict | 'open';
  /** Of a life: where the mail is, in words. `null`: it is a rehearsal. */
  readonly standing: string | null;
  readonly session: Session | null;
  readonly exchanges: readonly AccountedExchange[];
  readonly recipients: readonly AskedAccount[];
  readonly mails: readonly MailAccount[];
  /** What was made of the content before it was taken or refused. Those of one mail are in `mails` too. */
  readonly changes: readonly ChangeAccount[];
  readonly withheld: readonly WithheldAccount[];
  readonly logged: readonly Logged[];
  /** What whoever reads this should know of how it came about. */
  readonly notes: readonly string[];
}

/** `said` and `replies` are not kept of mail that really went through: then there is the question of the first step. */
export interface AccountedExchange {
  readonly stage: Exchange['stage'];
  readonly said: string | null;
  readonly replies: readonly string[];
  readonly steps: Trace;
}

/** A recipient that the client named, and what it stands for. */
export interface AskedAccount {
  readonly address: string;
  readonly verdict: Verdict | 'open';
  /** `null`: it is not kept. */
  readonly reply: string | null;
  /** As in `mails`, but for `via`: by which way this one leads there. */
  readonly leadsTo: readonly RecipientAccount[];
}

/** The keys of `mailframe queue list --json`, and more. */
export interface RecipientAccount {
  /** The queue id of its mail. */
  readonly mail: string;
  readonly address: string;
  readonly original: string;
  readonly via: readonly string[];
  /** Who delivers past the routes, where an alias says so. */
  readonly target: { readonly transport: string; readonly argument: string } | null;
  readonly destination: string;
  /** `null` where nothing is known of a route. */
  readonly transport: string | null;
  readonly hosts: readonly Host[];
  readonly because: readonly RouteReason[];
  readonly lastOutcome: Outcome | null;
  /** What it waits for, in words. */
  readonly standing: string | null;
  readonly acts: readonly ActAccount[];
}

/** What a transport would do. */
export interface ActAccount {
  /** `null`: nothing; `untold`: the transport does not say. */
  readonly act: Act | 'untold' | null;
  /** For whom: those that share it. */
  readonly recipients: readonly string[];
  /** In octets. */
  readonly size: number;
  /** Where the octets lie now, where somebody wanted them. */
  readonly file: string | null;
}

/** The keys of `mailframe queue trace --json`, and more. */
export interface MailAccount {
  readonly id: string;
  readonly receivedAt: Date;
  readonly size: number;
  /** `null`: it cannot be read. */
  readonly reversePath: string | null;
  readonly hold: Reason | null;
  readonly bounce: PermanentReply | null;
  readonly discard: Reason | null;
  readonly facts: Facts | null;
  readonly recipients: readonly RecipientAccount[];
  /** What was made of the content, in order. */
  readonly changes: readonly ChangeAccount[];
  /** Signatures that the content had and has no more. */
  readonly breaks: readonly string[];
  readonly notifications: readonly NotificationAccount[];
  /** The octets of the final content, where somebody wanted them. */
  readonly file: string | null;
  readonly trace: Trace;
}

export interface ChangeAccount {
  readonly plugin: string;
  /** `deliver`: on the way to the transport, for these recipients alone. */
  readonly hook: 'data' | 'deliver';
  readonly recipients: readonly string[];
  /** The step in which it happened, as it stands in `trace`; `null`: in none of its own. */
  readonly step: TraceStep | null;
  readonly size: { readonly before: number; readonly after: number };
  readonly header: readonly FieldDifference[];
  readonly parts: readonly PartAccount[];
  readonly breaks: readonly string[];
}

export interface PartAccount {
  readonly kind: 'added' | 'removed' | 'changed' | 'moved';
  readonly part: PartFacts;
  readonly was: PartFacts | null;
  /** Of a text: the lines that came and went. */
  readonly lines: readonly { readonly kind: 'added' | 'removed'; readonly line: string }[];
}

export interface NotificationAccount {
  readonly to: readonly string[];
  readonly size: number;
  readonly file: string | null;
}

/** Something that a plugin wanted to do, and that was not done. */
export interface WithheldAccount {
  readonly kind: 'write' | 'remove' | 'connect' | 'run' | 'fetch';
  readonly what: string;
  /** Of a file that would be written, in octets. */
  readonly size: number | null;
}
