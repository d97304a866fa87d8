/** What the chain decides: the answers of all plugins of a hook, walked to one result. */

import type { Mailbox } from '../mail/address.ts';
import type { Content } from '../mail/content.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Facts } from '../mail/facts.ts';
import type { Bounced, Deferred, Outcome } from '../mail/outcome.ts';
import type { Refusal } from '../mail/reply.ts';
import type { RetryPolicy } from '../mail/retry-policy.ts';
import type { Route, RouteReason } from '../mail/route.ts';
import type { Trace } from '../mail/trace.ts';
import type { Fate } from '../plugin/queue-store.ts';
import type { StoredSecret } from '../plugin/stored.ts';

/** The result of a walk, with what was found out on the way and who was asked. */
export interface Walked<D> {
  readonly decision: D;
  /** All facts known now: those given and those added. */
  readonly facts: Facts;
  /** The steps of this walk alone. */
  readonly steps: Trace;
}

/** The client is refused. */
export interface Refused {
  readonly kind: 'refused';
  readonly reply: Refusal;
  /** The plugin's id, or `mailframe` where nobody claimed a recipient or the engine itself refused. */
  readonly by: string;
  readonly because: string | null;
}

/** Nobody objects. */
export interface Passed {
  readonly kind: 'passed';
}

/** Nobody objects to the greeting; the offered extensions may change. */
export interface Greeted {
  readonly kind: 'greeted';
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** The client is who it says. */
export interface Identified {
  readonly kind: 'identified';
  readonly user: string;
  readonly by: string;
}

/** Something is stored for the user. Whether the client knows it, is not decided yet. */
export interface Known<S extends StoredSecret = StoredSecret> {
  readonly kind: 'known';
  readonly user: string;
  readonly secret: S;
  readonly by: string;
}

/** The recipient is ours. */
export interface Claimed {
  readonly kind: 'claimed';
  /** The recipient itself, or those that it expands to: each once. */
  readonly recipients: readonly Recipient[];
}

/** Recipients that share content, facts and fate after the `data` and `queue` hooks. */
export interface ContentGroup {
  readonly recipients: readonly Recipient[];
  readonly content: Content;
  readonly facts: Facts;
  /** `refused`: only where each group is decided for itself. */
  readonly fate: Fate | { readonly kind: 'discard'; readonly by: string; readonly reason: string } | Refused;
  readonly steps: Trace;
}

/** The content is taken, in one group or several: they commit as one. */
export interface Taken {
  readonly kind: 'taken';
  readonly groups: readonly ContentGroup[];
}

/** Where a recipient waits in the queue. */
export interface Placed {
  /** See `core/mail/destination.ts`. */
  readonly destination: string;
  /** `null`: as the queue has it. */
  readonly retry: RetryPolicy | null;
}

/** A recipient has a route. */
export interface Routed {
  readonly kind: 'routed';
  readonly route: Route;
  /** How that came about. */
  readonly because: readonly RouteReason[];
}

/** A recipient has none. */
export interface Unroutable {
  readonly kind: 'unroutable';
  readonly outcome: Bounced | Deferred;
  readonly because: readonly RouteReason[];
}

/** An attempt was made: an outcome for every recipient of it, without exception. */
export interface Attempted {
  readonly kind: 'attempted';
  readonly outcomes: ReadonlyMap<Recipient, Outcome>;
}

/** VRFY or EXPN has an answer. */
export interface Found {
  readonly kind: 'found';
  readonly mailboxes: readonly Mailbox[];
}
