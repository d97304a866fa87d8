/** Whoever brings mail faster than it leaves stands back, for a while. */
import { expect, test } from 'vitest';
import { Flow } from '../../../core/queue/flow.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { ARRIVAL } from './queued-mail.ts';

/** Lets three stand in line. @returns those whose turn has come, in that order. */
function lined(): {
  readonly flow: Flow;
  readonly clock: ManualClock;
  readonly come: () => Promise<readonly number[]>;
} {
  const clock = new ManualClock(ARRIVAL);
  const flow = new Flow(clock);
  const come: number[] = [];
  for (const number of [1, 2, 3]) void flow.turn().then(() => come.push(number));
  return {
    flow,
    clock,
    come: async () => {
      await new Promise(resolve => setImmediate(resolve));
      return come.slice();
    },
  };
}

test('for two that leave one comes, the first first', async () => {
  const { flow, come } = lined();
  flow.oneHasLeft();
  expect(await come()).toEqual([]);
  flow.oneHasLeft();
  expect(await come()).toEqual([1]);
  for (let count = 0; count < 4; count += 1) flow.oneHasLeft();
  expect(await come()).toEqual([1, 2, 3]);
});

test('nobody waits for ever where nothing leaves', async () => {
  const { clock, come } = lined();
  await clock.advance(24);
  expect(await come()).toEqual([]);
  await clock.advance(1);
  expect(await come()).toEqual([1, 2, 3]);
});

test('what left while nobody stood in line lets nobody come later', async () => {
  const flow = new Flow(new ManualClock(ARRIVAL));
  for (let count = 0; count < 9; count += 1) flow.oneHasLeft();
  let hasCome = false;
  void flow.turn().then(() => {
    hasCome = true;
  });
  await new Promise(resolve => setImmediate(resolve));
  expect(hasCome).toBe(false);
});
