/** Who is told of what (RFC 3461 section 4.1), and when a deferral becomes a bounce. */
import { describe, expect, test } from 'vitest';
import type { Notify, Recipient } from '../../../core/mail/envelope.ts';
import { bouncedBy, type Delivered, deferredBy, deliveredTo, type Outcome } from '../../../core/mail/outcome.ts';
import type { RetryPolicy } from '../../../core/mail/retry-policy.ts';
import type { QueuedRecipient } from '../../../core/plugin/queue-control.ts';
import { type Circumstances, firstWordAt, type Settled, settle, untried } from '../../../core/queue/settlement.ts';
import { aMailbox, aRecipient } from '../../../core/testing/builders.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { aQueued } from './notified.ts';
import { after, mailFor } from './queued-mail.ts';

const HOUR = 3_600_000;
const POLICY: RetryPolicy = {
  first: 300_000,
  factor: 2,
  longest: 4 * HOUR,
  giveUpAfter: 24 * HOUR,
  warnAfter: 4 * HOUR,
};
const BUSY = deferredBy(
  { code: 451, status: '4.3.2', text: 'Busy' },
  'mx.example[192.0.2.9]:25',
  '451 4.3.2 come back',
);
const GONE = bouncedBy({ code: 550, status: '5.1.1', text: 'No such mailbox' });
const HERE = deliveredTo('the mailbox bob');
const RELAYED: Delivered = { ...HERE, disposition: 'relayed' };
const PASSED_ON: Delivered = { ...HERE, disposition: 'passed-on' };

interface Case {
  readonly notify: Notify | null;
  readonly outcome: Outcome;
  /** In milliseconds. */
  readonly age?: number;
  readonly from?: string;
  readonly change?: Partial<QueuedRecipient>;
}

function judge({ notify, outcome, age = 0, from = '<ann@sender.example>', change = {} }: Case): Settled {
  const recipient = aRecipient('bob@example.test', { dsn: { notify, originalRecipient: null } });
  const { domain: destination } = recipient.forwardPath;
  const queued = { index: 0, recipient, destination, attempts: 0, lastOutcome: null, delayNotified: false, ...change };
  const mail = mailFor('A', { from, to: recipient });
  return settle(queued, outcome, { mail, now: after(age), policy: POLICY, random: seededRandom(1), fate: 'deliver' });
}

describe('the notification that is owed', () => {
  test.for<Case & { readonly name: string; readonly want: string | null }>([
    { name: 'a bounce, nothing asked', notify: null, outcome: GONE, want: 'failure' },
    { name: 'a bounce, FAILURE asked', notify: ['failure'], outcome: GONE, want: 'failure' },
    { name: 'a bounce, only SUCCESS asked', notify: ['success'], outcome: GONE, want: null },
    { name: 'a bounce, NEVER asked', notify: 'never', outcome: GONE, want: null },
    { name: 'a bounce of mail from the null reverse-path', notify: ['failure'], outcome: GONE, from: '<>', want: null },
    { name: 'a delivery, nothing asked', notify: null, outcome: HERE, want: null },
    { name: 'a delivery, SUCCESS asked', notify: ['success', 'failure'], outcome: HERE, want: 'success' },
    { name: 'a relay without DSN, SUCCESS asked', notify: ['success'], outcome: RELAYED, want: 'success' },
    { name: 'a relay that took the request over', notify: ['success'], outcome: PASSED_ON, want: null },
    { name: 'a delivery from the null reverse-path', notify: ['success'], outcome: HERE, from: '<>', want: null },
    { name: 'a short delay', notify: null, outcome: BUSY, age: 4 * HOUR - 1, want: null },
    { name: 'a long delay, nothing asked', notify: null, outcome: BUSY, age: 4 * HOUR, want: 'delay' },
    { name: 'a long delay, DELAY asked', notify: ['delay'], outcome: BUSY, age: 4 * HOUR, want: 'delay' },
    { name: 'a long delay, only FAILURE asked', notify: ['failure'], outcome: BUSY, age: 4 * HOUR, want: null },
    {
      name: 'a long delay, already told',
      notify: null,
      outcome: BUSY,
      age: 9 * HOUR,
      change: { delayNotified: true },
      want: null,
    },
    { name: 'a deferral that expires', notify: null, outcome: BUSY, age: 24 * HOUR, want: 'failure' },
  ])('$name: $want', ({ want, ...one }) => {
    expect(judge(one).owed).toBe(want);
  });
});

describe('an alias that leads to several: "expanded", once (RFC 3461 section 5.2.7.3)', () => {
  const behind = (address: string, notify: Notify | null) =>
    aRecipient(address, {
      original: aMailbox('staff@example.test'),
      via: ['staff'],
      dsn: { notify, originalRecipient: null },
    });
  const [lead, other] = [behind('bob@example.test', ['success']), behind('eve@example.test', 'never')];
  const judged = (
    recipient: Recipient,
    outcome: Outcome,
    change: { readonly attempts?: number; readonly to?: readonly Recipient[]; readonly from?: string } = {},
    fate: Circumstances['fate'] = 'deliver',
  ) => {
    const { attempts = 0, to = [lead, other], from = '<ann@sender.example>' } = change;
    const mail = mailFor('A', { from, to });
    return settle(aQueued(0, recipient, attempts), outcome, {
      mail,
      now: after(0),
      policy: POLICY,
      random: seededRandom(1),
      fate,
    });
  };

  test.for([
    { name: 'delivered', outcome: HERE },
    { name: 'deferred', outcome: BUSY },
    { name: 'bounced', outcome: GONE },
    { name: 'passed on', outcome: PASSED_ON },
  ])('by the first attempt for the one who answers for all, $name or not', ({ outcome }) => {
    expect(judged(lead, outcome)).toMatchObject({ expanded: true, owed: null });
  });

  test('beside a failure that is owed as well', () => {
    const asking = behind('bob@example.test', ['success', 'failure']);
    expect(judged(asking, GONE, { to: [asking, other] })).toMatchObject({ expanded: true, owed: 'failure' });
  });

  test('not again by a later attempt', () => {
    expect(judged(lead, HERE, { attempts: 1 })).toMatchObject({ expanded: false, owed: null });
  });

  test('not by the others', () => {
    expect(judged(other, HERE)).toMatchObject({ expanded: false, owed: null });
  });

  test.for(['bounce', 'expire'] as const)('not where all of it ended before anything was attempted: %s', fate => {
    expect(judged(lead, GONE, {}, fate)).toMatchObject({ expanded: false });
  });

  test('not to the null reverse-path', () => {
    expect(judged(lead, HERE, { from: '<>' })).toMatchObject({ expanded: false, owed: null });
  });

  test('an alias that leads to one alone has no such event: it is delivered when it is', () => {
    expect(judged(lead, HERE, { to: [lead] })).toMatchObject({ expanded: false, owed: 'success' });
    expect(judged(lead, BUSY, { to: [lead] })).toMatchObject({ expanded: false, owed: null });
  });
});

describe('the last attempt before the sender is warned', () => {
  const nextAttempt = (one: Omit<Case, 'outcome'>) => {
    const { settlement } = judge({ outcome: BUSY, ...one });
    return settlement.kind === 'again' ? settlement.nextAttempt : null;
  };
  const late = { age: 3.9 * HOUR, change: { attempts: 6 } };

  test('is followed by one that falls on the warning', () => {
    expect(nextAttempt({ notify: null, ...late })).toEqual(after(4 * HOUR));
    expect(nextAttempt({ notify: ['delay'], ...late })).toEqual(after(4 * HOUR));
  });

  test.for<{ readonly name: string; readonly one: Omit<Case, 'outcome'> }>([
    { name: 'nobody wants to be warned', one: { notify: ['failure'], ...late } },
    { name: 'nobody can be warned', one: { notify: null, ...late, from: '<>' } },
    {
      name: 'somebody was warned already',
      one: { ...late, notify: null, change: { attempts: 6, delayNotified: true } },
    },
    { name: 'the time for it has come', one: { notify: null, age: 4 * HOUR, change: { attempts: 6 } } },
  ])('is followed by one in its usual time where $name', ({ one }) => {
    expect(nextAttempt(one)?.getTime()).toBeGreaterThan(after(6 * HOUR).getTime());
  });

  test('is followed by one in its usual time where that is sooner', () => {
    expect(nextAttempt({ notify: null, age: 0 })?.getTime()).toBeLessThanOrEqual(after(300_000).getTime());
  });
});

describe('a recipient that nothing could be tried for until its time was over', () => {
  const untriedAt = (age: number, change: Partial<QueuedRecipient> = {}) => {
    const queued = { ...aQueued(0, aRecipient('bob@example.test'), 0), ...change };
    const mail = mailFor('A');
    const now = after(age);
    return settle(queued, untried(queued), { mail, now, policy: POLICY, random: seededRandom(1), fate: 'expire' });
  };

  test('is warned about, and is due as before', () => {
    expect(untriedAt(4 * HOUR)).toMatchObject({
      owed: 'delay',
      outcome: { kind: 'deferred', reply: { status: '4.4.5', text: 'example.test could not be tried' } },
      settlement: { kind: 'again', nextAttempt: after(4 * HOUR), delayNotified: true, expires: after(24 * HOUR) },
    });
  });

  test('keeps the words of the last attempt', () => {
    expect(untriedAt(4 * HOUR, { lastOutcome: BUSY, attempts: 3 }).outcome).toEqual(BUSY);
  });

  test('is given up in the end', () => {
    const text = 'Not delivered in time: example.test could not be tried';
    expect(untriedAt(24 * HOUR, { delayNotified: true })).toMatchObject({
      owed: 'failure',
      outcome: { kind: 'bounced', reply: { status: '5.4.7', text } },
    });
  });

  test.for<{ readonly name: string; readonly notify: Notify | null; readonly from?: string; readonly want: number }>([
    { name: 'the warning', notify: null, want: 4 },
    { name: 'the end, where no warning is wanted', notify: ['failure'], want: 24 },
    { name: 'the end, where nobody can be warned', notify: null, from: '<>', want: 24 },
  ])('that time is first: $name', ({ notify, from = '<ann@sender.example>', want }) => {
    const recipient = aRecipient('bob@example.test', { dsn: { notify, originalRecipient: null } });
    expect(firstWordAt(mailFor('A', { from, to: recipient }), recipient, POLICY)).toEqual(after(want * HOUR));
  });
});

test('a deferral is tried again, and remembers that its delay was told', () => {
  const { settlement } = judge({ notify: null, outcome: BUSY, age: 5 * HOUR });
  expect(settlement).toMatchObject({ kind: 'again', outcome: BUSY, delayNotified: true });
});

test('a deferral whose delay nobody wants to hear of does not count as told', () => {
  const { settlement } = judge({ notify: ['failure'], outcome: BUSY, age: 5 * HOUR });
  expect(settlement).toMatchObject({ kind: 'again', delayNotified: false });
});

test('a deferral that expires is a bounce with 5.4.7, and keeps the words of the remote', () => {
  const { outcome, settlement } = judge({ notify: null, outcome: BUSY, age: 24 * HOUR });
  expect(outcome).toEqual({
    kind: 'bounced',
    reply: { code: 554, status: '5.4.7', text: 'Not delivered in time: Busy' },
    remote: BUSY.remote,
    diagnostic: BUSY.diagnostic,
  });
  expect(settlement).toEqual({ index: 0, kind: 'done', outcome });
});
