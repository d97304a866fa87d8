/** What the answer to EHLO offers (RFC 5321 section 4.1.1.1). All that is offered is honoured. */
import type { Session } from '../mail/session.ts';
import type { ListenerOptions } from './options.ts';
import { offeredMechanisms } from './sasl/offered.ts';

/** RFC 9422 gives a limit six digits. */
const LARGEST_LIMIT = 999_999;

/** Changes that a plugin wants. */
export interface OfferChange {
  /** Lines: a keyword, or a keyword and parameters. One with a known keyword replaces it. */
  readonly add: readonly string[];
  /** Keywords. */
  readonly remove: readonly string[];
}

/** Whether the client could authenticate without further ado. What keeps it from doing so with TLS is not that there is none. */
export function authUsable(options: ListenerOptions, session: Session): boolean {
  return session.tls !== null || offeredMechanisms(options, session).length > 0;
}

/** One extension a line. `more`: what this one client is offered. */
export function extensionLines(
  options: ListenerOptions,
  session: Session,
  change: OfferChange,
  more: readonly string[] = [],
): readonly string[] {
  const { limits } = options;
  const lines = [
    'PIPELINING',
    `SIZE ${options.maxSize}`,
    '8BITMIME',
    'SMTPUTF8',
    'ENHANCEDSTATUSCODES',
    'DSN',
    'CHUNKING',
  ];
  if (options.binaryMime === 'encode') lines.push('BINARYMIME');
  const [mails, recipients] = [limits.transactions, limits.recipients].map(one => Math.min(one, LARGEST_LIMIT));
  lines.push(`LIMITS MAILMAX=${mails} RCPTMAX=${recipients}`);
  // Without a policy's name: all nineteen priorities are told apart here, so no table of them needs to be agreed upon.
  lines.push('MT-PRIORITY');
  if (session.tls !== null) lines.push('REQUIRETLS');
  if (options.tls !== null && session.tls === null) lines.push('STARTTLS');
  const mechanisms = session.user === null ? offeredMechanisms(options, session) : [];
  if (mechanisms.length > 0) lines.push(`AUTH ${mechanisms.join(' ')}`);
  lines.push(...more);
  if (change.remove.length === 0 && change.add.length === 0) return lines;
  const gone = new Set([...change.remove, ...change.add].map(keywordOf));
  return [...lines.filter(line => !gone.has(keywordOf(line))), ...change.add];
}

/** Whether lines of an answer to EHLO offer something. The keyword in upper case. */
export function offers(lines: readonly string[], keyword: string): boolean {
  return lines.some(line => keywordOf(line) === keyword);
}

function keywordOf(line: string): string {
  return (line.split(' ')[0] ?? '').toUpperCase();
}
