/** What a rehearsal finds: the whole way of one message through a gateway, and nothing of it done. Plain data but for contents. */
import type { Content } from '../mail/content.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Host, Route, RouteReason } from '../mail/route.ts';
import type { Session } from '../mail/session.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import type { ContentDifference } from '../mime/difference.ts';
import type { LogFields } from '../plugin/ports.ts';
import type { Preview } from '../plugin/preview.ts';
import type { Fate } from '../plugin/queue-store.ts';

/** A reply of the gateway. */
export interface SaidReply {
  readonly code: number;
  /** As on the wire, without the last line end; lines parted by `\n`. */
  readonly text: string;
}

/** What the client said, what it heard, and who was asked meanwhile. */
export interface Exchange {
  readonly stage: 'connect' | 'helo' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'content';
  /** `MAIL FROM:<ann@example.test>`. */
  readonly said: string;
  /** One; by LMTP one for each recipient after the content. */
  readonly replies: readonly SaidReply[];
  /** The refusals of the engine itself are steps too. */
  readonly steps: Trace;
}

/** What a plugin made of the content. */
export interface Revision {
  /** The plugin's id. `mailframe`: what the engine adds. */
  readonly plugin: string;
  readonly hook: 'data' | 'deliver';
  /** The step in which it happened, `null` where that is not one of its own: the engine, middleware. */
  readonly step: TraceStep | null;
  readonly before: Content;
  readonly after: Content;
  readonly difference: ContentDifference;
}

/** One recipient of a mail, routed and attempted once. */
export interface RehearsedRecipient {
  /** `original` is what RCPT said, `via` how it came from there. */
  readonly recipient: Recipient;
  /** Where it would wait. */
  readonly destination: string;
  /** `null`: it has none. */
  readonly route: Route | null;
  readonly because: readonly RouteReason[];
  /** `null`: nothing is attempted, for the mail is held or discarded. */
  readonly outcome: Outcome | null;
}

/** What one transport would be given. */
export interface RehearsedDelivery {
  /** The transport's id. */
  readonly transport: string;
  readonly recipients: readonly Recipient[];
  readonly hosts: readonly Host[];
  /** The mail as the transport gets it, after all middleware. */
  readonly mail: Mail;
  /** What middleware made of the content, in its order. */
  readonly revisions: readonly Revision[];
  /** `untold`: the transport does not say what it would do with it. */
  readonly told: 'told' | 'untold';
  readonly previews: readonly Preview[];
}

/** One mail as it would be committed: a message may part into several. */
export interface RehearsedMail {
  /** With the final content. */
  readonly mail: Mail;
  readonly fate: Fate | { readonly kind: 'discard'; readonly by: string; readonly reason: string };
  /** Everything, from `connect` to the end of the first attempt: as `mailframe queue trace` would have it. */
  readonly trace: Trace;
  /** From what the client sent to the final content: what the engine added, then each plugin that rewrote it. */
  readonly revisions: readonly Revision[];
  /** All of that together. */
  readonly difference: ContentDifference;
  readonly recipients: readonly RehearsedRecipient[];
  readonly deliveries: readonly RehearsedDelivery[];
  /** What its sender would be told of it, by mail. */
  readonly notifications: readonly Mail[];
}

/** Something that a plugin wanted to do to the world, and did not. */
export type Withheld =
  /** `before`: its size on the disk, `null` where it is not there. `content`: all of it as it would be. */
  | { readonly kind: 'write'; readonly path: string; readonly before: number | null; readonly content: Content }
  | { readonly kind: 'remove'; readonly path: string }
  /** `192.0.2.1:25`, `/usr/bin/program`, `https://host.test/path`. */
  | { readonly kind: 'connect' | 'run' | 'fetch'; readonly what: string };

/** A line that the log would have, secrets and texts left out as ever. */
export interface Logged {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: LogFields;
}

/**
 * `accepted`: the client heard 250 for the content and every recipient, and every one would be delivered, handed on, held or
 * discarded as the gateway decides. `refused`: somebody was refused for good, or would bounce. `deferred`: nobody was, and
 * somebody would have to wait.
 */
export type Verdict = 'accepted' | 'deferred' | 'refused';

/** One recipient that the client named. */
export interface AskedRecipient {
  /** As in RCPT, without brackets. */
  readonly address: string;
  /** Of this one, with all that it leads to. */
  readonly verdict: Verdict;
  /** The reply that decided: to the content where it came so far. */
  readonly reply: SaidReply;
  /** Itself, or those that it expands to, as they stand in `mails`. Empty where it was refused, or the content was. */
  readonly leadsTo: readonly RehearsedRecipient[];
  /**
   * For each of them the steps of the way: `staff (aliases:3)`. `via` of a recipient has another way where another one that was
   * named has led to it before.
   */
  readonly ways: readonly (readonly string[])[];
}

export interface Rehearsal {
  /** The worst of all recipients. */
  readonly verdict: Verdict;
  /** As it stood at the end. */
  readonly session: Session;
  readonly exchanges: readonly Exchange[];
  /** In the order in which they were given. */
  readonly recipients: readonly AskedRecipient[];
  /** Empty where the client was refused. */
  readonly mails: readonly RehearsedMail[];
  /** What was made of the content before it was taken or refused: what the engine added, then each rewrite that was asked for. */
  readonly revisions: readonly Revision[];
  readonly withheld: readonly Withheld[];
  readonly logged: readonly Logged[];
}
