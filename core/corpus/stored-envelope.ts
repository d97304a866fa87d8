/**
 * The envelope of a message of which only the content was kept, as far as its header tells.
 *
 * What delivery wrote down is the envelope itself. From, To and Cc are what the author wrote: the sender of a list is another
 * one, and blind copies stand nowhere. So whoever counts outcomes is told how many envelopes were only guessed.
 */
import { formatMailbox, parseMailbox, parseReversePath } from '../mail/path.ts';
import { authors, parseAddresses } from '../mime/addresses.ts';
import type { HeaderBlock } from '../mime/header.ts';
import type { ArrivalFacts, EnvelopeSource } from './arrival.ts';
import { senderIn } from './from-line.ts';

/** More recipients than that, no client names at once without being told to come again (RFC 5321 section 4.5.3.1.8). */
const MOST_RECIPIENTS = 100;

/** What was said in RCPT, the best evidence first. */
const RECIPIENT_FIELDS = ['X-Original-To', 'Envelope-To', 'X-Envelope-To', 'Delivered-To'] as const;

export interface StoredEnvelope extends Pick<ArrivalFacts, 'from'> {
  readonly to: readonly string[];
  readonly source: Extract<EnvelopeSource, 'delivery-fields' | 'header' | 'nowhere'>;
}

/** `fromLine`: of an mbox file, or `null`. */
export function storedEnvelope(header: HeaderBlock, fromLine: string | null): StoredEnvelope {
  const from = senderOf(header, fromLine);
  const sender = from === undefined ? {} : { from };
  const delivered = RECIPIENT_FIELDS.map(name => mailboxesIn(header.values(name).slice(0, 1))).find(
    ({ length }) => length > 0,
  );
  if (delivered !== undefined) return { ...sender, to: delivered, source: 'delivery-fields' };
  const addressed = mailboxesIn([...header.values('To'), ...header.values('Cc')]);
  return { ...sender, to: addressed, source: addressed.length === 0 ? 'nowhere' : 'header' };
}

function senderOf(header: HeaderBlock, fromLine: string | null): string | undefined {
  const returnPath = header.first('Return-Path');
  const path = returnPath === null ? null : parseReversePath(returnPath, { smtpUtf8: true });
  if (path?.kind === 'path') return path.path === null ? '' : formatMailbox(path.path);
  const named = fromLine === null ? undefined : senderIn(fromLine);
  if (named !== undefined) return named === null ? '' : formatMailbox(named);
  const [author] = authors(header).flatMap(({ mailbox }) => (mailbox === null ? [] : [mailbox]));
  return author === undefined ? undefined : formatMailbox(author);
}

/** Each once. */
function mailboxesIn(values: readonly string[]): readonly string[] {
  const found = values
    .flatMap(value => parseAddresses(value).map(({ mailbox }) => mailbox ?? parseMailbox(value)))
    .flatMap(mailbox => (mailbox === null ? [] : [formatMailbox(mailbox)]));
  return [...new Set(found)].slice(0, MOST_RECIPIENTS);
}
