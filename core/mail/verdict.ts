/** What a plugin may answer to a hook. Answers are values; the builders are the only way plugins need to make them. */
import type { ForwardPath, Mailbox } from './address.ts';
import type { Content } from './content.ts';
import type { Recipient, Target } from './envelope.ts';
import type { Facts } from './facts.ts';
import type { Outcome } from './outcome.ts';
import type { EnhancedStatus, PermanentCode, PermanentReply, TransientCode, TransientReply } from './reply.ts';
import type { Host, RouteReason } from './route.ts';
import type { Change } from './trace.ts';

/** `rcpt`: this recipient is ours to take. A claim, not a command: another plugin's refusal wins. */
export interface Accept {
  readonly kind: 'accept';
}

/** Refused for good: the client hears the reply and must not try again. */
export interface Reject {
  readonly kind: 'reject';
  readonly reply: PermanentReply;
  /** Why, exactly. For the log and the trace; the client never sees it. */
  readonly because: string | null;
}

/** Refused for now: the client hears the reply and tries again. */
export interface Defer {
  readonly kind: 'defer';
  readonly reply: TransientReply;
  readonly because: string | null;
}

/** One recipient that an alias leads to. */
export interface Expansion {
  readonly to: ForwardPath;
  /** The step that led there, for a person: `staff (aliases:3)`. */
  readonly via: string;
  /** Who delivers to it, where it is not for the routes to say. */
  readonly target?: Target;
  /** Who hears of failures in the place of the sender. A null reverse-path stays what it is. */
  readonly owner?: Mailbox;
}

/** `rcpt`: this recipient stands for these. A claim too. The plugin vouches for them: they are not asked about again. */
export interface Expand {
  readonly kind: 'expand';
  readonly to: readonly Expansion[];
}

/** `data`: go on with this content. It is the subject of the next plugin. */
export interface Rewrite {
  readonly kind: 'rewrite';
  readonly content: Content;
  readonly changes: readonly Change[];
  readonly facts: Facts;
}

/** `data`, `queue`: accept the mail, but deliver it only when somebody releases it. */
export interface Hold {
  readonly kind: 'hold';
  readonly reason: string;
}

/** `data`, `queue`: tell the client 250 and throw the mail away. Logged, and observers see it. */
export interface Discard {
  readonly kind: 'discard';
  readonly reason: string;
}

/** No opinion, but something is known now. */
export interface Note {
  readonly kind: 'note';
  readonly facts: Facts;
}

/** `helo`: offer these extensions too, or do not offer those (RFC 5321 section 2.2). Keywords, or keyword and parameters. */
export interface Offer {
  readonly kind: 'offer';
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** `auth`: the credentials are right, and this is who it is. */
export interface Authenticated {
  readonly kind: 'authenticated';
  readonly user: string;
}

/** `route`: where this recipient's mail goes next. What is left out is for the routes of the configuration or a later plugin. */
export interface RouteTo {
  readonly kind: 'route';
  readonly transport: string | null;
  readonly hosts: readonly Host[] | null;
  /** How that came about, for `mailframe route`. */
  readonly because: readonly RouteReason[];
}

/** `deliver`: what became of each recipient. One that is left out is deferred. */
export interface Report {
  readonly kind: 'report';
  readonly outcomes: ReadonlyMap<Recipient, Outcome>;
}

/** `vrfy`, `expn`: the mailboxes that the string stands for. */
export interface Addresses {
  readonly kind: 'addresses';
  readonly mailboxes: readonly Mailbox[];
}

/** Claims a recipient. */
export const accept: Accept = Object.freeze({ kind: 'accept' });

/**
 * Refuses for good.
 * @example reject(550, '5.1.1', 'No such mailbox')
 */
export function reject(
  code: PermanentCode,
  status: EnhancedStatus<5>,
  text: string,
  because: string | null = null,
): Reject {
  return { kind: 'reject', reply: { code, status, text }, because };
}

/**
 * Refuses for now.
 * @example defer(451, '4.7.1', 'Please come back in five minutes')
 */
export function defer(
  code: TransientCode,
  status: EnhancedStatus<4>,
  text: string,
  because: string | null = null,
): Defer {
  return { kind: 'defer', reply: { code, status, text }, because };
}

/** Replaces a recipient by others. */
export function expand(to: readonly Expansion[]): Expand {
  return { kind: 'expand', to };
}

/** Replaces the content, says what changed, and optionally what became known. */
export function rewrite(content: Content, changes: readonly Change[] = [], facts: Facts = {}): Rewrite {
  return { kind: 'rewrite', content, changes, facts };
}

/** Accepts the mail but keeps it from delivery until it is released. */
export function hold(reason: string): Hold {
  return { kind: 'hold', reason };
}

/** Accepts the mail and throws it away. */
export function discard(reason: string): Discard {
  return { kind: 'discard', reason };
}

/**
 * Has no opinion, but knows something.
 * @example note(SPAM_SCORE.is(7), SPAM.is('likely'))
 */
export function note(...facts: readonly Facts[]): Note {
  return { kind: 'note', facts: Object.assign({}, ...facts) as Facts };
}

/** Changes the extensions offered in the answer to EHLO. */
export function offer(change: { readonly add?: readonly string[]; readonly remove?: readonly string[] }): Offer {
  return { kind: 'offer', add: change.add ?? [], remove: change.remove ?? [] };
}

/** Says who the client is. */
export function authenticated(user: string): Authenticated {
  return { kind: 'authenticated', user };
}

/** Says where a recipient's mail goes next. */
export function routeTo(choice: {
  readonly transport?: string;
  readonly hosts?: readonly Host[];
  readonly because?: readonly RouteReason[];
}): RouteTo {
  const { transport = null, hosts = null, because = [] } = choice;
  return { kind: 'route', transport, hosts, because };
}

/** Reports a delivery attempt, recipient by recipient. */
export function report(outcomes: Iterable<readonly [Recipient, Outcome]>): Report {
  return { kind: 'report', outcomes: new Map(outcomes) };
}

/** Reports one outcome for all recipients of the attempt. */
export function reportAll(recipients: readonly Recipient[], outcome: Outcome): Report {
  return report(recipients.map(recipient => [recipient, outcome] as const));
}

/** Names the mailboxes that a VRFY or EXPN asked for. */
export function addresses(mailboxes: readonly Mailbox[]): Addresses {
  return { kind: 'addresses', mailboxes };
}
