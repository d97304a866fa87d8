/** What routes ask of a mail, and which of them could meet the same mail at all: two thousand are not tried with each other. */
import type { RouteEntry } from '../config/configuration.ts';
import type { Condition } from '../mail/condition.ts';
import type { RouteChoice } from '../mail/route.ts';
import { mentionedBy, mentionedInMap } from './address-classes.ts';
import { rangesAround } from './client-classes.ts';
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

/** What demands are looked up by. */
const SIDES = ['recipient', 'sender', 'client'] as const;
type Side = (typeof SIDES)[number];

/** Under which keys a demand stands, and under which others stand that it may have to do with. */
interface Keys {
  readonly own: readonly string[];
  readonly near: readonly string[];
}

/** Finds those that may meet the same mail as another, without trying each. */
export class DemandIndex {
  readonly #byKey = new Map<Side, Map<string, RouteDemand[]>>(SIDES.map(side => [side, new Map()]));
  readonly #anywhere = new Map<Side, RouteDemand[]>(SIDES.map(side => [side, []]));
  readonly #all: RouteDemand[] = [];

  add(one: RouteDemand): void {
    this.#all.push(one);
    for (const side of SIDES) {
      const keys = keysOf(one.demand, side);
      if (keys === null) this.#anywhere.get(side)?.push(one);
      for (const key of new Set(keys?.own)) {
        const list = this.#byKey.get(side)?.get(key);
        if (list === undefined) this.#byKey.get(side)?.set(key, [one]);
        else list.push(one);
      }
    }
  }

  /** Those that were added and may meet a mail that meets this demand too, in their order. */
  near(demand: Demand): readonly RouteDemand[] {
    const possible = SIDES.flatMap(side => {
      const keys = keysOf(demand, side);
      if (keys === null) return [];
      const listed = keys.near.flatMap(key => this.#byKey.get(side)?.get(key) ?? []);
      return [new Set([...(this.#anywhere.get(side) ?? []), ...listed])];
    });
    const [first, ...others] = possible;
    if (first === undefined) return this.#all;
    return [...first].filter(one => others.every(set => set.has(one))).sort((one, other) => one.index - other.index);
  }
}

/** `null`: the demand may be met whatever the address is. */
function keysOf(demand: Demand, side: Side): Keys | null {
  return side === 'client' ? clientKeys(demand) : domainKeys(demand, side);
}

function domainKeys(demand: Demand, side: 'recipient' | 'sender'): Keys | null {
  for (const test of demand) {
    const ofMap = test.kind === 'map' && test.map.by === side ? mentionedInMap(test.map) : null;
    const mentioned = test.kind === 'map' ? ofMap : mentionedFirst(test, side);
    if (mentioned === null || mentioned.any || mentioned.nobody || mentioned.above.size > 0) continue;
    const domains = [...mentioned.domains, ...mentioned.mailboxes.keys()];
    return { own: domains, near: domains };
  }
  return null;
}

function mentionedFirst(condition: Condition, side: 'recipient' | 'sender') {
  for (const part of partsOf(condition)) if (part.kind === side) return mentionedBy(part.patterns);
  return null;
}

/** Of two ranges that have an address in common, one is in the other. */
function clientKeys(demand: Demand): Keys | null {
  for (const test of demand) {
    const [part] = test.kind === 'map' ? [] : partsOf(test).filter(one => one.kind === 'client');
    if (part?.kind !== 'client') continue;
    const within = part.ranges.map(rangesAround);
    return {
      own: within.flatMap(([range = '', ...wider]) => [`is ${range}`, `in ${range}`, ...wider.map(one => `in ${one}`)]),
      near: within.flatMap(([range = '', ...wider]) => [`in ${range}`, ...wider.map(one => `is ${one}`)]),
    };
  }
  return null;
}

function partsOf(condition: Condition): readonly Condition[] {
  return condition.kind === 'all' ? condition.of : [condition];
}
