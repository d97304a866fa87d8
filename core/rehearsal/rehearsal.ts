/** What a rehearsal finds: the whole way of one message through a gateway, and nothing of it done. Plain data but for contents. */
import type { Content } from '../mail/content.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { Outcome } from '../mail/outcome.ts';
import type { Host, Route, RouteReason } from '../mail/route.ts';
import type { Session } from '../mail/session.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import type { ContentDifference } from '../mime/difference.ts';
import type { Preview } from '../plugin/preview.ts';
import type { Fate } from '../plugin/queue-store.ts';

/** What the client said, what it heard, and who was asked meanwhile. */
export interface Exchange {
  readonly stage: 'connect' | 'helo' | 'auth' | 'mail' | 'rcpt' | 'content';
  /** `MAIL FROM:<ann@example.test>`. */
  readonly said: string;
  /** As on the wire, without its line end; lines parted by `\n`. */
  readonly reply: string;
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
}

/** Something that a plugin wanted to do to the world, and did not. */
export type Withheld =
  | { readonly kind: 'write'; readonly path: string; readonly content: Content }
  | { readonly kind: 'remove'; readonly path: string }
  /** `192.0.2.1:25`, `/usr/bin/program`, `https://host.test/path`. */
  | { readonly kind: 'connect' | 'run' | 'fetch'; readonly what: string };

/**
 * `accepted`: the client heard 250 for the content and every recipient, and every one would be delivered, handed on, held or
 * discarded as the gateway decides. `refused`: somebody was refused for good, or would bounce. `deferred`: nobody was, and
 * somebody would have to wait.
 */
export type Verdict = 'accepted' | 'deferred' | 'refused';

export interface Rehearsal {
  readonly verdict: Verdict;
  /** As it stood at the end. */
  readonly session: Session;
  readonly exchanges: readonly Exchange[];
  /** Empty where the client was refused. */
  readonly mails: readonly RehearsedMail[];
  readonly withheld: readonly Withheld[];
}
