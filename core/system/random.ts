/** The randomness port over the random numbers of the operating system, fit for secrets. */
import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../plugin/ports.ts';

/** The randomness of this machine. */
export const systemRandom: Random = {
  bytes: count => randomBytes(count),
  below: bound => randomInt(bound),
};
