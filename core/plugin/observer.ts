/** Observers: they are told what happened and cannot change it. What they throw is logged and goes no further. */
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { Bounced, Deferred, Delivered } from '../mail/outcome.ts';
import type { Refusal } from '../mail/reply.ts';
import type { Session } from '../mail/session.ts';
import type { Trace } from '../mail/trace.ts';
import type { HookName } from './hooks.ts';

/** What happened, by the past participle that the log uses too. */
export interface Happenings {
  /** A mail is on disk and the client is about to hear 250. */
  accepted: { readonly mail: Mail; readonly trace: Trace };
  /** A client was refused. `by`: the plugin's id, or `mailframe` for the engine. `hook` is where it stood. */
  refused: {
    readonly session: Session;
    readonly hook: HookName;
    readonly reply: Refusal;
    readonly by: string;
    readonly because: string | null;
    readonly recipient: Recipient | null;
    readonly trace: Trace;
  };
  /** The client heard 250, but a plugin had the mail thrown away. */
  discarded: { readonly mail: Mail; readonly by: string; readonly reason: string; readonly trace: Trace };
  /** A mail lies in the queue until somebody releases it. */
  held: { readonly mail: Mail; readonly by: string; readonly reason: string; readonly trace: Trace };
  delivered: {
    readonly mail: Mail;
    readonly recipient: Recipient;
    readonly outcome: Delivered;
    readonly attempt: number;
  };
  deferred: {
    readonly mail: Mail;
    readonly recipient: Recipient;
    readonly outcome: Deferred;
    readonly attempt: number;
    readonly nextAttempt: Date;
  };
  bounced: { readonly mail: Mail; readonly recipient: Recipient; readonly outcome: Bounced; readonly attempt: number };
}

export type HappeningName = keyof Happenings;

/** The happenings that a plugin wants to be told of. */
export type Observer = { readonly [E in HappeningName]?: (happening: Happenings[E]) => void | Promise<void> };
