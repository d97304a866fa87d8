/** Entries of `queue.destinations` that are never asked because those above them take all that they would match. */
import { positionAt } from '../config/place.ts';
import type { Finding, Subject } from './finding.ts';
import { type Demand, remainder } from './implication.ts';

export function unreachableDestinations({ configuration, document, setting }: Subject): readonly Finding[] {
  // A destination is matched as an address, so what holds of recipients holds of it.
  const demands = configuration.queue.destinations.map(
    ({ match }): Demand => (match.length === 0 ? [] : [{ kind: 'recipient', patterns: match }]),
  );
  return demands.flatMap((demand, index): readonly Finding[] => {
    const above = demands.slice(0, index);
    const left = above.length === 0 ? null : remainder(demand, above, setting);
    if (left?.kind !== 'nothing') return [];
    const path = (of: number) => ['queue', 'destinations', of];
    const lines = left.covered.map(of => positionAt(document.place, path(of), 'value').line);
    const message = `never asked: what it matches, ${lines.length === 1 ? 'the entry on line' : 'the entries on lines'} ${lines.join(' and ')} above ${lines.length === 1 ? 'matches' : 'match'} before`;
    return [{ code: 'MF_ROUTE_UNREACHABLE', severity: 'warning', path: path(index), message }];
  });
}
