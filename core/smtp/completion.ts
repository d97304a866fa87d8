/**
 * What a submission lacks and the submission server adds: Date and Message-ID (RFC 6409 section 8).
 *
 * For submissions alone: a relay that adds them hides what the sender left out.
 */
import { formatDate } from '../mail/date.ts';
import type { HeaderBlock } from '../mime/header.ts';
import type { Random } from '../plugin/ports.ts';

/** RFC 5322 section 3.6.4: unique. The queue id is so here; this many random octets make it so everywhere. */
const RANDOM_OCTETS = 8;

/** What the added fields are made of. */
export interface CompletionParts {
  readonly at: Date;
  /** The queue id. */
  readonly id: string;
  readonly hostname: string;
  readonly random: Random;
}

/** The fields to add, each with its line end; `''` where none is missing. */
export function missingFields(header: HeaderBlock, { at, id, hostname, random }: CompletionParts): string {
  const lacks = (name: string) => header.named(name).length === 0;
  const date = lacks('date') ? `Date: ${formatDate(at)}\r\n` : '';
  if (!lacks('message-id')) return date;
  return `${date}Message-ID: <${id}.${random.bytes(RANDOM_OCTETS).toString('hex')}@${hostname}>\r\n`;
}
