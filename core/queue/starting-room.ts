/** The room of a destination that has not been met: what the strictest of all policies allows. */
import { DEFAULT_POLICY, type DestinationRule } from '../mail/destination.ts';

/** Its own policy holds as soon as the first delivery to it begins; more follow in the same breath. */
export function startingRoom(rules: readonly DestinationRule[]): number {
  return Math.min(
    ...[...rules, DEFAULT_POLICY].map(({ concurrency, rate }) => (rate === null ? concurrency.start : 1)),
  );
}
