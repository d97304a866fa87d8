/** The same with each of many, so many at a time. */
import { expect, test } from 'vitest';
import { inLanes } from '../../../core/plugin/in-lanes.ts';

const turn = () => new Promise(resolve => setImmediate(resolve));

test('what is there at once is there at once', () => {
  expect(inLanes(2, [1, 2], one => one * 2)).toEqual([2, 4]);
});

test('of many only so many are under way, the next begins when one ends, and the results keep the order', async () => {
  const ends = new Map<number, () => void>();
  const results = inLanes(2, [1, 2, 3, 4], one => new Promise<string>(end => ends.set(one, () => end(`${one}`))));
  expect([...ends.keys()]).toEqual([1, 2]);
  ends.get(2)?.();
  await turn();
  expect([...ends.keys()]).toEqual([1, 2, 3]);
  ends.get(3)?.();
  await turn();
  for (const end of ends.values()) end();
  expect(await results).toEqual(['1', '2', '3', '4']);
});

test('what fails fails as a whole', async () => {
  const failing = async (one: number) => {
    if (one === 2) throw new Error('no room');
    return one;
  };
  await expect(inLanes(1, [1, 2, 3], failing)).rejects.toThrow('no room');
  await expect(inLanes(9, [1, 2, 3], failing)).rejects.toThrow('no room');
});
