/**
 * The hooks after acceptance: `route` and `deliver`.
 *
 * Guarantee: every recipient gets an outcome. What is not positively answered is deferred: a missing route, a transport
 * that broke, a recipient that a report left out.
 */
import type { Condition } from '../mail/condition.ts';
import type { Recipient } from '../mail/envelope.ts';
import { LOCAL_ERROR } from '../mail/failure.ts';
import type { Mail } from '../mail/mail.ts';
import { bouncedBy, deferredBy, type Outcome } from '../mail/outcome.ts';
import { formatMailbox, formatPath } from '../mail/path.ts';
import { isPermanent, type Refusal, type TransientReply } from '../mail/reply.ts';
import type { Host, RouteRule } from '../mail/route.ts';
import type { Delivery } from '../plugin/hooks.ts';
import { holds, looksAt, type View } from './condition.ts';
import type { Attempted, Placed, Routed, Unroutable, Walked } from './decision.ts';
import { headerView } from './header-view.ts';
import { heardFrom, type Walker } from './walk.ts';

const NO_ROUTE: TransientReply = { code: 451, status: '4.3.5', text: 'No route for this recipient' };

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
  const rule = firstRule(rules, await viewOf(rules, mail, recipient));
  if (rule === null) return { destination: domain, retry: null };
  const link = walker.links.find(one => one.id === rule.transport);
  const [host] = rule.hosts ?? [];
  const destination = link?.delivers === 'here' ? formatMailbox(recipient.forwardPath) : (hostText(host) ?? domain);
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
  rules: readonly RouteRule[],
  mail: Mail,
  at: { readonly recipient: Recipient; readonly attempt: number },
): Promise<Walked<Routed | Unroutable>> {
  const { recipient, attempt } = at;
  if (recipient.target !== undefined) {
    const decision = complete(walker, recipient.target.transport, null) ?? missing(recipient.target.transport);
    return { decision, facts: mail.facts, steps: [] };
  }
  const view = await viewOf([...rules, ...walker.answering('route')], mail, recipient);
  const rule = firstRule(rules, view);
  const given = rule === null ? null : complete(walker, rule.transport, rule.hosts);
  if (given !== null) return { decision: given, facts: mail.facts, steps: [] };

  let decision: Routed | Unroutable = unroutable(NO_ROUTE);
  const question = { hook: 'route', asked: formatPath(recipient.forwardPath), about: { queueId: mail.id } } as const;
  const transport = rule?.transport ?? null;
  const walked = await walker.walk(question, view, { mail, recipient, transport, attempt }, heard => {
    if (heard.kind === 'failure') decision = unroutable(heard.refused.reply);
    else if (heard.answer.kind !== 'route') decision = unroutable(heard.answer.reply);
    else {
      const chosen = heard.answer.transport ?? transport;
      decision =
        (chosen === null ? null : complete(walker, chosen, heard.answer.hosts)) ??
        unroutable({ ...NO_ROUTE, text: `${heard.link.id} gave no complete route` });
    }
    return 'end';
  });
  return { decision, ...walked };
}

/** A route, if the transport exists and has the hosts that it needs. */
function complete(walker: Walker, transport: string, hosts: readonly Host[] | null): Routed | null {
  const link = walker.links.find(one => one.id === transport && one.delivers !== null);
  if (link === undefined) return null;
  if (link.delivers === 'here') return { kind: 'routed', route: { transport, hosts: [] } };
  return hosts === null || hosts.length === 0 ? null : { kind: 'routed', route: { transport, hosts } };
}

function missing(transport: string): Unroutable {
  return unroutable({ ...NO_ROUTE, text: `There is no transport named ${transport}` });
}

function unroutable(reply: Refusal): Unroutable {
  return { kind: 'unroutable', outcome: isPermanent(reply) ? bouncedBy(reply) : deferredBy(reply) };
}

function firstRule(rules: readonly RouteRule[], view: View): RouteRule | null {
  return rules.find(one => one.when === null || holds(one.when, view) === 'yes') ?? null;
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
