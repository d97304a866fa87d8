import { expect, test } from 'vitest';
import { Generation } from '../../../core/generation/generation.ts';
import { chainOf } from '../chain/chain-of.ts';

function generation() {
  const closed: string[] = [];
  const made = new Generation({ chain: chainOf([]).chain, close: async () => void closed.push('closed') });
  return { made, closed };
}

test('a retired generation closes when the last session that pinned it is gone', async () => {
  const { made, closed } = generation();
  const one = made.pin();
  const other = made.pin();
  const retired = made.retire();
  one.release();
  one.release();
  await Promise.resolve();
  expect(closed).toEqual([]);
  other.release();
  await retired;
  expect(closed).toEqual(['closed']);
});

test('one that nobody pinned closes at once, and once', async () => {
  const { made, closed } = generation();
  await Promise.all([made.retire(), made.retire()]);
  expect(closed).toEqual(['closed']);
});

test('one that is abandoned closes although an attempt that was left to itself still pins it', async () => {
  const { made, closed } = generation();
  made.pin();
  await made.abandon();
  expect(closed).toEqual(['closed']);
});
