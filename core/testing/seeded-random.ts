/** Randomness that is the same in every run: the octets of SHA-256 over the seed and a counter. */
import { createHash } from 'node:crypto';
import type { Random } from '../plugin/ports.ts';

const OCTETS_OF_A_NUMBER = 6;

/** The same sequence for the same seed. For tests only: whoever knows the seed knows it all. */
export function seededRandom(seed: number | string): Random {
  let counter = 0;
  let pool = Buffer.alloc(0);
  const bytes = (count: number): Buffer => {
    while (pool.length < count) {
      pool = Buffer.concat([pool, createHash('sha256').update(`${seed}:${counter++}`).digest()]);
    }
    const taken = pool.subarray(0, count);
    pool = pool.subarray(count);
    return taken;
  };
  return {
    bytes,
    // The bias of the remainder is below 2^-16 for bounds up to 2^32: nothing that a test could see.
    below: bound => bytes(OCTETS_OF_A_NUMBER).readUIntBE(0, OCTETS_OF_A_NUMBER) % bound,
  };
}
