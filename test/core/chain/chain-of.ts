/** A chain out of plain objects: what the tests of this folder ask. */
import type { Chain } from '../../../core/chain/chain.ts';
import { createChain } from '../../../core/chain/create-chain.ts';
import type { Link } from '../../../core/chain/link.ts';
import type { RouteRule } from '../../../core/mail/route.ts';
import type { PluginInstance } from '../../../core/plugin/plugin.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { originsOf } from '../../../core/wiring/origin.ts';

/** One link: its id, its instance, and what differs from the usual. */
export function link(id: string, instance: PluginInstance, changes: Partial<Link> = {}): Omit<Link, 'log'> {
  return {
    id,
    instance,
    when: null,
    mode: 'enforce',
    onError: 'defer',
    deadline: 30_000,
    deliveryDeadline: 600_000,
    delivers: null,
    originOf: originsOf(null),
    ...changes,
  };
}

/** The chain, and what it logged. */
export function chainOf(links: readonly Omit<Link, 'log'>[], routes: readonly RouteRule[] = []) {
  const log = recordingLog();
  const clock = new ManualClock('2026-11-23T12:00:00Z');
  const chain: Chain = createChain({
    links: links.map(one => ({ ...one, log: log.child({ plugin: one.id }) })),
    routes,
    clock,
    random: seededRandom('chain'),
  });
  return { chain, log, clock };
}
