/** Who is told of what (RFC 3461 section 4.1), and when a deferral becomes a bounce. */
import { describe, expect, test } from 'vitest';
import type { Notify } from '../../../core/mail/envelope.ts';
import { bouncedBy, type Delivered, deferredBy, deliveredTo, type Outcome } from '../../../core/mail/outcome.ts';
import type { RetryPolicy } from '../../../core/mail/retry-policy.ts';
import type { QueuedRecipient } from '../../../core/plugin/queue-control.ts';
import { type Settled, settle } from '../../../core/queue/settlement.ts';
import { aRecipient } from '../../../core/testing/builders.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
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
  return settle(queued, outcome, { mail, now: after(age), policy: POLICY, random: seededRandom(1) });
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
