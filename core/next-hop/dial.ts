/** Opens a session with one address: connection, greeting, TLS as the policy wants it, AUTH. */
import { describeError, errnoOf } from '../mail/failure.ts';
import { type Bounced, bouncedBy, type Deferred, deferredBy } from '../mail/outcome.ts';
import { isPermanent, type PermanentReply } from '../mail/reply.ts';
import type { HookContext } from '../plugin/hooks.ts';
import type { Clock, Network } from '../plugin/ports.ts';
import type { Secret } from '../plugin/secret.ts';
import type { TlsReports } from '../plugin/tls-reports.ts';
import { SmtpClient } from './client.ts';
import type { Lost } from './heard.ts';
import type { Limits, Opening } from './opening.ts';
import { lostOutcome, refusedOutcome, unavailable } from './outcomes.ts';
import { isDone, refusalOf } from './remote-reply.ts';
import type { Target } from './targets.ts';
import { countTls } from './tls-counting.ts';
import { type TlsLevel, type TlsOption, type TlsWanted, wantedFor } from './tls-wanted.ts';

/**
 * How far TLS is insisted on. `requiretls`: for a mail that requires it on its whole way (RFC 8689), whatever the operator
 * says: verified, and by a next hop that promises to insist on it too. Where that cannot be had the mail comes back.
 */
export type TlsPolicy = TlsOption | 'requiretls';

/** How sessions are opened, and used. */
export interface Policy {
  /** Our name for EHLO. */
  readonly hello: string;
  readonly tls: TlsPolicy;
  /** Whether what routes and policies of domains demand counts: a mail may do without (RFC 8689 section 3). */
  readonly demands: 'kept' | 'ignored';
  /** What the field `TLS-Required: No` of a mail does (RFC 8689 section 3). */
  readonly tlsRequiredNo: 'honour' | 'ignore';
  /** Certification authorities in PEM, instead of those that Node trusts. */
  readonly authorities: string | null;
  /** What is spoken (RFC 5321, RFC 2033). */
  readonly protocol: 'smtp' | 'lmtp';
  /** See `Transaction`. */
  readonly chunking: 'never' | 'offered';
  /** So many at most in one transaction. */
  readonly recipients: number;
  readonly auth: { readonly user: string; readonly password: Secret } | null;
  /** For the TCP connection, in milliseconds. */
  readonly connectTimeout: number;
  readonly limits: Limits;
}

/** What opening a session needs of the world. */
export interface DialServices {
  readonly network: Network;
  readonly clock: Clock;
  readonly reports: TlsReports;
}

/** For whom it is done: when to end, and where to say what is to be said. */
export type Caller = Pick<HookContext, 'signal' | 'log'>;

/** Nobody can be served at this address. `unprotected`: for want of the TLS that the mail requires. */
export interface Unreachable {
  readonly kind: 'unreachable' | 'unprotected';
  readonly outcome: Deferred | Bounced;
}

/** The port that speaks TLS from the first octet (RFC 8314 section 3.3). */
const SUBMISSIONS = 465;

/** What is to be reached, and how. */
export interface Call {
  readonly target: Target;
  readonly policy: Policy;
  readonly services: DialServices;
  readonly caller: Caller;
}

/** Opens a session that is ready for transactions, or says why there is none. */
export async function dial(call: Call): Promise<SmtpClient | Unreachable> {
  const { target, policy, caller } = call;
  const opened = await openByPolicy(call);
  if (!(opened instanceof SmtpClient)) return opened;
  if (policy.tls === 'requiretls' && !opened.extensions.has('REQUIRETLS')) {
    opened.quit();
    return { kind: 'unprotected', outcome: bouncedBy(NO_PROMISE, target.remote) };
  }
  if (policy.auth === null) return opened;
  const refusal = await opened.during(caller.signal, () => login(opened, policy.auth, target.remote));
  if (refusal === null) return opened;
  opened.quit();
  return { kind: 'unreachable', outcome: refusal };
}

/** RFC 8689 section 4.2.1. */
const NO_PROMISE: PermanentReply = {
  code: 550,
  status: '5.7.30',
  text: 'The next hop does not promise TLS on the rest of the way (REQUIRETLS)',
};

async function openByPolicy(call: Call): Promise<SmtpClient | Unreachable> {
  const { target, policy, caller } = call;
  const wanted = wantedFor(target.host, policy);
  const first = await open(call, wanted, OPENINGS[wanted.level]);
  if (first instanceof SmtpClient || first.kind !== 'lost') return first;
  if (first.tls === 'no') return { kind: 'unreachable', outcome: endedEarly(first, call) };
  if (wanted.level !== 'opportunistic' || isImplicit(call, wanted)) {
    return withoutTls(first, call);
  }
  // What a failed handshake leaves behind cannot be trusted: plain SMTP gets a connection of its own.
  caller.log.warn('downgraded', { remote: target.remote, cause: first.because });
  const second = await open(call, wanted, 'none');
  if (second instanceof SmtpClient || second.kind !== 'lost') return second;
  return { kind: 'unreachable', outcome: endedEarly(second, call) };
}

const OPENINGS = {
  off: 'none',
  opportunistic: 'if-offered',
  required: 'required',
  verified: 'verified',
  dane: 'dane',
} as const satisfies Record<TlsLevel, Opening['tls']>;

function isImplicit({ target }: Call, { level }: TlsWanted): boolean {
  return target.host.port === SUBMISSIONS && level !== 'off';
}

async function open(call: Call, wanted: TlsWanted, tls: Opening['tls']): Promise<SmtpClient | Unreachable | Lost> {
  const { target, policy, services, caller } = call;
  const { signal } = caller;
  const { at, host } = target;
  const destination = { ...at, timeout: policy.connectTimeout };
  const { hello, protocol, authorities, limits } = policy;
  try {
    const socket = await services.network.connect(destination, signal);
    const { names, tlsa } = wanted;
    const session = { hello, protocol, tls, names, tlsa, implicitTls: isImplicit(call, wanted), authorities, limits };
    // The address is known as long as the socket is open.
    const { localAddress } = socket;
    const opened = await SmtpClient.open({ socket, peer: host.name, ...session }, services.clock, signal);
    // What comes after TLS has failed is no session of the kind that a policy is about.
    if (tls === OPENINGS[wanted.level]) countTls(opened, wanted, { target, localAddress }, services.reports);
    return opened;
  } catch (error) {
    const text = `Cannot connect: ${errnoOf(error) ?? describeError(error)}`;
    return { kind: 'unreachable', outcome: unavailable('4.4.1', text, target.remote) };
  }
}

const UNKNOWN_COMMAND: ReadonlySet<number> = new Set([500, 501, 502, 503, 504]);
const NO_LMTP = ['4.5.0', 'The next hop does not speak LMTP'] as const;
const NOT_WELCOME = ['4.3.0', 'The mailbox store refuses all mail of ours'] as const;

/** A greeting, EHLO or LHLO that was refused, or a connection that broke before the session was ready. */
function endedEarly(lost: Lost, { target, policy }: Call): Deferred | Bounced {
  if (lost.reply === null) return lostOutcome(lost, target.remote);
  const refusal = refusalOf(lost.reply);
  // A mailbox store is ours: where it does not know LHLO, or us, that is a mistake, and returns nobody's mail.
  if (policy.protocol === 'lmtp' && isPermanent(refusal)) {
    const [status, text] = UNKNOWN_COMMAND.has(refusal.code) ? NO_LMTP : NOT_WELCOME;
    return unavailable(status, text, target.remote, lost.reply.words);
  }
  // Where TLS is demanded, whoever speaks before it may be an attacker who wants mail to come back.
  const { level } = wantedFor(target.host, policy);
  const trusted = level === 'off' || level === 'opportunistic' || !isPermanent(refusal);
  const believed = trusted ? refusal : ({ code: 454, status: '4.7.4', text: 'Refused before TLS' } as const);
  return refusedOutcome(believed, lost.reply, target.remote, 'destination');
}

/**
 * TLS was demanded, and there is none, or none that can be trusted. For an operator's demand never final: it may be mended
 * or attacked. Senders who require it want to know (RFC 8689 section 4.2.1), unless it may be there in a moment.
 */
function withoutTls(lost: Lost, { target: { remote }, policy }: Call): Unreachable {
  const words = lost.reply?.words ?? null;
  const text = words === null ? `TLS failed: ${lost.because}` : 'The next hop offers no TLS';
  const forNow = lost.tls === 'interrupted' || (lost.reply !== null && !isPermanent(refusalOf(lost.reply)));
  if (policy.tls === 'requiretls' && !forNow) {
    return { kind: 'unprotected', outcome: bouncedBy({ code: 550, status: '5.7.10', text }, remote, words) };
  }
  const status = words === null ? '4.7.5' : '4.7.4';
  // Other mail may do without what this one requires.
  const [kind, concerns] =
    policy.tls === 'requiretls' ? (['unprotected', 'recipient'] as const) : (['unreachable', 'destination'] as const);
  return { kind, outcome: deferredBy({ code: 454, status, text }, remote, words, concerns) };
}

async function login(client: SmtpClient, auth: Policy['auth'], remote: string): Promise<Deferred | null> {
  if (auth === null) return null;
  if (!client.extensions.has('AUTH')) {
    return deferredBy({ code: 454, status: '4.7.0', text: 'The next hop offers no AUTH' }, remote, null, 'destination');
  }
  const heard = await client.login(auth.user, auth.password.reveal());
  if (heard.kind === 'lost' || heard.code === 421) return lostOutcome(heard, remote);
  if (isDone(heard)) return null;
  // A password that is wrong today is an operator's mistake, not a reason to return everybody's mail.
  const refused = { code: 454, status: '4.7.8', text: 'The next hop refuses our login' } as const;
  return deferredBy(refused, remote, heard.words, 'destination');
}
