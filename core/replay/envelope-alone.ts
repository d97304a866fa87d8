/**
 * Mail of which only the envelope was kept. It is replayed with a content that stands in for the one that nobody has: what is
 * decided before the content is as it was, and the route where nothing looks at the content. The rest is not known.
 */
import type { Arrival } from '../corpus/arrival.ts';
import { formatDate } from '../mail/date.ts';
import type { ReplayedOutcome, ReplayedRecipient } from './outcome.ts';

export function standIn({ from = '', to }: Arrival, name: string, at: Date): Buffer {
  const lines = [
    `From: ${from === '' ? 'MAILER-DAEMON@invalid' : from}`,
    `To: ${to.join(', ')}`,
    `Date: ${formatDate(at)}`,
    `Message-ID: <${name}@replay.invalid>`,
    'Subject: stands in for a content that was not kept',
    '',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

/** Without what was decided by the content that stood in. `refusedByContent`: recipients who were refused because of it. */
export function envelopeAlone(outcome: ReplayedOutcome, refusedByContent: ReadonlySet<string>): ReplayedOutcome {
  const recipients = outcome.recipients.map((recipient): ReplayedRecipient => {
    if (refusedByContent.has(recipient.address))
      return { ...recipient, answer: 'accepted', answeredBy: null, ways: null };
    const ways =
      recipient.ways?.map(way => ({
        ...way,
        fate: null,
        fateBy: null,
        outcome: null,
        outcomeBy: null,
        content: null,
        facts: null,
      })) ?? null;
    return { ...recipient, ways };
  });
  return { ...outcome, recipients };
}
