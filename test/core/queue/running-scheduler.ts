/** A scheduler at work on a store in memory, for tests: with a clock that they move and a chain that does as they say. */
import { onTestFinished } from 'vitest';
import type { Mailbox } from '../../../core/mail/address.ts';
import type { DestinationRule } from '../../../core/mail/destination.ts';
import { bouncedBy, deferredBy } from '../../../core/mail/outcome.ts';
import type { RetryPolicy } from '../../../core/mail/retry-policy.ts';
import type { NewMail, QueueStore } from '../../../core/plugin/queue-store.ts';
import { memoryStore } from '../../../core/queue/memory-store.ts';
import { Scheduler } from '../../../core/queue/scheduler.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { type RecordingLog, recordingLog } from '../../../core/testing/recording-log.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { type ChainScript, type FakeChain, fakeChain } from './fake-chain.ts';
import { ARRIVAL } from './queued-mail.ts';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const POLICY: RetryPolicy = {
  first: 5 * MINUTE,
  factor: 2,
  longest: 4 * HOUR,
  giveUpAfter: 24 * HOUR,
  warnAfter: null,
};
export const BUSY = deferredBy(
  { code: 451, status: '4.3.2', text: 'Busy' },
  'mx.example[192.0.2.9]:25',
  '451 4.3.2 come back',
);
export const GONE = bouncedBy({ code: 550, status: '5.1.1', text: 'No such mailbox' });

export interface Running {
  readonly scheduler: Scheduler;
  readonly store: QueueStore;
  readonly clock: ManualClock;
  readonly chain: FakeChain;
  readonly log: RecordingLog;
  readonly pins: { held: number };
  readonly commit: (...mails: readonly NewMail[]) => Promise<void>;
  readonly states: (id: string) => Promise<readonly string[] | undefined>;
  /** The ids of the notifications that lie in the queue. */
  readonly notifications: () => Promise<readonly string[]>;
}

interface Settings extends ChainScript {
  readonly policy?: Partial<RetryPolicy>;
  readonly concurrency?: number;
  readonly destinations?: readonly DestinationRule[];
  readonly store?: QueueStore;
  readonly doubleBounce?: Mailbox;
}

/** A scheduler at work on a store in memory. Notifications are held back, so that tests can look at them. */
export function running(settings: Settings = {}): Running {
  const { policy, concurrency = 20, destinations = [], store = memoryStore(), doubleBounce, ...script } = settings;
  const clock = new ManualClock(ARRIVAL);
  const chain = fakeChain(script);
  const log = recordingLog();
  const pins = { held: 0 };
  const scheduler = new Scheduler({
    ...(doubleBounce === undefined ? {} : { doubleBounce }),
    store,
    pin: () => {
      pins.held += 1;
      return { chain, release: () => void (pins.held -= 1) };
    },
    clock,
    random: seededRandom(1),
    log,
    policy: { ...POLICY, ...policy },
    hostname: 'mx.example.test',
    returnUpTo: 1024 * 1024,
    concurrency,
    destinations,
  });
  onTestFinished(() => {
    const stopped = scheduler.stop();
    return clock.advance(HOUR).then(() => stopped);
  });
  scheduler.start();
  return {
    scheduler,
    store,
    clock,
    chain,
    log,
    pins,
    commit: async (...mails) => {
      await scheduler.commit(mails);
      await clock.advance(0);
    },
    states: async id => (await store.find(id))?.entry.recipients.map(one => one.state),
    notifications: async () => {
      const { entries } = await store.list({ after: null, limit: 100 });
      const own = entries.filter(entry => entry.envelope?.reversePath === null);
      return own.map(entry => entry.id);
    },
  };
}

/** A delivery that the test ends. */
export function gate(): { readonly opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { opened, open };
}
