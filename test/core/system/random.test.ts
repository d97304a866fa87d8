import { expect, test } from 'vitest';
import { systemRandom } from '../../../core/system/random.ts';

test('the randomness of the machine gives as many octets as asked for, and never the same', () => {
  expect(systemRandom.bytes(16)).toHaveLength(16);
  expect(systemRandom.bytes(16)).not.toEqual(systemRandom.bytes(16));
});

test('a random number stays below its bound and reaches every number below it', () => {
  expect(new Set(Array.from({ length: 500 }, () => systemRandom.below(3)))).toEqual(new Set([0, 1, 2]));
});
