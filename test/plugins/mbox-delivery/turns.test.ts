/** Whose turn it is at a mailbox, by a clock that only the test moves. */
import { expect, test } from 'vitest';
import { ManualClock } from '../../../core/testing.ts';
import { Turns, type Waiting } from '../../../plugins/mbox-delivery/turns.ts';
import type { Written } from '../../../plugins/mbox-delivery/writing.ts';

interface Named extends Waiting {
  readonly name: string;
}

/** Turns of two at most, each of which locks the mailbox for 40 ms. */
function turnsOfTwo() {
  const clock = new ManualClock();
  const taken: string[][] = [];
  const turns = new Turns<Named>(line => {
    const group = line.slice(0, 2);
    const written: Written = { kind: 'ended', troubles: group.map(() => null), held: 40, notes: [] };
    return {
      count: group.length,
      write() {
        taken.push(group.map(({ name }) => name));
        return Promise.resolve(written);
      },
    };
  });
  const wait = (name: string, signal = new AbortController().signal) =>
    new Promise(settle => turns.wait('bob', { name, clock, signal, until: 0, settle }));
  return { clock, taken, wait };
}

test('those who wait go together in their order, and between two turns others find the mailbox free', async () => {
  const { clock, taken, wait } = turnsOfTwo();
  const all = Promise.all(['a', 'b', 'c', 'd'].map(name => wait(name)));
  await clock.asleep();
  expect(taken).toEqual([['a']]);
  await clock.advance(19);
  expect(taken).toEqual([['a']]);
  await clock.advance(1);
  expect(taken).toEqual([['a'], ['b', 'c']]);
  await clock.advance(20);
  expect(await all).toEqual([null, null, null, null]);
  expect(taken).toEqual([['a'], ['b', 'c'], ['d']]);
});

test('whose time is over before the turn is told so, and nobody else', async () => {
  const { clock, taken, wait } = turnsOfTwo();
  const attempt = new AbortController();
  const first = wait('a');
  const second = wait('b', attempt.signal);
  const third = wait('c');
  await clock.asleep();
  attempt.abort(new Error('too late'));
  await clock.advance(20);
  expect(await Promise.all([first, second, third])).toEqual([
    null,
    expect.objectContaining({ because: 'too late' }),
    null,
  ]);
  expect(taken).toEqual([['a'], ['c']]);
});
