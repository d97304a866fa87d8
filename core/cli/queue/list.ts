/** `mailframe queue list`: a table for people, one JSON array for programs. */
import { formatMailbox, formatPath } from '../../mail/path.ts';
import { formatReply } from '../../mail/reply.ts';
import type { QueueControl, QueueEntry, QueueFilter, QueuePage, RecipientEntry } from '../../plugin/queue-control.ts';
import { type Column, type Row, Table } from '../table.ts';
import { entryInJson } from './json.ts';
import { counted, numberInWords, octetsInWords, spanInWords, untilInWords, wordsOf } from './words.ts';

/** What is to be listed, and how. */
export interface Listing {
  readonly filter: QueueFilter;
  /** At most so many mails. */
  readonly limit: number;
  readonly now: Date;
  /** Of a line, in characters. */
  readonly width: number;
  readonly print: (text: string) => void;
}

const PAGE = 500;
/** So many recipients of one mail are shown. */
const SHOWN = 3;

/** On a narrower terminal senders and reasons stand in lines of their own. */
const NARROW = 120;
const INDENT = ' '.repeat(4);

const COLUMNS: readonly Column[] = [
  { title: 'ID', align: 'left', most: 24 },
  { title: 'AGE', align: 'right', most: 8 },
  { title: 'SIZE', align: 'right', most: 10 },
  { title: 'FROM', align: 'left', most: 28 },
  { title: 'TO', align: 'left', most: 28 },
  { title: 'STATE', align: 'left', most: 8 },
  { title: 'NEXT', align: 'left', most: 10 },
  { title: 'WHY', align: 'left', most: Infinity },
];

const NARROW_COLUMNS: readonly Column[] = [
  { title: 'ID', align: 'left', most: 24 },
  { title: 'AGE', align: 'right', most: 8 },
  { title: 'TO', align: 'left', most: 30 },
  { title: 'STATE', align: 'left', most: 8 },
  { title: 'NEXT', align: 'left', most: 10 },
];

/** Every mail that is meant, the oldest first. */
export async function* mailsOf(queue: QueueControl, filter: QueueFilter): AsyncIterable<readonly QueueEntry[]> {
  for (let after: string | null = null; ; ) {
    const { entries, next }: QueuePage = await queue.list({ after, limit: PAGE, filter });
    yield entries;
    if (next === null) return;
    after = next;
  }
}

export async function listInJson(queue: QueueControl, { filter, limit, print }: Listing): Promise<void> {
  let count = 0;
  print('[');
  for await (const page of atMost(mailsOf(queue, filter), limit)) {
    for (const entry of page) print(`${count++ === 0 ? '' : ','}\n${JSON.stringify(entryInJson(entry))}`);
  }
  print('\n]\n');
}

export async function listInWords(queue: QueueControl, listing: Listing): Promise<void> {
  const { filter, limit, now, width, print } = listing;
  const isNarrow = width < NARROW;
  const table = new Table(isNarrow ? NARROW_COLUMNS : COLUMNS, width);
  const rows = (entry: QueueEntry): readonly Row[] => {
    const wide = rowsOf(entry, now);
    return isNarrow ? wide.flatMap(narrow) : wide;
  };
  let count = 0;
  // One more than is shown tells whether there are more.
  for await (const page of atMost(mailsOf(queue, filter), limit + 1)) {
    const shown = page.slice(0, limit - count);
    if (shown.length > 0) print(table.lines(shown.flatMap(rows)));
    count += page.length;
  }
  if (count > limit) {
    print(`${counted(limit, 'mail')}, and there are more: --limit shows them, stats counts them.\n`);
  } else if (count > 0) {
    print(`${counted(count, 'mail')}.\n`);
  } else {
    print(Object.keys(filter).length === 0 ? 'The queue is empty.\n' : 'No mail in the queue is meant.\n');
  }
}

async function* atMost(
  pages: AsyncIterable<readonly QueueEntry[]>,
  limit: number,
): AsyncIterable<readonly QueueEntry[]> {
  let left = limit;
  for await (const page of pages) {
    yield page.slice(0, left);
    left -= page.length;
    if (left <= 0) return;
  }
}

/** A row for the mail and its first recipient, and one for each further one. */
function rowsOf(entry: QueueEntry, now: Date): readonly (readonly string[])[] {
  const { id, receivedAt, size, envelope, hold } = entry;
  const from = envelope === null ? '(cannot be read)' : formatPath(envelope.reversePath).slice(1, -1) || '<>';
  const head = [id, spanInWords(now.getTime() - receivedAt.getTime()), octetsInWords(size), from];
  const open = entry.recipients.filter(({ state }) => state !== 'done');
  const rows = open
    .slice(0, SHOWN)
    .map(one => [formatMailbox(one.recipient.forwardPath), one.state, nextOf(one, now), whyOf(one, entry)]);
  if (rows.length === 0) rows.push(['', envelope === null ? 'damaged' : '', '', hold?.reason ?? '']);
  if (open.length > SHOWN) rows.push([`and ${numberInWords(open.length - SHOWN)} more`]);
  return rows.map((row, index) => [...(index === 0 ? head : ['', '', '', '']), ...row]);
}

/** Sender and reason below instead of beside. */
function narrow([id = '', age = '', , from = '', to = '', state = '', next = '', why = '']: readonly string[]): Row[] {
  const sender = from === '' ? [] : [`from ${from}`];
  const reason = why === '' ? [] : [why];
  const below = [...sender, ...reason].join(': ');
  return [[id, age, to, state, next], ...(below === '' ? [] : [`${INDENT}${below}`])];
}

function nextOf({ state, nextAttempt, keptBack }: RecipientEntry, now: Date): string {
  if (state === 'leased') return 'now';
  if (state !== 'waiting' || nextAttempt === null) return '';
  if (keptBack?.kind === 'suspended') return 'suspended';
  const until = keptBack === null || keptBack.until < nextAttempt ? nextAttempt : keptBack.until;
  return untilInWords(until, now);
}

function whyOf({ state, lastOutcome }: RecipientEntry, { hold, bounce }: QueueEntry): string {
  if (bounce !== null) return `to be returned: ${formatReply(bounce)}`;
  if (hold !== null && (state === 'held' || state === 'damaged')) return `${hold.by}: ${hold.reason}`;
  return lastOutcome === null ? '' : wordsOf(lastOutcome);
}
