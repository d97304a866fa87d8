/**
 * One delivery attempt: the due recipients of one mail are routed, grouped by route, delivered and settled.
 *
 * Guarantees: every recipient of the lease gets an outcome, whatever breaks; each group is settled as soon as it is
 * done, so that a slow one keeps no other from being written down.
 */
import type { Chain } from '../chain/chain.ts';
import type { Routed, Unroutable, Walked } from '../chain/decision.ts';
import type { Recipient } from '../mail/envelope.ts';
import { describeError, LOCAL_ERROR } from '../mail/failure.ts';
import { bouncedBy, deferredBy, type Outcome } from '../mail/outcome.ts';
import type { Route } from '../mail/route.ts';
import type { Trace, TraceStep } from '../mail/trace.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import { inLanes } from '../plugin/in-lanes.ts';
import type { Log } from '../plugin/ports.ts';
import type { QueuedRecipient } from '../plugin/queue-control.ts';
import type { Lease } from '../plugin/queue-store.ts';
import { untried } from './settlement.ts';

/** So many recipients of one mail are routed at the same time: routing asks the DNS. */
const ROUTING_LANES = 8;
/** So many groups of one mail are delivered at the same time: it may have a thousand. */
const DELIVERY_LANES = 50;

/** A recipient whose attempt is over. */
export interface Ended {
  readonly queued: QueuedRecipient;
  readonly outcome: Outcome;
}

/** What an attempt needs. */
export interface AttemptParts {
  readonly lease: Lease;
  readonly chain: Chain;
  readonly log: Log;
  /** Told the outcomes of some of the recipients as soon as they are known, before they are written down. */
  readonly heard: (ended: readonly Ended[]) => void;
  /** Writes down what became of some of the recipients. Does not reject. */
  readonly settle: (ended: readonly Ended[], steps: Trace) => Promise<void>;
}

interface Group {
  readonly route: Route;
  readonly members: QueuedRecipient[];
  readonly steps: TraceStep[];
}

/** Makes the attempt. Resolves when every recipient is settled; does not reject. */
export async function makeAttempt(parts: AttemptParts): Promise<void> {
  const { lease, heard, settle } = parts;
  const { fate, recipients } = lease;
  if (fate.kind !== 'deliver') {
    const end = (queued: QueuedRecipient) => (fate.kind === 'bounce' ? bouncedBy(fate.reply) : untried(queued));
    return settle(
      recipients.map(queued => ({ queued, outcome: end(queued) })),
      [],
    );
  }
  const { groups, unroutable, steps } = grouped(await inLanes(ROUTING_LANES, recipients, one => route(one, parts)));
  if (unroutable.length > 0) heard(unroutable);
  const delivered = inLanes(DELIVERY_LANES, groups, group => deliver(group, parts));
  if (unroutable.length > 0) await settle(unroutable, steps);
  await delivered;
}

interface Routing {
  readonly queued: QueuedRecipient;
  readonly decision: Routed | Unroutable;
  readonly steps: Trace;
}

function route(queued: QueuedRecipient, { lease: { mail }, chain, log }: AttemptParts): Awaitable<Routing> {
  const broke = (error: unknown): Routing => {
    log.error('failed', { queueId: mail.id, routing: describeError(error) });
    const decision = { kind: 'unroutable', outcome: deferredBy(LOCAL_ERROR), because: [] } as const;
    return { queued, decision, steps: [] };
  };
  const walked = ({ decision, steps }: Walked<Routed | Unroutable>): Routing => ({ queued, decision, steps });
  try {
    const known = chain.route(mail, queued.recipient, queued.attempts + 1);
    return known instanceof Promise ? known.then(walked, broke) : walked(known);
  } catch (error) {
    return broke(error);
  }
}

interface Routings {
  readonly groups: readonly Group[];
  readonly unroutable: readonly Ended[];
  /** The steps that led to no route. */
  readonly steps: Trace;
}

function grouped(routings: readonly Routing[]): Routings {
  const groups = new Map<string, Group>();
  const unroutable: Ended[] = [];
  const steps: TraceStep[] = [];
  for (const { queued, decision, steps: taken } of routings) {
    if (decision.kind === 'unroutable') {
      unroutable.push({ queued, outcome: decision.outcome });
      steps.push(...taken);
      continue;
    }
    // Who is alone shares with nobody.
    const key = routings.length === 1 ? '' : keyOf(decision.route);
    const group = groups.get(key) ?? { route: decision.route, members: [], steps: [] };
    group.members.push(queued);
    group.steps.push(...taken);
    groups.set(key, group);
  }
  return { groups: [...groups.values()], unroutable, steps };
}

/** The same for routes that lead to the same place: hosts of one preference may have been shuffled. */
function keyOf({ transport, hosts }: Route): string {
  const places = hosts.map(({ name, port, addresses, preference, tls }) =>
    [preference, name, port, ...addresses.toSorted(), JSON.stringify(tls ?? null)].join(' '),
  );
  return [transport, ...places.sort()].join('\n');
}

async function deliver({ route: to, members, steps }: Group, parts: AttemptParts): Promise<void> {
  const { lease, chain, log, heard, settle } = parts;
  const { mail } = lease;
  const recipients = members.map(queued => queued.recipient);
  const attempt = Math.max(...members.map(queued => queued.attempts)) + 1;
  let outcomes: ReadonlyMap<Recipient, Outcome> = new Map();
  let taken: Trace = [];
  try {
    const walked = await chain.deliver(to.transport, { mail, recipients, hosts: to.hosts, attempt });
    outcomes = walked.decision.outcomes;
    taken = walked.steps;
  } catch (error) {
    log.error('failed', { queueId: mail.id, delivering: describeError(error) });
  }
  // The chain gives every recipient an outcome; should it not, silence defers.
  const ended = members.map(queued => ({
    queued,
    outcome: outcomes.get(queued.recipient) ?? deferredBy(LOCAL_ERROR),
  }));
  heard(ended);
  await settle(ended, [...steps, ...taken]);
}
