/** A fair shuffle: every order comes up as often as any other. */
import { expect, test } from 'vitest';
import { seededRandom } from '../../../core/testing.ts';
import { shuffled } from '../../../plugins/mx-routing/shuffle.ts';

test('all six orders of three items are equally likely', () => {
  const random = seededRandom('shuffle');
  const rounds = 6000;
  const count = new Map<string, number>();
  for (let round = 0; round < rounds; round += 1) {
    const order = shuffled(['a', 'b', 'c'], random).join('');
    count.set(order, (count.get(order) ?? 0) + 1);
  }
  expect([...count.keys()].toSorted()).toEqual(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
  // Five standard deviations around a sixth of the rounds.
  for (const times of count.values())
    expect(Math.abs(times - rounds / 6)).toBeLessThan(5 * Math.sqrt(rounds * (5 / 36)));
});

test('the items stay the same, and the list given is left alone', () => {
  const items = [1, 2, 2, 3];
  expect(shuffled(items, seededRandom(1)).toSorted((a, b) => a - b)).toEqual([1, 2, 2, 3]);
  expect(items).toEqual([1, 2, 2, 3]);
  expect(shuffled([], seededRandom(1))).toEqual([]);
});
