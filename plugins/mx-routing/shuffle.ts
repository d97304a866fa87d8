/** A fair shuffle (Fisher and Yates): every order is equally likely, so hosts of one preference share the load evenly. */
import type { Random } from '../../core/index.ts';

/** The same items in a random order. */
export function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  const rest = [...items];
  const drawn: T[] = [];
  while (rest.length > 0) drawn.push(...rest.splice(random.below(rest.length), 1));
  return drawn;
}
