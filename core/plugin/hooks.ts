/**
 * The hook table: the questions that SMTP asks, what a plugin is shown, and what it may answer.
 *
 * One interface declares every hook; one constant declares how it is walked. Silence (`undefined`) is "no opinion".
 * Subjects are read-only: a plugin's only effect is its answer.
 */
import type { Mailbox, ReversePath } from '../mail/address.ts';
import type { Envelope, MailParameters, Recipient } from '../mail/envelope.ts';
import type { Facts } from '../mail/facts.ts';
import type { Mail } from '../mail/mail.ts';
import type { ChallengeMechanism } from '../mail/mechanism.ts';
import type { Host } from '../mail/route.ts';
import type { Greeting, Session } from '../mail/session.ts';
import type { RouteTls } from '../mail/tls-demand.ts';
import type {
  Accept,
  Addresses,
  Authenticated,
  Defer,
  Discard,
  Expand,
  Hold,
  Note,
  Offer,
  Reject,
  Report,
  Rewrite,
  RouteTo,
} from '../mail/verdict.ts';
import type { Awaitable } from './awaitable.ts';
import type { Credentials } from './credentials.ts';
import type { Log } from './ports.ts';
import type { Stored } from './stored.ts';

/** One attempt for the recipients that share a route. */
export interface Delivery {
  readonly mail: Mail;
  /** Those of this attempt, a part of `mail.envelope.recipients`. */
  readonly recipients: readonly Recipient[];
  /** In the order to try. */
  readonly hosts: readonly Host[];
  /** 1 for the first attempt. */
  readonly attempt: number;
}

/** Every hook: its subject and its answers. */
export interface HookTable {
  /** Once a client, before it is greeted. */
  connect: { subject: { readonly session: Session }; answer: Reject | Defer | Note };
  /** Each HELO, EHLO or LHLO, before it is answered (RFC 5321 section 4.1.1.1). */
  helo: { subject: { readonly session: Session; readonly greeting: Greeting }; answer: Reject | Defer | Offer | Note };
  /** AUTH with a password, a token or a certificate (RFC 4954). Nobody answers: 535. */
  auth: {
    subject: { readonly session: Session; readonly credentials: Credentials };
    answer: Authenticated | Reject | Defer;
  };
  /**
   * AUTH with a proof (RFC 2195, RFC 5802): what is stored for the user, in the form that the mechanism needs. The engine
   * checks the proof. Nobody answers: the same exchange, and 535 at its end.
   */
  secret: {
    subject: { readonly session: Session; readonly mechanism: ChallengeMechanism; readonly user: string };
    answer: Stored | Reject | Defer;
  };
  /** Each MAIL (RFC 5321 section 4.1.1.2). */
  mail: {
    subject: { readonly session: Session; readonly reversePath: ReversePath; readonly parameters: MailParameters };
    answer: Reject | Defer | Note;
  };
  /**
   * Each RCPT (RFC 5321 section 4.1.1.3). `envelope` holds the recipients accepted so far; `claimed` says whether a plugin
   * above has claimed this one. Nobody claims it: 550 5.7.1.
   */
  rcpt: {
    subject: {
      readonly session: Session;
      readonly envelope: Envelope;
      readonly recipient: Recipient;
      readonly claimed: boolean;
    };
    answer: Accept | Expand | Reject | Defer | Note;
  };
  /** The whole content has arrived (RFC 5321 section 4.1.1.4). A rewrite is the next plugin's subject. */
  data: { subject: { readonly mail: Mail }; answer: Rewrite | Hold | Discard | Reject | Defer | Note };
  /** The final octets: the last veto before the mail is committed. */
  queue: { subject: { readonly mail: Mail }; answer: Hold | Discard | Reject | Defer };
  /**
   * Each recipient, on every attempt. `transport`, `hosts`, `tls`: what the routes of the configuration chose, or `null`. With
   * `hosts` only their TLS is wanted. `domain`: whose hosts are wanted, that of the recipient unless a route says another.
   */
  route: {
    subject: {
      readonly mail: Mail;
      readonly recipient: Recipient;
      readonly domain: string;
      readonly transport: string | null;
      readonly hosts: readonly Host[] | null;
      readonly tls: RouteTls | null;
      readonly attempt: number;
    };
    answer: RouteTo | Reject | Defer;
  };
  /** One attempt for one group of recipients. Only the transport that the route names is asked. */
  deliver: { subject: Delivery; answer: Report };
  /** VRFY (RFC 5321 section 4.1.1.6). Where no plugin answers, the client hears 252: nobody looks. */
  vrfy: {
    subject: { readonly session: Session; readonly query: string; readonly mailbox: Mailbox | null };
    answer: Addresses | Reject;
  };
  /** EXPN (RFC 5321 section 4.1.1.7). Where no plugin answers, the client hears 502. */
  expn: {
    subject: { readonly session: Session; readonly query: string; readonly mailbox: Mailbox | null };
    answer: Addresses | Reject;
  };
}

export type HookName = keyof HookTable;
export type Subject<H extends HookName> = HookTable[H]['subject'];
export type Answer<H extends HookName> = HookTable[H]['answer'];

/**
 * How the plugins of a hook are asked, always in the order of the configuration.
 * `refusal`: all; a refusal ends the walk. `first`: the first answer ends it. `fold`: a rewrite becomes the next
 * plugin's subject, a verdict ends it. `addressed`: exactly one plugin, chosen by name.
 */
export type Walk = 'refusal' | 'first' | 'fold' | 'addressed';

/** One row a hook: how it is walked, and the kinds of answer it knows. A missing row does not compile. */
export const HOOKS = {
  connect: { walk: 'refusal', answers: ['reject', 'defer', 'note'] },
  helo: { walk: 'refusal', answers: ['reject', 'defer', 'offer', 'note'] },
  auth: { walk: 'first', answers: ['authenticated', 'reject', 'defer'] },
  secret: { walk: 'first', answers: ['stored', 'reject', 'defer'] },
  mail: { walk: 'refusal', answers: ['reject', 'defer', 'note'] },
  rcpt: { walk: 'refusal', answers: ['accept', 'expand', 'reject', 'defer', 'note'] },
  data: { walk: 'fold', answers: ['rewrite', 'hold', 'discard', 'reject', 'defer', 'note'] },
  queue: { walk: 'refusal', answers: ['hold', 'discard', 'reject', 'defer'] },
  route: { walk: 'first', answers: ['route', 'reject', 'defer'] },
  deliver: { walk: 'addressed', answers: ['report'] },
  vrfy: { walk: 'first', answers: ['addresses', 'reject'] },
  expn: { walk: 'first', answers: ['addresses', 'reject'] },
} as const satisfies { [H in HookName]: { readonly walk: Walk; readonly answers: readonly Answer<H>['kind'][] } };

/** All hooks in the order in which a mail meets them. */
export const HOOK_NAMES = Object.keys(HOOKS) as readonly HookName[];

/** What a plugin has at hand while it answers. */
export interface HookContext {
  /** Aborted when the deadline has passed or nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Carries the plugin's id and the session or queue id. */
  readonly log: Log;
  /** What earlier plugins found out. */
  readonly facts: Facts;
}

/** The hooks that a plugin answers. */
export type Hooks = {
  readonly [H in HookName]?: (subject: Subject<H>, context: HookContext) => Awaitable<Answer<H> | undefined | void>;
};
