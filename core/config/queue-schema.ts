/** The schema of the queue: when mail is tried again, and how much of it a destination is asked to take. */
import { z } from 'zod';
import { DEFAULT_POLICY } from '../mail/destination.ts';
import { addressPattern, duration, mailbox, path, rate, size } from '../plugin/option-types.ts';
import { described } from './described.ts';

const retry = z
  .strictObject({
    first: described(duration({ min: 1000 }).prefault('5 min'), 'The wait before the second attempt.'),
    factor: described(z.number().min(1).max(100).default(2), 'Each wait is this many times the one before.'),
    longest: described(duration().prefault('4 h'), 'The longest wait between two attempts.'),
    giveUpAfter: described(duration().prefault('5 days'), 'The age at which a recipient bounces.'),
    warnAfter: described(
      z.literal('off').or(duration()).prefault('off'),
      'The age at which the sender is told that the mail is late, or off.',
    ),
  })
  .refine(({ first, longest }) => longest >= first, { path: ['longest'], error: 'must not be shorter than first' });

/** What a route says differently. What it leaves out is known only beside `queue.retry`. */
export const routeRetry = z.strictObject({
  first: described(duration({ min: 1000 }).optional(), 'The wait before the second attempt.'),
  factor: described(z.number().min(1).max(100).optional(), 'Each wait is this many times the one before.'),
  longest: described(duration().optional(), 'The longest wait between two attempts.'),
  giveUpAfter: described(duration().optional(), 'The age at which a recipient bounces.'),
  warnAfter: described(
    z.literal('off').or(duration()).optional(),
    'The age at which the sender is told that the mail is late, or off.',
  ),
});

const DELIVERIES = z.int().min(1).max(1000);

const destination = z
  .strictObject({
    match: described(
      z.array(addressPattern()).min(1).optional(),
      'Destinations: "@example.test", "@.example.test", a mailbox, or the host of a route as "@host". Default: all.',
    ),
    concurrency: described(
      z
        .strictObject({
          start: described(DELIVERIES.default(DEFAULT_POLICY.concurrency.start), 'At the beginning.'),
          most: described(DELIVERIES.default(DEFAULT_POLICY.concurrency.most), 'Once it has shown that it takes more.'),
        })
        .prefault({})
        .refine(({ start, most }) => most >= start, { path: ['most'], error: 'must not be less than start' }),
      'Deliveries to one destination at the same time.',
    ),
    rate: described(
      z.literal('off').or(rate()).prefault('off'),
      'How many deliveries to it may begin in a while, such as "100 / min", or off.',
    ),
    backOff: described(
      z
        .strictObject({
          first: described(duration({ min: 1000 }).prefault('1 min'), 'The first time.'),
          longest: described(duration({ min: 1000 }).prefault('1 h'), 'Each time is twice as long, up to this.'),
        })
        .prefault({})
        .refine(({ first, longest }) => longest >= first, {
          path: ['longest'],
          error: 'must not be shorter than first',
        }),
      'How long one is left alone that does not answer.',
    ),
  })
  .prefault({});

/** The section `queue`. */
export const queueSchema = z
  .strictObject({
    directory: described(path().prefault('./var/queue'), 'Where the queue lies.'),
    retry: described(retry.prefault({}), 'When a deferred recipient is tried again.'),
    returnUpTo: described(
      size().prefault('10 MiB'),
      'The largest mail that a failure notification returns whole, where its sender asked for that.',
    ),
    doubleBounce: described(
      z.literal('off').or(mailbox()).prefault('off'),
      'The mailbox that hears of mail from <>, notifications above all, that cannot be delivered, or off.',
    ),
    concurrency: described(DELIVERIES.default(200), 'Deliveries at the same time, over all destinations.'),
    history: described(
      z
        .literal('off')
        .or(duration({ min: 1000 }))
        .prefault('7 days'),
      'How long it is remembered what became of mail that has left, or off.',
    ),
    historySize: described(size({ min: 1024 * 1024 }).prefault('1 GiB'), 'How large this memory may become.'),
    destinations: described(
      z.array(destination).default([]),
      'What one destination may be asked. The first entry that matches holds.',
    ),
  })
  .prefault({});
