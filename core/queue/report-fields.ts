/** The part of a notification that programs read: `message/delivery-status` (RFC 3464 section 2). ASCII, always. */
import { formatDate } from '../mail/date.ts';
import { encodeUtf8Address } from '../mail/xtext.ts';
import { type Disclosure, oneLine } from './disclosure.ts';
import { field } from './fold.ts';

/** What all recipients of a report share. */
export interface ReportFrame {
  /** Ours. */
  readonly hostname: string;
  /** The queue id of the mail that the report is about. */
  readonly queueId: string;
  readonly receivedAt: Date;
  /** Who brought it, as the field wants it, or `null`. */
  readonly receivedFrom: string | null;
  /** ENVID, or `null`. */
  readonly envelopeId: string | null;
  /** When the attempt was made. */
  readonly now: Date;
}

const NON_ASCII = /[^\u0020-\u007e]/;

/** The whole part: the fields of the mail, and those of each recipient, with an empty line before each block. */
export function reportFields(frame: ReportFrame, about: readonly Disclosure[]): string {
  const { hostname, queueId, receivedAt, receivedFrom, envelopeId } = frame;
  const message =
    (envelopeId === null ? '' : field('Original-Envelope-Id', ascii(oneLine(envelopeId)))) +
    field('Reporting-MTA', `dns; ${hostname}`) +
    (receivedFrom === null ? '' : field('Received-From-MTA', receivedFrom)) +
    field('Arrival-Date', formatDate(receivedAt)) +
    field('X-Mailframe-Queue-Id', ascii(oneLine(queueId)));
  return [message, ...about.map(one => recipientFields(frame, one))].join('\r\n');
}

function recipientFields(frame: ReportFrame, disclosure: Disclosure): string {
  const { originalRecipient, address, action, status, remote, reason, retryUntil } = disclosure;
  return [
    originalRecipient === null ? '' : field('Original-Recipient', typedAddress(originalRecipient)),
    field('Final-Recipient', typedAddress({ type: 'rfc822', address })),
    field('Action', action),
    field('Status', status),
    remote === null ? '' : field('Remote-MTA', `dns; ${ascii(remote)}`),
    reason === null
      ? ''
      : field('Diagnostic-Code', `${reason.said === 'remote' ? 'smtp' : 'x-mailframe'}; ${ascii(reason.words)}`),
    field('Last-Attempt-Date', formatDate(frame.now)),
    retryUntil === null ? '' : field('Will-Retry-Until', formatDate(retryUntil)),
  ].join('');
}

/** An address beyond ASCII is written as RFC 6533 section 3 has it for a part that is ASCII. */
function typedAddress({ type, address }: { readonly type: string; readonly address: string }): string {
  const known = type === '' ? 'unknown' : type;
  if (!NON_ASCII.test(address)) return `${known}; ${address}`;
  return /^(?:rfc822|utf-8)$/i.test(known) ? `utf-8; ${encodeUtf8Address(address)}` : `${known}; ${ascii(address)}`;
}

function ascii(text: string): string {
  return text.replaceAll(/[^\u0020-\u007e]/gu, '?');
}
