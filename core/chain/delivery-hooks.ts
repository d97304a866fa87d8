/**
 * The hooks after acceptance: `route` and `deliver`.
 *
 * Guarantee: every recipient gets an outcome. What is not positively answered is deferred: a missing route, a transport
 * that broke, a recipient that a report left out.
 */
import type { Condition } from '../mail/condition.ts';
import { formatCondition } from '../mail/condition-text.ts';
import type { Recipient, Target } from '../mail/envelope.ts';
import { LOCAL_ERROR } from '../mail/failure.ts';
import type { Mail } from '../mail/mail.ts';
import { bouncedBy, deferredBy, type Outcome } from '../mail/outcome.ts';
import { formatMailbox, formatPath } from '../mail/path.ts';
import { isPermanent, type Refusal, type TransientReply } from '../mail/reply.ts';
import type { Host, RouteChoice, RouteReason, RouteRule } from '../mail/route.ts';
import { findInMap } from '../mail/route-map.ts';
import type { RouteTls } from '../mail/tls-demand.ts';
import type { RouteTo } from '../mail/verdict.ts';
import type { Delivery } from '../plugin/hooks.ts';
import type { Random } from '../plugin/ports.ts';
import { holds, looksAt, type View } from './condition.ts';
import type { Attempted, Placed, Routed, Unroutable, Walked } from './decision.ts';
import { headerView } from './header-view.ts';
import { inOrder } from './load-sharing.ts';
import { isFoundOut, withTls } from './route-tls.ts';
import { heardFrom, type Walker } from './walk.ts';

const NO_ROUTE: TransientReply = { code: 451, status: '4.3.5', text: 'No route for this recipient' };
const NO_TLS: TransientReply = { code: 451, status: '4.7.5', text: 'No host has the TLS that its route demands' };

/**
 * Where a recipient waits: the mailbox where the first matching route delivers here, the next hop where it names one, else
 * the domain. No plugin is asked, so that this costs nothing and always has an answer.
 */
export async function placeOf(
  walker: Walker,
  rules: readonly RouteRule[],
  mail: Mail,
  recipient: Recipient,
): Promise<Placed> {
  const { domain } = recipient.forwardPath;
  if (recipient.target !== undefined) return { destination: formatMailbox(recipient.forwardPath), retry: null };
  const found = firstRule(rules, await viewOf(rules, mail, recipient));
  if (found === null) return { destination: domain, retry: null };
  const { rule, choice } = found;
  const link = walker.links.find(one => one.id === choice.transport);
  const [host] = choice.hosts ?? [];
  const next = hostText(host) ?? choice.exchangersOf ?? domain;
  const destination = link?.delivers === 'here' ? formatMailbox(recipient.forwardPath) : next;
  return { destination, retry: rule.retry };
}

function hostText(host: Host | undefined): string | null {
  if (host === undefined) return null;
  return `${host.name.includes(':') ? `[${host.name}]` : host.name}:${host.port}`;
}

/**
 * The transport that an alias names. Else the routes of the configuration first; what they leave open, the `route` plugins
 * complete.
 */
export async function walkRoute(
  walker: Walker,
  routes: { readonly rules: readonly RouteRule[]; readonly random: Random },
  mail: Mail,
  at: { readonly recipient: Recipient; readonly attempt: number },
): Promise<Walked<Routed | Unroutable>> {
  const { recipient, attempt } = at;
  if (recipient.target !== undefined)
    return { decision: ledTo(walker, recipient.target), facts: mail.facts, steps: [] };
  const { rules, random } = routes;
  const view = await viewOf([...rules, ...walker.answering('route')], mail, recipient);
  const found = firstRule(rules, view);
  const choice = found?.choice ?? null;
  const because = found === null ? [NO_RULE] : [found.reason];
  const named = choice?.hosts ?? null;
  const hosts = named === null ? null : inOrder(named, random);
  const tls = choice?.tls ?? null;
  const given = choice === null || isFoundOut(tls) ? null : complete(walker, choice.transport, withTls(hosts, tls));
  if (given !== null) return { decision: { ...given, because }, facts: mail.facts, steps: [] };

  let decision: Routed | Unroutable = unroutable(NO_ROUTE, because);
  const question = { hook: 'route', asked: formatPath(recipient.forwardPath), about: { queueId: mail.id } } as const;
  const transport = choice?.transport ?? null;
  const domain = choice?.exchangersOf ?? recipient.forwardPath.domain;
  const subject = { mail, recipient, domain, transport, hosts, tls, attempt };
  const walked = await walker.walk(question, view, subject, heard => {
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
  return { decision, ...walked };
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
  const routed = chosen === null ? null : complete(walker, chosen, hosts);
  if (routed !== null) return { ...routed, because };
  return unroutable({ ...NO_ROUTE, text: `${id} gave no complete route` }, because);
}

/** A route, if the transport exists and has the hosts that it needs. */
function complete(walker: Walker, transport: string, hosts: readonly Host[] | null): Omit<Routed, 'because'> | null {
  const link = walker.links.find(one => one.id === transport && one.delivers !== null);
  if (link === undefined) return null;
  if (link.delivers === 'here') return { kind: 'routed', route: { transport, hosts: [] } };
  return hosts === null || hosts.length === 0 ? null : { kind: 'routed', route: { transport, hosts } };
}

/** An alias says who delivers, and no route is asked. */
function ledTo(walker: Walker, { transport, argument }: Target): Routed | Unroutable {
  const because = [{ about: 'alias', text: `leads to ${transport}: ${argument}` }];
  const routed = complete(walker, transport, null);
  return routed === null ? missing(transport, because) : { ...routed, because };
}

function missing(transport: string, because: readonly RouteReason[] = []): Unroutable {
  return unroutable({ ...NO_ROUTE, text: `There is no transport named ${transport}` }, because);
}

function unroutable(reply: Refusal, because: readonly RouteReason[]): Unroutable {
  return { kind: 'unroutable', outcome: isPermanent(reply) ? bouncedBy(reply) : deferredBy(reply), because };
}

interface FoundRule {
  readonly rule: RouteRule;
  readonly choice: RouteChoice;
  readonly reason: RouteReason;
}

/** The first rule whose condition holds and whose map, if it has one, knows the address. */
function firstRule(rules: readonly RouteRule[], view: View): FoundRule | null {
  for (const [index, rule] of rules.entries()) {
    if (rule.when !== null && holds(rule.when, view) !== 'yes') continue;
    const { map } = rule;
    if (map === undefined) return { rule, choice: rule, reason: reasonOf(rule, index) };
    const path = map.by === 'sender' ? (view.reversePath ?? null) : view.recipient?.forwardPath;
    const found = path === undefined ? null : findInMap(map, path);
    if (found === null) continue;
    const text = `its map knows the ${map.by} as ${JSON.stringify(found.key)}`;
    return { rule, choice: found.choice, reason: { about: `routes[${index}]`, text } };
  }
  return null;
}

/** Made once: every mail comes by here. */
const reasons = new WeakMap<RouteRule, RouteReason>();

function reasonOf(rule: RouteRule, index: number): RouteReason {
  const known = reasons.get(rule);
  if (known !== undefined) return known;
  const text = rule.when === null ? 'matches all mail' : `matches: ${formatCondition(rule.when)}`;
  const reason = { about: `routes[${index}]`, text };
  reasons.set(rule, reason);
  return reason;
}

/** What these conditions may look at. */
async function viewOf(
  conditional: readonly { readonly when: Condition | null }[],
  mail: Mail,
  recipient: Recipient,
): Promise<View> {
  const view = {
    session: mail.session,
    facts: mail.facts,
    reversePath: mail.envelope.reversePath,
    recipient,
    size: mail.content.size,
  };
  const needsHeader = conditional.some(({ when }) => when !== null && looksAt(when, 'header'));
  return needsHeader ? { ...view, header: await headerView(mail.content) } : view;
}

/** Makes one attempt by the transport that the route names. */
export async function attemptDelivery(
  walker: Walker,
  transport: string,
  delivery: Delivery,
): Promise<Walked<Attempted>> {
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
  const called = await walker.ask(link, delivery, question, view);
  const steps = [called.step];
  if (called.kind === 'silent') return { decision: attempted(recipients, () => undefined), facts, steps };
  const heard = heardFrom<'deliver'>(link, called);
  if (heard.kind === 'answer') {
    const { outcomes } = heard.answer;
    return { decision: attempted(recipients, recipient => outcomes.get(recipient)), facts, steps };
  }
  const { reply } = heard.refused;
  const outcome = isPermanent(reply) ? bouncedBy(reply) : deferredBy(reply);
  return { decision: attempted(recipients, () => outcome), facts, steps };
}

/** An outcome for every recipient: silence defers. */
function attempted(
  recipients: readonly Recipient[],
  outcomeOf: (recipient: Recipient) => Outcome | undefined,
): Attempted {
  const outcomes = new Map(recipients.map(one => [one, outcomeOf(one) ?? deferredBy(LOCAL_ERROR)] as const));
  return { kind: 'attempted', outcomes };
}
