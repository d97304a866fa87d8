/**
 * The routes of the configuration: which of them decides for a recipient. What follows from a route alone is found out once:
 * every mail comes by here when it arrives, on each attempt, and when it is settled.
 */
import { formatCondition } from '../mail/condition-text.ts';
import type { Recipient } from '../mail/envelope.ts';
import type { Mail } from '../mail/mail.ts';
import type { Host, RouteChoice, RouteReason, RouteRule } from '../mail/route.ts';
import { findInMap } from '../mail/route-map.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import { holds, looksAt, type View } from './condition.ts';
import type { Routed } from './decision.ts';
import { headerView } from './header-view.ts';
import type { Link } from './link.ts';
import { isFoundOut, withTls } from './route-tls.ts';

/** What decides for a recipient. */
export interface FoundRule {
  readonly rule: RouteRule;
  readonly choice: RouteChoice;
  readonly because: readonly RouteReason[];
  /** Where the mail waits if it goes to hosts: the next hop, as far as the choice names one. */
  readonly nextHop: string | null;
  /** The route, where nobody has to be asked and no order drawn. */
  readonly decided: Routed | null;
}

interface Row {
  readonly rule: RouteRule;
  /** `null`: it takes a look into its map. */
  readonly found: FoundRule | null;
}

export class RouteTable {
  readonly #links: readonly Link[];
  readonly #rows: readonly Row[];
  readonly #looksAtHeader: boolean;

  /** `asked`: the plugins that answer `route`. Their conditions may look at what those of the routes may. */
  constructor(rules: readonly RouteRule[], links: readonly Link[], asked: readonly Link[]) {
    this.#links = links;
    this.#rows = rules.map((rule, index) => {
      const { when, map } = rule;
      const text = when === null ? 'matches all mail' : `matches: ${formatCondition(when)}`;
      return { rule, found: map === undefined ? this.#found(rule, rule, { about: `routes[${index}]`, text }) : null };
    });
    this.#looksAtHeader = [...rules, ...asked].some(({ when }) => when !== null && looksAt(when, 'header'));
  }

  /** The first rule whose condition holds and whose map, if it has one, knows the address. */
  find(view: View): FoundRule | null {
    for (const [index, { rule, found }] of this.#rows.entries()) {
      if (rule.when !== null && holds(rule.when, view) !== 'yes') continue;
      const met = found ?? this.#lookUp(rule, index, view);
      if (met !== null) return met;
    }
    return null;
  }

  /** What conditions may look at. */
  viewOf(mail: Mail, recipient: Recipient): Awaitable<View> {
    const view = {
      session: mail.session,
      facts: mail.facts,
      reversePath: mail.envelope.reversePath,
      recipient,
      size: mail.content.size,
    };
    if (!this.#looksAtHeader) return view;
    return headerView(mail.content).then(header => ({ ...view, header }));
  }

  #lookUp(rule: RouteRule, index: number, view: View): FoundRule | null {
    const { map } = rule;
    if (map === undefined) return null;
    const path = map.by === 'sender' ? (view.reversePath ?? null) : view.recipient?.forwardPath;
    const entry = path === undefined ? null : findInMap(map, path);
    if (entry === null) return null;
    const text = `its map knows the ${map.by} as ${JSON.stringify(entry.key)}`;
    return this.#found(rule, entry.choice, { about: `routes[${index}]`, text });
  }

  #found(rule: RouteRule, choice: RouteChoice, reason: RouteReason): FoundRule {
    const { transport, hosts, tls = null } = choice;
    const [first] = hosts ?? [];
    const nextHop = first === undefined ? (choice.exchangersOf ?? null) : hostText(first);
    const isFixed = (hosts === null || hosts.length === 1) && !isFoundOut(tls);
    const because = [reason];
    const decided = isFixed ? completeRoute(this.#links, transport, withTls(hosts, tls), because) : null;
    return { rule, choice, because, nextHop, decided };
  }
}

/** A route, if the transport exists and has the hosts that it needs. */
export function completeRoute(
  links: readonly Link[],
  transport: string,
  hosts: readonly Host[] | null,
  because: readonly RouteReason[],
): Routed | null {
  const link = links.find(one => one.id === transport && one.delivers !== null);
  if (link === undefined) return null;
  if (link.delivers === 'here') return { kind: 'routed', route: { transport, hosts: [] }, because };
  return hosts === null || hosts.length === 0 ? null : { kind: 'routed', route: { transport, hosts }, because };
}

function hostText({ name, port }: Host): string {
  return `${name.includes(':') ? `[${name}]` : name}:${port}`;
}
