/** A notification as content: `multipart/report` with a text, the fields for programs, and the mail (RFC 6522). */
import type { Mailbox } from '../mail/address.ts';
import { type Content, contentOf, joinContent } from '../mail/content.ts';
import { formatDate } from '../mail/date.ts';
import { addressText, type Disclosure } from './disclosure.ts';
import { field } from './fold.ts';
import { type ReportFrame, reportFields } from './report-fields.ts';
import { type ReportKind, reportText, subjectOf } from './report-text.ts';
import type { ReturnedContent } from './returned-content.ts';

/** All that a report is made of. */
export interface ReportParts {
  readonly kind: ReportKind;
  readonly frame: ReportFrame;
  readonly about: readonly Disclosure[];
  readonly returned: ReturnedContent | null;
  /** The sender of the mail, or who is told in the place of one that there is not. */
  readonly to: Mailbox;
  /** The queue id of the notification itself. */
  readonly id: string;
  /** A text that stands nowhere in the mail: random. */
  readonly boundary: string;
}

/** A report, and what a next hop must be told about it. */
export interface Report {
  readonly content: Content;
  readonly body: '7bit' | '8bitmime';
}

const DESCRIPTIONS = { mail: 'The mail', header: 'The header of the mail' } as const;
const NON_ASCII = /[^\u0000-\u007f]/;

export function writeReport({ kind, frame, about, returned, to, id, boundary }: ReportParts): Report {
  const text = reportText(kind, frame, about, returned?.amount ?? 'nothing');
  const eightBitText = NON_ASCII.test(text);
  const eightBit = eightBitText || returned?.eightBit === true;
  const charset = eightBitText ? 'utf-8' : 'us-ascii';
  const head =
    field('From', `Mail Delivery System <postmaster@${frame.hostname}>`) +
    field('To', `<${addressText(to)}>`) +
    field('Subject', subjectOf(kind, about)) +
    field('Date', formatDate(frame.now)) +
    field('Message-ID', `<${id}@${frame.hostname}>`) +
    field('Auto-Submitted', 'auto-replied') +
    field('MIME-Version', '1.0') +
    field('Content-Type', `multipart/report; report-type=delivery-status; boundary="${boundary}"`) +
    transferEncoding(eightBit);
  const parts = [
    partHead(`text/plain; charset=${charset}`, 'What happened', eightBitText) + text,
    partHead('message/delivery-status', 'The same for programs', false) + reportFields(frame, about),
    ...(returned === null ? [] : [partHead(returned.mediaType, DESCRIPTIONS[returned.amount], returned.eightBit)]),
  ];
  const opened = `${head}\r\n${parts.map(part => `--${boundary}\r\n${part}`).join('\r\n')}`;
  const end = contentOf(`\r\n--${boundary}--\r\n`);
  const pieces = returned === null ? [contentOf(opened), end] : [contentOf(opened), returned.content, end];
  return { content: joinContent(...pieces), body: eightBit ? '8bitmime' : '7bit' };
}

function partHead(contentType: string, description: string, eightBit: boolean): string {
  const fields = field('Content-Type', contentType) + field('Content-Description', description);
  return `${fields}${transferEncoding(eightBit)}\r\n`;
}

function transferEncoding(eightBit: boolean): string {
  return eightBit ? field('Content-Transfer-Encoding', '8bit') : '';
}
