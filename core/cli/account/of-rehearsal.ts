/** The account of a rehearsal. */

import type { Recipient } from '../../mail/envelope.ts';
import { formatMailbox, formatPath } from '../../mail/path.ts';
import type { ContentDifference, PartDifference } from '../../mime/difference.ts';
import type {
  AskedRecipient,
  Rehearsal,
  RehearsedDelivery,
  RehearsedMail,
  RehearsedRecipient,
  Revision,
  Withheld,
} from '../../rehearsal/rehearsal.ts';
import type {
  Account,
  ActAccount,
  AskedAccount,
  ChangeAccount,
  MailAccount,
  PartAccount,
  RecipientAccount,
  WithheldAccount,
} from './account.ts';
import { NO_OUTPUT, type Output } from './output.ts';

/** `notes`: what is to be said beside what the rehearsal found. `output` has written the octets. */
export function accountOf(rehearsal: Rehearsal, notes: readonly string[] = [], output: Output = NO_OUTPUT): Account {
  const { verdict, session, exchanges, recipients, mails, revisions, withheld, logged } = rehearsal;
  const accounted = new Map(mails.flatMap(mail => [...recipientsOf(mail, output)]));
  return {
    verdict,
    standing: null,
    session,
    exchanges: exchanges.map(one => ({ ...one, replies: one.replies.map(({ text }) => text) })),
    recipients: recipients.map(one => askedIn(one, accounted)),
    mails: mails.map(one => mailIn(one, accounted, output)),
    changes: revisions.map(one => changeIn(one, [])),
    withheld: withheld.map(withheldIn),
    logged,
    notes,
  };
}

type Accounted = ReadonlyMap<RehearsedRecipient, RecipientAccount>;

function* recipientsOf(
  { mail, recipients, deliveries }: RehearsedMail,
  output: Output,
): Generator<readonly [RehearsedRecipient, RecipientAccount]> {
  for (const one of recipients) {
    const { recipient, destination, route, because, outcome } = one;
    yield [
      one,
      {
        mail: mail.id,
        address: formatMailbox(recipient.forwardPath),
        original: formatMailbox(recipient.original),
        via: recipient.via,
        target: recipient.target ?? null,
        destination,
        transport: route?.transport ?? null,
        hosts: route?.hosts ?? [],
        because,
        lastOutcome: outcome,
        standing: null,
        acts: deliveries.flatMap(delivery => actsFor(recipient, delivery, output)),
      },
    ];
  }
}

/** A transport may be given other recipients than those of the mail: middleware can replace them. The addresses stay. */
function actsFor(recipient: Recipient, delivery: RehearsedDelivery, output: Output): readonly ActAccount[] {
  const isMeant = (some: readonly Recipient[]) => some.includes(recipient);
  if (delivery.told === 'untold') {
    if (!isMeant(delivery.recipients)) return [];
    const { content } = delivery.mail;
    const file = output.fileOf(content);
    return [{ act: 'untold', recipients: addressesOf(delivery.recipients), size: content.size, file }];
  }
  return delivery.previews.flatMap(({ recipients, act, content }) => {
    if (!isMeant(recipients)) return [];
    return [{ act, recipients: addressesOf(recipients), size: content.size, file: output.fileOf(content) }];
  });
}

function addressesOf(recipients: readonly Recipient[]): readonly string[] {
  return recipients.map(({ forwardPath }) => formatMailbox(forwardPath));
}

function askedIn({ address, verdict, reply, leadsTo, ways }: AskedRecipient, accounted: Accounted): AskedAccount {
  const led = leadsTo.flatMap((one, index) => {
    const found = accounted.get(one);
    return found === undefined ? [] : [{ ...found, via: ways[index] ?? found.via }];
  });
  return { address, verdict, reply: reply.text, leadsTo: led };
}

function mailIn(rehearsed: RehearsedMail, accounted: Accounted, output: Output): MailAccount {
  const { mail, fate, trace, revisions, difference, recipients, deliveries, notifications } = rehearsed;
  const { id, receivedAt, content, envelope, facts } = mail;
  return {
    id,
    receivedAt,
    size: content.size,
    reversePath: formatPath(envelope.reversePath),
    hold: fate.kind === 'hold' ? { by: fate.by, reason: fate.reason } : null,
    bounce: fate.kind === 'bounce' ? fate.reply : null,
    discard: fate.kind === 'discard' ? { by: fate.by, reason: fate.reason } : null,
    facts,
    recipients: recipients.flatMap(one => accounted.get(one) ?? []),
    changes: [
      ...revisions.map(one => changeIn(one, [])),
      ...deliveries.flatMap(one => one.revisions.map(revision => changeIn(revision, addressesOf(one.recipients)))),
    ],
    breaks: difference.breaks,
    notifications: notifications.map(one => ({
      to: addressesOf(one.envelope.recipients),
      size: one.content.size,
      file: output.fileOf(one.content),
    })),
    file: output.fileOf(content),
    trace,
  };
}

function changeIn({ plugin, hook, step, difference }: Revision, recipients: readonly string[]): ChangeAccount {
  const { size, header, parts, breaks }: ContentDifference = difference;
  return { plugin, hook, recipients, step, size, header, parts: parts.map(partIn), breaks };
}

function partIn(difference: PartDifference): PartAccount {
  const { kind, part } = difference;
  const was = kind === 'changed' || kind === 'moved' ? difference.was : null;
  const lines = kind === 'changed' ? (difference.lines ?? []) : [];
  return {
    kind,
    part,
    was,
    lines: lines.flatMap(one => (one.kind === 'kept' ? [] : [{ kind: one.kind, line: one.line }])),
  };
}

function withheldIn(one: Withheld): WithheldAccount {
  switch (one.kind) {
    case 'write':
      return { kind: one.kind, what: one.path, size: one.content.size };
    case 'remove':
      return { kind: one.kind, what: one.path, size: null };
    case 'connect':
    case 'run':
    case 'fetch':
      return { kind: one.kind, what: one.what, size: null };
  }
}
