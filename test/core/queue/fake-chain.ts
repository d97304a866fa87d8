/** A chain that routes and delivers as a test says, and notes what it was asked and told. */
import type { Chain } from '../../../core/chain/chain.ts';
import type { Placed, Refused, Routed, Unroutable } from '../../../core/chain/decision.ts';
import type { Recipient } from '../../../core/mail/envelope.ts';
import { NO_FACTS } from '../../../core/mail/facts.ts';
import { deliveredTo, type Outcome } from '../../../core/mail/outcome.ts';
import { formatMailbox } from '../../../core/mail/path.ts';
import type { Trace } from '../../../core/mail/trace.ts';
import type { Delivery } from '../../../core/plugin/hooks.ts';
import type { HappeningName } from '../../../core/plugin/observer.ts';
import { STEP } from './queued-mail.ts';

/** What a test says about routing and delivering. What it leaves out succeeds. */
export interface ChainScript {
  readonly place?: (domain: string) => Placed;
  readonly route?: (recipient: Recipient, attempt: number) => Routed | Unroutable;
  readonly deliver?: (delivery: Delivery, transport: string) => Promise<ReadonlyMap<Recipient, Outcome>>;
  /** Who the recipient of a notification stands for. Left out: nobody claims it. */
  readonly rcpt?: (recipient: Recipient) => readonly Recipient[];
}

export interface FakeChain extends Chain {
  /** Every delivery as `transport host: mail to addresses (attempt)`. */
  readonly deliveries: readonly string[];
  /** Every happening as `event mail address (attempt)`. */
  readonly told: readonly string[];
}

/** A route by a transport to a host on port 25. */
export function routedTo(transport: string, ...hosts: readonly string[]): Routed {
  return {
    kind: 'routed',
    route: { transport, hosts: hosts.map(name => ({ name, port: 25, addresses: [], preference: 0 })) },
    because: [],
  };
}

/** The same outcome for all recipients of a delivery. */
export function all(outcome: Outcome): (delivery: Delivery) => Promise<ReadonlyMap<Recipient, Outcome>> {
  return async ({ recipients }) => new Map(recipients.map(recipient => [recipient, outcome]));
}

const NOBODY: Refused = {
  kind: 'refused',
  reply: { code: 550, status: '5.7.1', text: 'Relay access denied' },
  by: 'mailframe',
  because: null,
};

export function fakeChain({ place, route, deliver, rcpt }: ChainScript = {}): FakeChain {
  const deliveries: string[] = [];
  const told: string[] = [];
  const step = (hook: string): Trace => [{ ...STEP, hook }];
  const unused = () => {
    throw new Error('the queue does not ask this');
  };
  return {
    deliveries,
    told,
    place: async (_mail, { forwardPath }) =>
      place?.(forwardPath.domain) ?? { destination: forwardPath.domain, retry: null },
    route: async (_mail, recipient, attempt) => ({
      decision: route?.(recipient, attempt) ?? routedTo('here'),
      facts: NO_FACTS,
      steps: step('route'),
    }),
    deliver: async (transport, delivery) => {
      const { mail, recipients, hosts, attempt } = delivery;
      const to = recipients.map(one => formatMailbox(one.forwardPath)).join(' ');
      deliveries.push([transport, ...hosts.map(host => host.name)].join(' ') + `: ${mail.id} to ${to} (${attempt})`);
      const outcomes = await (deliver ?? all(deliveredTo('the mailbox')))(delivery, transport);
      return { decision: { kind: 'attempted', outcomes }, facts: NO_FACTS, steps: step('deliver') };
    },
    tell: (event: HappeningName, happening) => {
      if (!('recipient' in happening) || happening.recipient === null || !('mail' in happening)) return;
      told.push(
        `${event} ${happening.mail.id} ${formatMailbox(happening.recipient.forwardPath)} (${happening.attempt})`,
      );
    },
    connect: unused,
    helo: unused,
    auth: unused,
    secret: unused,
    mail: unused,
    rcpt: async (_session, _envelope, recipient) => ({
      decision: rcpt === undefined ? NOBODY : { kind: 'claimed', recipients: rcpt(recipient) },
      facts: NO_FACTS,
      steps: [],
    }),
    groupOf: unused,
    content: unused,
    vrfy: unused,
    expn: unused,
    close: unused,
  };
}
