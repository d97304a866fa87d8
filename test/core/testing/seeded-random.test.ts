import { seededRandom } from 'mailframe/testing';
import { describe, expect, test } from 'vitest';

describe('seeded randomness', () => {
  test('is the same for the same seed and different for another one', () => {
    const sequence = (seed: number) => {
      const random = seededRandom(seed);
      return [random.bytes(40).toString('hex'), random.below(1_000_000), random.below(1_000_000)];
    };
    expect(sequence(1)).toEqual(sequence(1));
    expect(sequence(1)).not.toEqual(sequence(2));
  });

  test('gives as many octets as were asked for', () => {
    const random = seededRandom('octets');
    expect([0, 1, 31, 100].map(count => random.bytes(count).length)).toEqual([0, 1, 31, 100]);
  });

  test('stays below its bound and reaches every number below it', () => {
    const random = seededRandom('bound');
    const seen = new Set(Array.from({ length: 200 }, () => random.below(5)));
    expect(seen).toEqual(new Set([0, 1, 2, 3, 4]));
  });
});
