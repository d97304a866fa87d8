/**
 * One line of the history: what the queue knew of a mail when it left.
 *
 * It is put together out of the JSON that lies in the database, unread: this happens for every mail. So it is read with the
 * same care as the database.
 */
import type { PastMail, Reason, RecipientEntry } from '../plugin/queue-control.ts';
import { decodeHold, decodeMail, decodeOutcome, decodeTrace } from './codec.ts';
import { list, nullable, number, record, text, Unreadable, unlessUnreadable } from './shape.ts';

/** A recipient at the end. What ends in `JSON` was encoded by the codec. */
export interface PastRecipient {
  readonly position: number;
  readonly destination: string;
  readonly attempts: number;
  readonly delayNotified: boolean;
  readonly outcomeJson: string | null;
}

/** What a line is made of. */
export interface PastRow {
  readonly id: string;
  readonly receivedAt: number;
  readonly leftAt: number;
  readonly size: number;
  readonly mailJson: string;
  /** `null`: its last recipient was settled. */
  readonly removedJson: string | null;
  readonly recipients: readonly PastRecipient[];
  /** The trace as it was added to. */
  readonly tracesJson: readonly string[];
}

/** The line, with its end. */
export function historyLine(row: PastRow): string {
  const { id, receivedAt, leftAt, size, mailJson, removedJson, recipients, tracesJson } = row;
  const seats = recipients.map(
    ({ position, destination, attempts, delayNotified, outcomeJson }) =>
      `[${position},${JSON.stringify(destination)},${attempts},${delayNotified},${outcomeJson ?? 'null'}]`,
  );
  return (
    `${beginningOf(id)}"received":${receivedAt},"left":${leftAt},"size":${size},"removed":${removedJson ?? 'null'},` +
    `"recipients":[${seats.join(',')}],"mail":${mailJson},"trace":[${tracesJson.join(',')}]}\n`
  );
}

/** How the line of a mail begins. */
export function beginningOf(id: string): string {
  return `{"id":${JSON.stringify(id)},`;
}

/** The mail that a line is about. @throws Unreadable */
export function readHistoryLine(line: string): PastMail {
  const read = record(parsed(line), '');
  const mail = unlessUnreadable(() => decodeMail(JSON.stringify(read.mail)));
  const seats = list(seatOf)(read.recipients, 'recipients');
  const envelope = mail?.envelope ?? null;
  const receivedAt = new Date(number(read.received, 'received'));
  return {
    leftAt: new Date(number(read.left, 'left')),
    removed: nullable<Reason>(value => decodeHold(JSON.stringify(value)))(read.removed, 'removed'),
    entry: {
      id: text(read.id, 'id'),
      receivedAt,
      size: number(read.size, 'size'),
      hold: null,
      bounce: null,
      envelope,
      recipients: seats.flatMap(seat => {
        const recipient = envelope?.recipients[seat.index];
        return recipient === undefined ? [] : [{ ...seat, recipient }];
      }),
    },
    session: mail?.session ?? null,
    facts: mail?.facts ?? null,
    trace: list(value => value)(read.trace, 'trace').flatMap(
      steps => unlessUnreadable(() => decodeTrace(JSON.stringify(steps))) ?? [],
    ),
  };
}

/** A recipient of a line, without what stands in the envelope. */
function seatOf(value: unknown, place: string): Omit<RecipientEntry, 'recipient'> {
  const [index, destination, attempts, delayNotified, outcome] = list(one => one)(value, place);
  return {
    index: number(index, place),
    destination: text(destination, place),
    attempts: number(attempts, place),
    delayNotified: delayNotified === true,
    lastOutcome: outcome === null ? null : unlessUnreadable(() => decodeOutcome(JSON.stringify(outcome))),
    state: 'done',
    nextAttempt: null,
    keptBack: null,
    expires: null,
  };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Unreadable('the line of the history', 'JSON');
  }
}
