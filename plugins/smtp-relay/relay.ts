/**
 * One delivery attempt: host after host until every recipient has an outcome (RFC 5321 section 5.1).
 *
 * A host that cannot be reached, refuses everybody before MAIL, or ends the session before the content was sent is passed
 * over. The first host that takes the content ends the attempt: whoever it did not take is tried again later, so that a
 * deadline never falls between two deliveries.
 */
import {
  type Bounced,
  type Deferred,
  type Delivery,
  deferredBy,
  type Log,
  type Outcome,
  type Recipient,
  type Resolver,
} from '../../core/index.ts';
import { SmtpClient } from './client.ts';
import { type DialServices, dial, type Policy } from './dial.ts';
import { policiesFor } from './mail-policy.ts';
import { targetsOf } from './targets.ts';
import { transact } from './transaction.ts';

/** What relaying needs of the world. */
export interface RelayServices extends DialServices {
  readonly resolver: Resolver;
  readonly log: Log;
}

const NO_HOST = deferredBy({ code: 451, status: '4.4.1', text: 'The route names no host' });

/** Relays to the hosts of the delivery. Every recipient has an outcome. */
export async function relay(
  delivery: Delivery,
  policy: Policy,
  services: RelayServices,
  signal: AbortSignal,
): Promise<ReadonlyMap<Recipient, Outcome>> {
  const outcomes = new Map<Recipient, Outcome>();
  let failure: Deferred | Bounced | null = null;
  for (const one of await policiesFor(delivery.mail, policy)) {
    const round = await tryHosts({ delivery, policy: one, services, signal }, outcomes);
    failure = round.failure;
    if (round.end !== 'unprotected') break;
  }
  for (const recipient of delivery.recipients) {
    if (!outcomes.has(recipient)) outcomes.set(recipient, failure ?? NO_HOST);
  }
  return outcomes;
}

interface Attempt {
  readonly delivery: Delivery;
  readonly policy: Policy;
  readonly services: RelayServices;
  readonly signal: AbortSignal;
}

/** How a round over the hosts ended. `unprotected`: nobody took the mail, and one host at least had not the TLS for it. */
interface Round {
  readonly end: 'settled' | 'unprotected';
  /** What holds for those without an outcome. */
  readonly failure: Deferred | Bounced | null;
}

async function tryHosts(
  { delivery, policy, services, signal }: Attempt,
  outcomes: Map<Recipient, Outcome>,
): Promise<Round> {
  let failure: Deferred | Bounced | null = null;
  let end: Round['end'] = 'settled';
  for await (const target of targetsOf(delivery.hosts, services.resolver)) {
    if (signal.aborted) break;
    const left = delivery.recipients.filter(recipient => !outcomes.has(recipient));
    if (target.kind === 'unresolved') {
      failure = milder(failure, target.outcome);
      continue;
    }
    const client = await dial({ target, policy, services, signal });
    if (!(client instanceof SmtpClient)) {
      services.log.info('skipped', { remote: target.remote, cause: client.outcome.reply.text });
      failure = milder(failure, client.outcome);
      if (client.kind === 'unprotected') end = 'unprotected';
      continue;
    }
    const { remote } = target;
    const { chunking } = policy;
    const transaction = { mail: delivery.mail, recipients: left, client, chunking, remote, log: services.log };
    const done = await client.during(signal, () => transact(transaction)).finally(() => client.quit());
    for (const [recipient, outcome] of done.outcomes) outcomes.set(recipient, outcome);
    if (done.elsewhere === null) return { end: 'settled', failure };
    failure = milder(failure, done.elsewhere);
    if ([...done.outcomes.values()].some(outcome => outcome.kind === 'delivered')) return { end: 'settled', failure };
  }
  return { end, failure };
}

/** The later one of two failures, but a deferral before a bounce: while one host may still take it, nothing comes back. */
function milder(earlier: Deferred | Bounced | null, later: Deferred | Bounced): Deferred | Bounced {
  return earlier?.kind === 'deferred' && later.kind === 'bounced' ? earlier : later;
}
