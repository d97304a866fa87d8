/** The randomness port over the random numbers of the operating system, fit for secrets. */
import { randomFillSync, randomInt } from 'node:crypto';
import type { Random } from '../plugin/ports.ts';

/** So many octets are fetched at a time: asking for them costs more than making them. */
const POOL = 4096;
const pool = Buffer.alloc(POOL);
let used = POOL;

/** The randomness of this machine. No octet is given twice, and none is kept once it was given. */
export const systemRandom: Random = {
  bytes(count) {
    if (count > POOL) return randomFillSync(Buffer.alloc(count));
    if (used + count > POOL) {
      randomFillSync(pool);
      used = 0;
    }
    const octets = Buffer.from(pool.subarray(used, used + count));
    pool.fill(0, used, used + count);
    used += count;
    return octets;
  },
  below: bound => randomInt(bound),
};
