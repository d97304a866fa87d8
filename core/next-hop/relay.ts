/**
 * One delivery attempt: host after host until every recipient has an outcome (RFC 5321 section 5.1).
 *
 * A host that cannot be reached, refuses everybody before MAIL, or ends the session before the content was sent is passed
 * over. The first host that takes the content ends the attempt: whoever it did not take is tried again later.
 *
 * Guarantee: who has an outcome keeps it. When the attempt is ended in the middle, what was delivered by then is reported
 * all the same, so that it is not delivered again.
 */
import type { Recipient } from '../mail/envelope.ts';
import { describeError, LOCAL_ERROR } from '../mail/failure.ts';
import { type Bounced, type Deferred, deferredBy, type Outcome } from '../mail/outcome.ts';
import type { Resolver } from '../plugin/dns.ts';
import type { Delivery } from '../plugin/hooks.ts';
import type { Caller, DialServices, Policy, Unreachable } from './dial.ts';
import type { Heard } from './heard.ts';
import { policiesFor } from './mail-policy.ts';
import { lostOutcome } from './outcomes.ts';
import type { Pool } from './pool.ts';
import { type Served, serve } from './serve.ts';
import { type Hops, type Target, targetsOf } from './targets.ts';

/** What relaying needs of the world. */
export interface RelayServices extends DialServices {
  readonly resolver: Resolver;
  readonly pool: Pool;
}

const NOT_BEGUN = deferredBy({ code: 451, status: '4.4.1', text: 'The attempt was ended before a host was tried' });
const NO_HOST = deferredBy({ code: 451, status: '4.4.1', text: 'The route names no host' });

/** A mail on its way. */
export interface Relaying extends Pick<Delivery, 'mail' | 'recipients'> {
  readonly hops: Hops;
}

/**
 * Relays to the next hops. Every recipient has an outcome.
 * @throws where the content cannot be read and nobody has an outcome yet
 */
export async function relay(
  delivery: Relaying,
  policy: Policy,
  services: RelayServices,
  caller: Caller,
): Promise<ReadonlyMap<Recipient, Outcome>> {
  const outcomes = new Map<Recipient, Outcome>();
  let failure: Deferred | Bounced | null = null;
  try {
    for (const one of await policiesFor(delivery.mail, delivery.hops, policy)) {
      const round = await tryHosts({ delivery, policy: one, services, caller, outcomes });
      failure = round.failure;
      if (round.end !== 'unprotected') break;
    }
  } catch (error) {
    if (outcomes.size === 0) throw error;
    caller.log.error('failed', { cause: describeError(error) });
    failure = deferredBy(LOCAL_ERROR);
  }
  for (const recipient of delivery.recipients) {
    if (!outcomes.has(recipient)) outcomes.set(recipient, failure ?? (caller.signal.aborted ? NOT_BEGUN : NO_HOST));
  }
  return outcomes;
}

interface Attempt {
  readonly delivery: Relaying;
  readonly policy: Policy;
  readonly services: RelayServices;
  readonly caller: Caller;
  /** What was decided so far. */
  readonly outcomes: Map<Recipient, Outcome>;
}

/** How a round over the hosts ended. `unprotected`: nobody took the mail, and one host at least had not the TLS for it. */
interface Round {
  readonly end: 'settled' | 'unprotected';
  /** What holds for those without an outcome. */
  readonly failure: Deferred | Bounced | null;
}

async function tryHosts(attempt: Attempt): Promise<Round> {
  const { delivery, services, caller, outcomes } = attempt;
  let failure: Deferred | Bounced | null = null;
  let end: Round['end'] = 'settled';
  for (const targets of targetsOf(delivery.hops, services.resolver)) {
    for (const target of await targets) {
      if (caller.signal.aborted) return { end, failure };
      if (target.kind === 'unresolved') {
        failure = milder(failure, target.outcome);
        continue;
      }
      const tried = await tryTarget(attempt, target);
      if (tried.kind === 'settled') return { end: 'settled', failure };
      if (tried.kind === 'ended') {
        failure = milder(failure, lostOutcome(tried.heard, target.remote));
        if ([...outcomes.values()].some(({ kind }) => kind === 'delivered')) return { end: 'settled', failure };
        continue;
      }
      caller.log.info('skipped', { remote: target.remote, cause: tried.outcome.reply.text });
      failure = milder(failure, tried.outcome);
      if (tried.kind === 'unprotected') end = 'unprotected';
    }
  }
  return { end, failure };
}

type Tried = Unreachable | { readonly kind: 'settled' } | { readonly kind: 'ended'; readonly heard: Heard };

/** Serves the recipients that are left at one address, over as many sessions as that takes: one, as a rule. */
async function tryTarget({ delivery, policy, services, caller, outcomes }: Attempt, target: Target): Promise<Tried> {
  const { pool } = services;
  const { signal } = caller;
  const { mail } = delivery;
  const { remote } = target;
  for (let want: 'any' | 'new' = 'any'; ; ) {
    const loan = await pool.take({ target, policy, services, caller }, want);
    if (loan.kind !== 'loan') return loan;
    const { client } = loan;
    const recipients = delivery.recipients.filter(recipient => !outcomes.has(recipient));
    const leave = client.endWith(signal);
    let served: Served;
    try {
      served = await serve({ mail, recipients, outcomes, client, policy, remote, caller });
    } finally {
      leave();
      pool.giveBack(loan);
    }
    if (served.kind === 'done') return { kind: 'settled' };
    if (served.kind === 'ended') return served;
    if (served.kind === 'stale' && signal.aborted) return { kind: 'ended', heard: served.heard };
    if (served.kind === 'stale') want = 'new';
  }
}

/** The later one of two failures, but a deferral before a bounce: while one host may still take it, nothing comes back. */
function milder(earlier: Deferred | Bounced | null, later: Deferred | Bounced): Deferred | Bounced {
  return earlier?.kind === 'deferred' && later.kind === 'bounced' ? earlier : later;
}
