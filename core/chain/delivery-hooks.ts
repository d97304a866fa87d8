/**
 * The hooks after acceptance: `route` and `deliver`.
 *
 * Guarantee: every recipient gets an outcome. What is not positively answered is deferred: a missing route, a transport
 * that broke, a recipient that a report left out.
 */
import type { Recipient, Target } from '../mail/envelope.ts';
import { LOCAL_ERROR } from '../mail/failure.ts';
import type { Mail } from '../mail/mail.ts';
import { bouncedBy, deferredBy, type Outcome } from '../mail/outcome.ts';
import { formatMailbox, formatPath } from '../mail/path.ts';
import { isPermanent, type Refusal, type TransientReply } from '../mail/reply.ts';
import type { RouteReason } from '../mail/route.ts';
import type { RouteTls } from '../mail/tls-demand.ts';
import type { RouteTo } from '../mail/verdict.ts';
import { type Awaitable, whenThere } from '../plugin/awaitable.ts';
import type { Delivery, Subject } from '../plugin/hooks.ts';
import type { Random } from '../plugin/ports.ts';
import type { Called } from './call.ts';
import type { View } from './condition.ts';
import type { Attempted, Placed, Routed, Unroutable, Walked } from './decision.ts';
import type { Link } from './link.ts';
import { inOrder } from './load-sharing.ts';
import { completeRoute, type RouteTable } from './route-table.ts';
import { isFoundOut, withTls } from './route-tls.ts';
import { heardFrom, type Walker } from './walk.ts';

const NO_ROUTE: TransientReply = { code: 451, status: '4.3.5', text: 'No route for this recipient' };
const NO_TLS: TransientReply = { code: 451, status: '4.7.5', text: 'No host has the TLS that its route demands' };

/**
 * Where a recipient waits: the mailbox where the first matching route delivers here, the next hop where it names one, else
 * the domain. No plugin is asked, so that this costs nothing and always has an answer.
 */
export function placeOf(walker: Walker, routes: RouteTable, mail: Mail, recipient: Recipient): Awaitable<Placed> {
  const { forwardPath } = recipient;
  if (recipient.target !== undefined) return { destination: formatMailbox(forwardPath), retry: null };
  return whenThere(routes.viewOf(mail, recipient), view => {
    const found = routes.find(view);
    if (found === null) return { destination: forwardPath.domain, retry: null };
    const { rule, choice, nextHop } = found;
    const link = walker.links.find(one => one.id === choice.transport);
    const destination = link?.delivers === 'here' ? formatMailbox(forwardPath) : (nextHop ?? forwardPath.domain);
    return { destination, retry: rule.retry };
  });
}

/**
 * The transport that an alias names. Else the routes of the configuration first; what they leave open, the `route` plugins
 * complete.
 */
export function walkRoute(
  walker: Walker,
  by: { readonly routes: RouteTable; readonly random: Random },
  mail: Mail,
  at: { readonly recipient: Recipient; readonly attempt: number },
): Awaitable<Walked<Routed | Unroutable>> {
  const { recipient } = at;
  if (recipient.target !== undefined) return unasked(ledTo(walker, recipient.target), mail);
  return whenThere(by.routes.viewOf(mail, recipient), view => {
    const found = by.routes.find(view);
    const because = found?.because ?? [NO_RULE];
    if (found !== null && found.decided !== null) return unasked(found.decided, mail);
    const { transport = null, hosts: named = null, tls = null, exchangersOf } = found?.choice ?? {};
    const hosts = named === null ? null : inOrder(named, by.random);
    const isOpen = transport === null || isFoundOut(tls);
    const given = isOpen ? null : completeRoute(walker.links, transport, withTls(hosts, tls), because);
    if (given !== null) return unasked(given, mail);
    const domain = exchangersOf ?? recipient.forwardPath.domain;
    return askForRoute(walker, view, { mail, ...at, domain, transport, hosts, tls }, because);
  });
}

/** What was decided without any plugin. */
function unasked<D>(decision: D, { facts }: Mail): Walked<D> {
  return { decision, facts, steps: [] };
}

/** Asks the `route` plugins for what the routes of the configuration have left open. */
function askForRoute(
  walker: Walker,
  view: View,
  subject: Subject<'route'>,
  because: readonly RouteReason[],
): Awaitable<Walked<Routed | Unroutable>> {
  const { mail, recipient, transport, tls } = subject;
  let decision: Routed | Unroutable = unroutable(NO_ROUTE, because);
  const question = { hook: 'route', asked: formatPath(recipient.forwardPath), about: { queueId: mail.id } } as const;
  const walked = walker.walk(question, view, subject, heard => {
    if (heard.kind === 'failure') decision = unroutable(heard.refused.reply, because);
    else if (heard.answer.kind !== 'route') {
      const why = heard.answer.because;
      decision = unroutable(
        heard.answer.reply,
        why === null ? because : [...because, { about: heard.link.id, text: why }],
      );
    } else decision = answered(walker, heard.link.id, heard.answer, { transport, tls, because });
    return 'end';
  });
  return whenThere(walked, known => ({ decision, ...known }));
}

const NO_RULE: RouteReason = { about: 'routes', text: 'none matches' };

/** What a plugin has answered, together with what the configuration says. */
function answered(
  walker: Walker,
  id: string,
  answer: RouteTo,
  given: {
    readonly transport: string | null;
    readonly tls: RouteTls | null;
    readonly because: readonly RouteReason[];
  },
): Routed | Unroutable {
  const because = [...given.because, ...answer.because];
  const chosen = answer.transport ?? given.transport;
  const hosts = withTls(answer.hosts, given.tls);
  if (hosts?.length === 0 && answer.hosts?.length !== 0) return unroutable(NO_TLS, because);
  const routed = chosen === null ? null : completeRoute(walker.links, chosen, hosts, because);
  return routed ?? unroutable({ ...NO_ROUTE, text: `${id} gave no complete route` }, because);
}

/** An alias says who delivers, and no route is asked. */
function ledTo(walker: Walker, { transport, argument }: Target): Routed | Unroutable {
  const because = [{ about: 'alias', text: `leads to ${transport}: ${argument}` }];
  return completeRoute(walker.links, transport, null, because) ?? missing(transport, because);
}

function missing(transport: string, because: readonly RouteReason[] = []): Unroutable {
  return unroutable({ ...NO_ROUTE, text: `There is no transport named ${transport}` }, because);
}

function unroutable(reply: Refusal, because: readonly RouteReason[]): Unroutable {
  return { kind: 'unroutable', outcome: isPermanent(reply) ? bouncedBy(reply) : deferredBy(reply), because };
}

/** Makes one attempt by the transport that the route names. */
export function attemptDelivery(walker: Walker, transport: string, delivery: Delivery): Awaitable<Walked<Attempted>> {
  const { mail, recipients } = delivery;
  const facts = mail.facts;
  const link = walker.links.find(one => one.id === transport && one.delivers !== null);
  if (link === undefined) {
    const { outcome } = missing(transport);
    return { decision: attempted(recipients, () => outcome), facts, steps: [] };
  }
  const view = { session: mail.session, facts, reversePath: mail.envelope.reversePath, size: mail.content.size };
  const asked = recipients.map(recipient => formatPath(recipient.forwardPath)).join(' ');
  const question = { hook: 'deliver', asked, about: { queueId: mail.id } } as const;
  return whenThere(walker.ask(link, delivery, question, view), called => ({
    decision: attempted(recipients, outcomesOf(link, called)),
    facts,
    steps: [called.step],
  }));
}

type OutcomeOf = (recipient: Recipient) => Outcome | undefined;

/** What came of a call, for each recipient. */
function outcomesOf(link: Link, called: Called<'deliver'>): OutcomeOf {
  if (called.kind === 'silent') return () => undefined;
  const heard = heardFrom<'deliver'>(link, called);
  if (heard.kind === 'answer') {
    const { outcomes } = heard.answer;
    return recipient => outcomes.get(recipient);
  }
  const { reply } = heard.refused;
  const outcome = isPermanent(reply) ? bouncedBy(reply) : deferredBy(reply);
  return () => outcome;
}

/** An outcome for every recipient: silence defers. */
function attempted(recipients: readonly Recipient[], outcomeOf: OutcomeOf): Attempted {
  const outcomes = new Map<Recipient, Outcome>();
  for (const one of recipients) outcomes.set(one, outcomeOf(one) ?? deferredBy(LOCAL_ERROR));
  return { kind: 'attempted', outcomes };
}
