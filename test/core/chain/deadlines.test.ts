import { expect, test } from 'vitest';
import { Deadlines } from '../../../core/chain/deadlines.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';

function watching() {
  const clock = new ManualClock();
  const late: string[] = [];
  const deadlines = new Deadlines(clock);
  return {
    clock,
    late,
    deadlines,
    watch: (name: string, limit: number) => deadlines.watch(limit, () => late.push(name)),
  };
}

test('each call is late at its own time, whatever the order in which they began', async () => {
  const { clock, late, watch } = watching();
  watch('slow', 100);
  watch('fast', 10);
  await clock.advance(5);
  watch('later', 10);
  await clock.advance(5);
  expect(late).toEqual(['fast']);
  await clock.advance(5);
  expect(late).toEqual(['fast', 'later']);
  await clock.advance(85);
  expect(late).toEqual(['fast', 'later', 'slow']);
});

test('a call that is over is never late, and after the last one nobody sleeps', async () => {
  const { clock, late, watch } = watching();
  watch('done', 10)();
  await clock.advance(10);
  expect(late).toEqual([]);
  expect(clock.sleepers).toBe(0);
  watch('again', 10);
  await clock.advance(10);
  expect(late).toEqual(['again']);
});

test('a thousand calls share one sleeper', () => {
  const { clock, watch } = watching();
  for (let n = 0; n < 1000; n++) watch('one of many', 30_000);
  expect(clock.sleepers).toBe(1);
});

test('closed, it keeps nothing alive', async () => {
  const { clock, deadlines, watch } = watching();
  watch('open', 10);
  deadlines.close();
  await clock.advance(0);
  expect(clock.sleepers).toBe(0);
});

test('while a debugger may be there nobody is late, and after that whoever is', async () => {
  const clock = new ManualClock();
  const late: string[] = [];
  let isDebugged = true;
  const deadlines = new Deadlines(clock, () => isDebugged);
  deadlines.watch(10, () => late.push('at a breakpoint'));
  await clock.advance(60_000);
  expect(late).toEqual([]);
  isDebugged = false;
  await clock.advance(1000);
  expect(late).toEqual(['at a breakpoint']);
});
