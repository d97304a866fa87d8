/**
 * The order in which hosts of the configuration are tried: those of lower preference first, and those of the same one in an
 * order by chance in which the heavier ones tend to come first.
 */
import type { Host } from '../mail/route.ts';
import type { Random } from '../plugin/ports.ts';

/** Draws one host after the other, each with a chance that is its share of the weight that is left. */
export function inOrder(hosts: readonly Host[], random: Random): readonly Host[] {
  const groups = [...Map.groupBy(hosts, host => host.preference)].sort(([a], [b]) => a - b);
  return groups.flatMap(([, group]) => drawn(group, random));
}

function drawn(group: readonly Host[], random: Random): readonly Host[] {
  const left = [...group];
  const order: Host[] = [];
  while (left.length > 1) {
    let point = random.below(left.reduce((sum, { weight = 1 }) => sum + weight, 0));
    const at = left.findIndex(({ weight = 1 }) => {
      point -= weight;
      return point < 0;
    });
    order.push(...left.splice(at, 1));
  }
  return [...order, ...left];
}
