/** The retry schedule: waits that grow, never pass the limit, and end at the moment of giving up. */

import { describe, expect, test } from 'vitest';
import type { RetryPolicy } from '../../../core/mail/retry-policy.ts';
import type { Random } from '../../../core/plugin/ports.ts';
import { retryAfter, warnAt } from '../../../core/queue/retry.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import * as fc from '../../support/fast-check.ts';
import { ARRIVAL, after } from './queued-mail.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const POLICY: RetryPolicy = {
  first: 5 * MINUTE,
  factor: 2,
  longest: 4 * HOUR,
  giveUpAfter: 120 * HOUR,
  warnAfter: 4 * HOUR,
};
const NO_JITTER: Random = { bytes: count => Buffer.alloc(count), below: () => 0 };

describe('without jitter', () => {
  test.for([
    { attempts: 1, want: 5 * MINUTE },
    { attempts: 2, want: 10 * MINUTE },
    { attempts: 3, want: 20 * MINUTE },
    { attempts: 6, want: 160 * MINUTE },
    { attempts: 7, want: 4 * HOUR },
    { attempts: 5000, want: 4 * HOUR },
  ])('after attempt $attempts comes a wait of $want ms', ({ attempts, want }) => {
    const retry = retryAfter(POLICY, { receivedAt: ARRIVAL, now: after(1000), attempts }, NO_JITTER);
    expect(retry).toEqual({ kind: 'again', nextAttempt: after(1000 + want) });
  });
});

test('the last attempt falls on the moment of giving up, and after it there is none', () => {
  const late = after(POLICY.giveUpAfter - MINUTE);
  const last = retryAfter(POLICY, { receivedAt: ARRIVAL, now: late, attempts: 40 }, NO_JITTER);
  expect(last).toEqual({ kind: 'again', nextAttempt: after(POLICY.giveUpAfter) });
  const never = retryAfter(POLICY, { receivedAt: ARRIVAL, now: after(POLICY.giveUpAfter), attempts: 41 }, NO_JITTER);
  expect(never).toEqual({ kind: 'give-up' });
});

test('a wait is at most a tenth shorter than the schedule says, and never longer', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer(), (attempts, seed) => {
      const failed = { receivedAt: ARRIVAL, now: ARRIVAL, attempts };
      const plain = retryAfter(POLICY, failed, NO_JITTER);
      const retry = retryAfter(POLICY, failed, seededRandom(seed));
      if (plain.kind !== 'again' || retry.kind !== 'again') throw new Error('it gave up');
      const [full, wait] = [plain, retry].map(one => one.nextAttempt.getTime() - ARRIVAL.getTime());
      expect(wait).toBeLessThanOrEqual(full ?? 0);
      expect(wait).toBeGreaterThanOrEqual((full ?? 0) * 0.9);
    }),
  );
});

test('mails that failed together do not all come back together', () => {
  const random = seededRandom(3);
  const failed = { receivedAt: ARRIVAL, now: ARRIVAL, attempts: 1 };
  const times = Array.from({ length: 50 }, () => JSON.stringify(retryAfter(POLICY, failed, random)));
  expect(new Set(times).size).toBeGreaterThan(40);
});

test('a mail is late from the moment that the policy names, or never', () => {
  expect(warnAt(POLICY, ARRIVAL)).toEqual(after(4 * HOUR));
  expect(warnAt({ ...POLICY, warnAfter: null }, ARRIVAL)).toBeNull();
});
