/** Queue ids: sorted by time, never twice. */

import { expect, test } from 'vitest';
import type { Random } from '../../../core/plugin/ports.ts';
import { queueIds } from '../../../core/queue/queue-id.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import * as fc from '../../support/fast-check.ts';

test('ten characters of time, as ULIDs write it, and eight of randomness', () => {
  const nextId = queueIds({ clock: new ManualClock(new Date(1_469_918_176_385)), random: seededRandom(1) });
  expect(nextId()).toMatch(/^01ARYZ6S41[0-9A-HJKMNP-TV-Z]{8}$/);
});

test('two sources do not give the same id in the same millisecond', () => {
  const clock = new ManualClock();
  const one = queueIds({ clock, random: seededRandom(1) });
  const two = queueIds({ clock, random: seededRandom(2) });
  expect(one()).not.toBe(two());
});

test('every id sorts after the one before, whatever the clock does', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 1 }), moves => {
      const clock = new ManualClock();
      const nextId = queueIds({ clock, random: seededRandom(7) });
      let last = nextId();
      for (const move of moves) {
        clock.set(new Date(clock.now().getTime() + move));
        const id = nextId();
        expect(id > last).toBe(true);
        last = id;
      }
    }),
  );
});

test('a millisecond whose numbers are used up borrows from the next', () => {
  const random: Random = { bytes: count => Buffer.alloc(count, 0xff), below: () => 0 };
  const nextId = queueIds({ clock: new ManualClock(), random });
  const [first, second] = [nextId(), nextId()];
  expect(first.slice(10)).toBe('ZZZZZZZZ');
  expect(second.slice(10)).toBe('00000000');
  expect(second > first).toBe(true);
});
