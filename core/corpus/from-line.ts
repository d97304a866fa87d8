/** The From_ lines that part the messages of an mbox file (RFC 4155), as the programs of forty years have written them. */
import type { ReversePath } from '../mail/address.ts';
import { parseMailbox } from '../mail/path.ts';

/** With the blank. */
export const FROM_ = 'From ';

/** No From_ line is longer. In octets. */
export const LONGEST_FROM_LINE = 1024;

/**
 * Somebody, then a date with the time of day: a sentence that begins with `From ` has none. Seconds may be missing, and a time
 * zone may stand before the year or after it.
 */
const WITH_DATE =
  /^From .*\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2}|\d{1,2} +(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?: +\d{4})?) +\d{1,2}:\d{2}/;

/** Whether a line, without its end, parts two messages. */
export function isFromLine(line: string): boolean {
  return WITH_DATE.test(line);
}

/** Whom a From_ line names as the sender. `undefined`: nobody. MAILER-DAEMON stands for the null reverse-path. */
export function senderIn(line: string): ReversePath | undefined {
  const [, name = ''] = /^From ("[^"]*"@\S*|\S+)/.exec(line) ?? [];
  if (/^(?:MAILER-DAEMON|<>)$/i.test(name)) return null;
  return parseMailbox(name.replace(/^<(.*)>$/, '$1')) ?? undefined;
}
