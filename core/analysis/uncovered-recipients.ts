/** Recipients that no route is for: their mail would wait until it bounces. */
import { formatAddressPattern } from '../mail/address-pattern.ts';
import type { Finding, Subject } from './finding.ts';
import { remainder } from './implication.ts';
import { DemandIndex, routeDemands } from './route-demands.ts';
import { worldText } from './world-text.ts';

/** First those that a plugin takes, then an example of all others. */
export function uncoveredRecipients({ configuration, mounted, setting }: Subject): readonly Finding[] {
  const { routes } = configuration;
  const open = mounted.some(
    ({ instance, mode }) =>
      instance.route !== undefined && mode === 'enforce' && instance.about?.routes !== 'hosts-only',
  );
  if (routes.length === 0 || open) return [];
  const all = routeDemands(routes);
  const demands = all.map(({ demand }) => demand);
  const left = remainder([], demands, setting);
  if (left.kind !== 'left') return [];
  const index = new DemandIndex();
  for (const one of all) index.add(one);
  const findings = mounted.flatMap(({ instance, entry, id, mode }) =>
    (mode === 'enforce' ? (instance.about?.takes ?? []) : []).flatMap(({ recipients, path }): readonly Finding[] => {
      const demand = [{ kind: 'recipient', patterns: [recipients] } as const];
      const near = index.near(demand).map(one => one.demand);
      const own = remainder(demand, near, setting);
      if (own.kind !== 'left') return [];
      const message = `${id} takes mail for ${formatAddressPattern(recipients)}, and no route matches ${worldText(own.world, near)}`;
      return [{ code: 'MF_ROUTE_MISSING', severity: 'warning', path: [...entry.path, 'options', ...path], message }];
    }),
  );
  const message = `no route matches ${worldText(left.world, demands)}: such mail waits until it bounces; end the list with a route without when`;
  return [...findings, { code: 'MF_ROUTE_MISSING', severity: 'warning', path: ['routes'], at: 'key', message }];
}
