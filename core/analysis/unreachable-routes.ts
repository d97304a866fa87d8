/** Routes, and entries of their maps, that are never asked because those above them take all that they would match. */
import type { RouteEntry } from '../config/configuration.ts';
import { positionAt } from '../config/place.ts';
import type { Finding, Subject } from './finding.ts';
import { remainder } from './implication.ts';
import { isImpossible } from './impossible-conditions.ts';
import { DemandIndex, mapTest, type RouteDemand, routeDemands } from './route-demands.ts';

/** Of larger maps the first entries are looked at. */
const MOST_ENTRIES = 10_000;

/** What was found, and which routes are dead: those, and those whose condition never holds. */
export interface Unreachable {
  readonly findings: readonly Finding[];
  readonly dead: ReadonlySet<RouteEntry>;
}

export function unreachableRoutes(subject: Subject): Unreachable {
  const above = new DemandIndex();
  const findings: Finding[] = [];
  const dead = new Set<RouteEntry>();
  for (const one of routeDemands(subject.configuration.routes)) {
    const { route } = one;
    if (isImpossible(route.when, subject)) dead.add(route);
    else {
      const found = shadowed(one, above, subject);
      if (found !== null) dead.add(route);
      findings.push(...(found === null ? deadEntries(one, above, subject) : [found]));
      // What a dead route would match, those above it match.
      if (found === null) above.add(one);
    }
  }
  return { findings, dead };
}

function shadowed({ demand, route }: RouteDemand, above: DemandIndex, subject: Subject): Finding | null {
  const near = above.near(demand);
  const left =
    near.length === 0
      ? null
      : remainder(
          demand,
          near.map(one => one.demand),
          subject.setting,
        );
  if (left?.kind !== 'nothing') return null;
  const message = `never asked: ${taking(left.covered, near, subject)}`;
  return { code: 'MF_ROUTE_UNREACHABLE', severity: 'warning', path: route.path, message };
}

/** `the route on line 12 matches all of it before`. */
function taking(covered: readonly number[], near: readonly RouteDemand[], { document, setting }: Subject): string {
  const routes = covered.flatMap(index => near[index] ?? []);
  const all =
    routes.length === 1 &&
    remainder(
      [],
      routes.map(({ demand }) => demand),
      setting,
    ).kind === 'nothing';
  if (all) return 'the route above it matches all mail';
  const lines = routes.map(({ route }) => positionAt(document.place, route.path, 'value').line);
  const [last, ...others] = lines.toReversed();
  if (others.length === 0) return `the route on line ${last} matches all of it before`;
  return `the routes on lines ${others.toReversed().join(', ')} and ${last} together match all of it before`;
}

function deadEntries({ route }: RouteDemand, above: DemandIndex, subject: Subject): readonly Finding[] {
  const { map, when } = route;
  if (map === null) return [];
  const findings: Finding[] = [];
  for (const key of [...map.entries.keys()].slice(0, MOST_ENTRIES)) {
    const demand = [...(when === null ? [] : [when]), mapTest(map.by, [key])];
    const near = above.near(demand);
    if (near.length === 0 && !(map.by === 'recipient' && key === '<>')) continue;
    const left = remainder(
      demand,
      near.map(one => one.demand),
      subject.setting,
    );
    if (left.kind !== 'nothing') continue;
    const why = left.covered.length === 0 ? 'no mail has such a ' + map.by : taking(left.covered, near, subject);
    const message = `${JSON.stringify(key)} is never asked for: ${why}`;
    findings.push({
      code: 'MF_ROUTE_UNREACHABLE',
      severity: 'warning',
      path: [...route.path, 'map', key],
      at: 'key',
      message,
    });
  }
  return findings;
}
