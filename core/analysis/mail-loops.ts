/**
 * Routes that lead to a listener of this very gateway, from which the same mail would take them again.
 *
 * To send mail through a gateway twice is no mistake in itself, as long as it takes another route the second time.
 */
import type { Destination, ListenerSettings } from '../config/configuration.ts';
import { valueAt } from '../config/place.ts';
import type { Host } from '../mail/route.ts';
import type { Finding, Subject } from './finding.ts';
import { remainder } from './implication.ts';
import { mapTest, type RouteDemand, routeDemands } from './route-demands.ts';
import { isLoopback } from './session-kinds.ts';

export function mailLoops(subject: Subject): readonly Finding[] {
  const routes = routeDemands(subject.configuration.routes);
  return routes.flatMap(one => leadsOf(one).flatMap(lead => loopOf(one, lead, { routes, subject })));
}

/** Where a route leads, and for which key of its map. */
interface Lead {
  readonly destination: Destination;
  readonly key: string | null;
}

function leadsOf({ route }: RouteDemand): readonly Lead[] {
  if (route.map === null) return [{ destination: route, key: null }];
  return [...route.map.entries].map(([key, destination]) => ({ destination, key }));
}

function loopOf(
  { route, index, demand }: RouteDemand,
  { destination, key }: Lead,
  { routes, subject }: { readonly routes: readonly RouteDemand[]; readonly subject: Subject },
): readonly Finding[] {
  const { configuration, setting, document } = subject;
  const own = (destination.hosts ?? []).flatMap(host =>
    configuration.listeners
      .filter(listener => isListener(host, listener, configuration.hostname))
      .map(listener => ({ host, listener })),
  );
  const [first] = own;
  if (first === undefined) return [];
  const { listener, host } = first;
  const again = [
    ...demand,
    { kind: 'listener', ids: [listener.id] } as const,
    // So it comes in the second time: from this machine, and from nobody who has said who he is.
    { kind: 'client', ranges: [comesFrom(listener)] } as const,
    { kind: 'authenticated', is: false } as const,
    ...(route.map === null || key === null ? [] : [mapTest(route.map.by, [key])]),
  ];
  if (listener.auth === 'required' || listener.trust.xclient.length > 0) return [];
  const above = routes.slice(0, index).map(one => one.demand);
  if (remainder(again, above, setting).kind !== 'left') return [];
  const at = [...destination.path, 'hosts'];
  const path = valueAt(document, at) === undefined ? destination.path : at;
  const message = `${host.name} port ${host.port} is the listener "${listener.id}" of this gateway, and mail that comes in there takes this route again: it goes round until it has too many hops`;
  return [{ code: 'MF_ROUTE_LOOP', severity: 'warning', path, message }];
}

function isListener({ name, port }: Host, { address, port: own }: ListenerSettings, hostname: string): boolean {
  if (port !== own) return false;
  const isWildcard = address === '0.0.0.0' || address === '::';
  return name === address || name === hostname || (isWildcard && isLoopback(name));
}

/** The address that this machine has for itself. */
function comesFrom({ address }: ListenerSettings): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
