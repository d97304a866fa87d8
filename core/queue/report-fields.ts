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
  /** ENVID, or `null`. */
  readonly envelopeId: string | null;
  /** When the attempt was made. */
  readonly now: Date;
  /** When the last attempt of a delayed mail will be. */
  readonly retryUntil: Date;
}

const NON_ASCII = /[^\u0020-\u007e]/;

/** The whole part, each block of fields followed by an empty line. Recipients that look the same are named once. */
export function reportFields(frame: ReportFrame, about: readonly Disclosure[]): string {
  const { hostname, queueId, receivedAt, envelopeId } = frame;
  const message =
    (envelopeId === null ? '' : field('Original-Envelope-Id', ascii(oneLine(envelopeId)))) +
    field('Reporting-MTA', `dns; ${hostname}`) +
    field('Arrival-Date', formatDate(receivedAt)) +
    field('X-Mailframe-Queue-Id', ascii(oneLine(queueId)));
  const blocks = new Set(about.map(one => recipientFields(frame, one)));
  return [message, ...blocks].join('\r\n');
}

function recipientFields(frame: ReportFrame, disclosure: Disclosure): string {
  const { originalRecipient, address, action, status, remote, reason } = disclosure;
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
    action === 'delayed' ? field('Will-Retry-Until', formatDate(frame.retryUntil)) : '',
  ].join('');
}

/** An address beyond ASCII is written as RFC 6533 section 3 has it for a part that is ASCII. */
function typedAddress({ type, address }: { readonly type: string; readonly address: string }): string {
  const known = type === '' ? 'unknown' : type.toLowerCase();
  if (!NON_ASCII.test(address)) return `${known}; ${address}`;
  return known === 'rfc822' || known === 'utf-8'
    ? `utf-8; ${encodeUtf8Address(address)}`
    : `${known}; ${ascii(address)}`;
}

function ascii(text: string): string {
  return text.replaceAll(/[^\u0020-\u007e]/gu, '?');
}
