/** What routes ask of a mail, and which of them could meet the same mail at all: two thousand are not tried with each other. */
import type { RouteEntry } from '../config/configuration.ts';
import type { Condition } from '../mail/condition.ts';
import type { RouteChoice } from '../mail/route.ts';
import { mentionedBy, mentionedInMap } from './address-classes.ts';
import type { MapTest } from './formula.ts';
import { type Demand, demandOf } from './implication.ts';

/** A route, and what it asks of a mail. */
export interface RouteDemand {
  readonly route: RouteEntry;
  readonly index: number;
  readonly demand: Demand;
}

/** The routes of a configuration in their order. */
export function routeDemands(routes: readonly RouteEntry[]): readonly RouteDemand[] {
  return routes.map((route, index) => {
    const { when, map } = route;
    return { route, index, demand: demandOf(when, map === null ? [] : [mapTest(map.by, [...map.entries.keys()])]) };
  });
}

/** Where a map leads says nothing of what it knows. */
const ANYWHERE: RouteChoice = { transport: '', hosts: null };

/** That one of these keys of a map is for the address. */
export function mapTest(by: 'recipient' | 'sender', keys: readonly string[]): MapTest {
  return { kind: 'map', map: { by, entries: new Map(keys.map(key => [key, ANYWHERE])) } };
}

/** Finds those that may meet the same mail as another, without trying each. */
export class DemandIndex {
  readonly #byDomain = { recipient: new Map<string, RouteDemand[]>(), sender: new Map<string, RouteDemand[]>() };
  readonly #anywhere = { recipient: [] as RouteDemand[], sender: [] as RouteDemand[] };

  add(one: RouteDemand): void {
    for (const side of ['recipient', 'sender'] as const) {
      const domains = domainsOf(one.demand, side);
      if (domains === null) this.#anywhere[side].push(one);
      for (const domain of domains ?? []) {
        const list = this.#byDomain[side].get(domain);
        if (list === undefined) this.#byDomain[side].set(domain, [one]);
        else list.push(one);
      }
    }
  }

  /** Those that were added and may meet a mail that meets this demand too, in their order. */
  near(demand: Demand): readonly RouteDemand[] {
    const lists = (['recipient', 'sender'] as const).map(of => {
      const domains = domainsOf(demand, of);
      const byDomain = this.#byDomain[of];
      const found = domains === null ? [...byDomain.values()] : [...domains].map(domain => byDomain.get(domain) ?? []);
      return new Set([...this.#anywhere[of], ...found.flat()]);
    });
    const [fewer, more] = lists.sort((one, other) => one.size - other.size);
    return [...(fewer ?? [])].filter(one => more?.has(one) ?? true).sort((one, other) => one.index - other.index);
  }
}

/** The domains in which an address must be for the demand to be met; `null`: it may be in others too. */
function domainsOf(demand: Demand, of: 'recipient' | 'sender'): ReadonlySet<string> | null {
  for (const test of demand) {
    const mentioned =
      test.kind === 'map' ? (test.map.by === of ? mentionedInMap(test.map) : null) : mentionedFirst(test, of);
    if (mentioned === null || mentioned.any || mentioned.nobody || mentioned.above.size > 0) continue;
    return new Set([...mentioned.domains, ...mentioned.mailboxes.keys()]);
  }
  return null;
}

function mentionedFirst(condition: Condition, of: 'recipient' | 'sender') {
  const parts = condition.kind === 'all' ? condition.of : [condition];
  for (const part of parts) if (part.kind === of) return mentionedBy(part.patterns);
  return null;
}
