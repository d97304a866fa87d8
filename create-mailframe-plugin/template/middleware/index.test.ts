import { CLOCK, type Clock } from 'mailframe';
import { harness, provide } from 'mailframe/testing';
import { expect, test } from 'vitest';
import plugin from './index.ts';

/** A clock on which every look is so many milliseconds after the one before. */
function clockWithSteps(step: number): Clock {
  let now = 0;
  return {
    now: () => new Date(now),
    monotonic: () => {
      now += step;
      return now;
    },
    sleep: () => Promise.resolve(),
  };
}

test.each([
  { took: 500, lines: 0 },
  { took: 2000, lines: 1 },
])('a delivery of $took ms is logged $lines times, and passed on unchanged', async ({ took, lines }) => {
  const { deliverThrough, log } = await harness(
    plugin,
    { limit: '1 s' },
    {
      provide: [provide(CLOCK, clockWithSteps(took))],
    },
  );
  const { passedOn, answer } = await deliverThrough({ to: 'bob@example.test' });
  expect(passedOn?.recipients).toHaveLength(1);
  expect(answer?.kind).toBe('report');
  expect(log.of('slow')).toHaveLength(lines);
});
