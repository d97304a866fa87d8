/** Transports that only routes lead to which are never asked. */
import type { RouteEntry } from '../config/configuration.ts';
import type { Finding, Subject } from './finding.ts';

/** `dead`: the routes that never match. */
export function idleTransports({ configuration, mounted }: Subject, dead: ReadonlySet<RouteEntry>): readonly Finding[] {
  if (mounted.some(({ instance, mode }) => instance.route !== undefined && mode === 'enforce')) return [];
  const named = (routes: readonly RouteEntry[]) =>
    new Set(
      routes.flatMap(({ map, deliver }) =>
        map === null ? [deliver] : [...map.entries.values()].map(one => one.deliver),
      ),
    );
  const ledTo = new Set(mounted.flatMap(({ instance }) => (instance.leadsTo ?? []).map(({ transport }) => transport)));
  const alive = named(configuration.routes.filter(route => !dead.has(route)));
  const mentioned = named(configuration.routes);
  return mounted
    .filter(({ delivers, id }) => delivers !== null && mentioned.has(id) && !alive.has(id) && !ledTo.has(id))
    .map(({ entry }) => ({
      code: 'MF_PLUGIN_IDLE',
      severity: 'warning',
      path: [...entry.path, 'use'],
      message: 'never asked: the routes that name it never match',
    }));
}
