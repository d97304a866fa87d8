/** The notifications that a mail owes, for tests of what they say: five hours after it arrived, all recipients alike. */
import type { Recipient } from '../../../core/mail/envelope.ts';
import type { Mail } from '../../../core/mail/mail.ts';
import { bouncedBy, deferredBy, deliveredTo, type Outcome } from '../../../core/mail/outcome.ts';
import type { QueuedRecipient } from '../../../core/plugin/queue-control.ts';
import type { NewMail } from '../../../core/plugin/queue-store.ts';
import { type NotificationOffice, notificationsOwed } from '../../../core/queue/notification.ts';
import { type Circumstances, settle } from '../../../core/queue/settlement.ts';
import type { MailParts } from '../../../core/testing/builders.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { after, mailFor } from './queued-mail.ts';

const HOUR = 3_600_000;

export const NO_USER = bouncedBy(
  { code: 550, status: '5.1.1', text: 'No such mailbox' },
  'mx.partner.example[192.0.2.10]:25',
  '550-5.1.1 There is nobody of this name here.\r\n550 5.1.1 Ask the operator.',
);
export const SILENT = deferredBy({ code: 451, status: '4.4.1', text: 'No answer from mx.partner.example' }, null, null);
export const HERE = deliveredTo('/var/mail/secret/place');

const POLICY = { first: 300_000, factor: 2, longest: 4 * HOUR, giveUpAfter: 120 * HOUR, warnAfter: 4 * HOUR };

/** A recipient of the queue that was attempted once, unless told otherwise. */
export function aQueued(index: number, recipient: Recipient, attempts = 1): QueuedRecipient {
  return { index, recipient, destination: 'example.test', attempts, lastOutcome: null, delayNotified: false };
}

/** What notifications are written with, and their ids in order. */
export function office(...ids: readonly string[]): NotificationOffice {
  const left = [...ids];
  return {
    hostname: 'mx.example.test',
    random: seededRandom(2),
    nextId: () => left.shift() ?? '01ARYZ6S41NOTIFY00',
    returnUpTo: 1024 * 1024,
  };
}

/** What an outcome is judged by. */
export function circumstances(mail: Mail): Circumstances {
  return { mail, now: after(5 * HOUR), policy: POLICY, random: seededRandom(1), fate: 'deliver' };
}

export interface Case extends MailParts {
  /** Of all recipients, or by their order. */
  readonly outcome: Outcome | readonly Outcome[];
  readonly notify?: Recipient['dsn']['notify'];
  readonly attempts?: number;
}

export async function notified({ outcome, notify = null, attempts = 1, ...parts }: Case): Promise<readonly NewMail[]> {
  const mail = mailFor('01ARYZ6S410000000A', parts);
  const outcomes = 'kind' in outcome ? [outcome] : outcome;
  const settled = mail.envelope.recipients.map((recipient, index) => {
    const asked = { ...recipient, dsn: { ...recipient.dsn, notify: recipient.dsn.notify ?? notify } };
    return settle(aQueued(index, asked, attempts), outcomes[index % outcomes.length] ?? NO_USER, circumstances(mail));
  });
  return notificationsOwed(mail, settled, after(5 * HOUR), office());
}

export async function theOnly(one: Case): Promise<Mail> {
  const [first, ...more] = await notified(one);
  if (first === undefined || more.length > 0) throw new Error(`${more.length} notifications too many`);
  return first.mail;
}
