/**
 * One delivery attempt: the due recipients of one mail are routed, grouped by route, delivered and settled.
 *
 * Guarantees: every recipient of the lease gets an outcome, whatever breaks; each group is settled as soon as it is
 * done, so that a slow one keeps no other from being written down.
 */
import type { Chain } from '../chain/chain.ts';
import { describeError, LOCAL_ERROR } from '../mail/failure.ts';
import type { Mail } from '../mail/mail.ts';
import { bouncedBy, deferredBy, type Outcome } from '../mail/outcome.ts';
import type { Route } from '../mail/route.ts';
import type { Trace } from '../mail/trace.ts';
import type { Log } from '../plugin/ports.ts';
import type { QueuedRecipient } from '../plugin/queue-control.ts';
import type { Lease } from '../plugin/queue-store.ts';
import { untried } from './settlement.ts';
import { Slots } from './slots.ts';

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
  readonly steps: Trace[];
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
  const { groups, unroutable, steps } = await routeAll(parts);
  heard(unroutable);
  const lanes = new Slots(DELIVERY_LANES);
  const ends = groups.map(group => lanes.run(() => deliverGroup(group, parts)));
  if (unroutable.length > 0) ends.push(settle(unroutable, steps));
  await Promise.all(ends);
}

interface Routing {
  readonly groups: readonly Group[];
  readonly unroutable: readonly Ended[];
  /** The steps that led to no route. */
  readonly steps: Trace;
}

async function routeAll({ lease: { mail, recipients }, chain, log }: AttemptParts): Promise<Routing> {
  const lanes = new Slots(ROUTING_LANES);
  const routed = await Promise.all(
    recipients.map(queued =>
      lanes.run(async () => {
        try {
          return { queued, ...(await chain.route(mail, queued.recipient, queued.attempts + 1)) };
        } catch (error) {
          log.error('failed', { queueId: mail.id, routing: describeError(error) });
          return { queued, decision: { kind: 'unroutable', outcome: deferredBy(LOCAL_ERROR) }, steps: [] } as const;
        }
      }),
    ),
  );
  const groups = new Map<string, Group>();
  const unroutable: Ended[] = [];
  const steps: Trace[] = [];
  for (const { queued, decision, steps: taken } of routed) {
    if (decision.kind === 'unroutable') {
      unroutable.push({ queued, outcome: decision.outcome });
      steps.push(taken);
      continue;
    }
    const key = keyOf(decision.route);
    const group = groups.get(key) ?? { route: decision.route, members: [], steps: [] };
    group.members.push(queued);
    group.steps.push(taken);
    groups.set(key, group);
  }
  return { groups: [...groups.values()], unroutable, steps: steps.flat() };
}

/** The same for routes that lead to the same place: hosts of one preference may have been shuffled. */
function keyOf({ transport, hosts }: Route): string {
  const places = hosts.map(({ name, port, addresses, preference, tls }) =>
    [preference, name, port, ...addresses.toSorted(), JSON.stringify(tls ?? null)].join(' '),
  );
  return [transport, ...places.sort()].join('\n');
}

async function deliverGroup(group: Group, parts: AttemptParts): Promise<void> {
  const { mail } = parts.lease;
  const { outcomes, steps } = await deliver(group, mail, parts);
  // The chain gives every recipient an outcome; should it not, silence defers.
  const ended = group.members.map(queued => ({
    queued,
    outcome: outcomes.get(queued.recipient) ?? deferredBy(LOCAL_ERROR),
  }));
  parts.heard(ended);
  await parts.settle(ended, [...group.steps.flat(), ...steps]);
}

async function deliver(
  { route, members }: Group,
  mail: Mail,
  { chain, log }: AttemptParts,
): Promise<{ readonly outcomes: ReadonlyMap<unknown, Outcome>; readonly steps: Trace }> {
  const recipients = members.map(queued => queued.recipient);
  const attempt = Math.max(...members.map(queued => queued.attempts)) + 1;
  try {
    const { decision, steps } = await chain.deliver(route.transport, { mail, recipients, hosts: route.hosts, attempt });
    return { outcomes: decision.outcomes, steps };
  } catch (error) {
    log.error('failed', { queueId: mail.id, delivering: describeError(error) });
    return { outcomes: new Map(), steps: [] };
  }
}
