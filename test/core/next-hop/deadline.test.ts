/** One sleeper for all waits of a session. */
import { expect, test } from 'vitest';
import { Deadline } from '../../../core/next-hop/deadline.ts';
import { ManualClock } from '../../../core/testing.ts';

function aDeadline() {
  const clock = new ManualClock();
  const late: number[] = [];
  const deadline = new Deadline(clock, 100, limit => late.push(limit));
  return { clock, late, deadline };
}

test('a wait that is as long as its limit is too long, and no shorter one', async () => {
  const { clock, late, deadline } = aDeadline();
  deadline.set(250);
  await clock.advance(249);
  expect(late).toEqual([]);
  await clock.advance(1);
  expect(late).toEqual([250]);
  expect(clock.sleepers).toBe(0);
});

test('each wait has its own limit, and one sleeper serves them all', async () => {
  const { clock, late, deadline } = aDeadline();
  for (const limit of [1000, 100, 500, 100]) {
    deadline.set(limit);
    await clock.advance(99);
    expect(clock.sleepers).toBe(1);
  }
  expect(late).toEqual([]);
  await clock.advance(1);
  expect(late).toEqual([100]);
});

test('while nothing is waited for, nothing is late and by and by nobody sleeps', async () => {
  const { clock, late, deadline } = aDeadline();
  deadline.set(300);
  deadline.clear();
  await clock.advance(1000);
  expect(late).toEqual([]);
  expect(clock.sleepers).toBe(0);
  deadline.set(100);
  await clock.advance(100);
  expect(late).toEqual([100]);
});

test('once it is closed nobody sleeps', async () => {
  const { clock, late, deadline } = aDeadline();
  deadline.set(100);
  deadline.close();
  expect(clock.sleepers).toBe(0);
  await clock.advance(1000);
  expect(late).toEqual([]);
});
