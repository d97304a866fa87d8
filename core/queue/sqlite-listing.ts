/**
 * Listing mail page by page. The database leaves out what it can see is not meant; `filter.ts` decides about the rest.
 *
 * Guarantee: one page looks at a bounded number of mails, however few of them are meant.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { AddressPattern } from '../mail/condition.ts';
import type { QueueFilter } from '../plugin/queue-control.ts';
import { isMeant } from './filter.ts';
import type { Operations } from './sqlite-protocol.ts';
import { type Query, query } from './sqlite-query.ts';
import { HEAD, type MailHead, type Reader } from './sqlite-reader.ts';

/** So many mails are looked at for one page. */
const LOOKED_AT = 5000;
/** Sorts after every queue id. */
const LAST = '\uffff';

/** A parameter that is `NULL` leaves nothing out. `instr` looks at the JSON as it was written. */
const MEANT = `
  m.id > ?1 AND m.id <= ?2 AND m.received < ?3 AND m.received > ?4
  AND (?5 IS NULL OR instr(m.record, ?5) > 0)
  AND (?6 IS NULL OR instr(m.record, ?6) > 0)
  AND (?7 = 0 OR EXISTS (
    SELECT 1 FROM recipient r WHERE r.mail = m.key
      AND (?8 IS NULL OR r.destination = ?8 OR r.destination LIKE '%@' || ?8)
      AND (?9 IS NULL OR instr(?9, r.state) > 0)
      AND (?10 IS NULL OR r.outcome LIKE ?10 ESCAPE '\\' OR m.hold LIKE ?10 ESCAPE '\\')))`;

export class Listing {
  readonly #reader: Reader;
  readonly #end: Query<{ id: string }>;
  readonly #page: Query<MailHead>;

  constructor(database: DatabaseSync, reader: Reader) {
    this.#reader = reader;
    this.#end = query(database, `SELECT id FROM mail WHERE id > ? ORDER BY id LIMIT 1 OFFSET ${LOOKED_AT - 1}`);
    this.#page = query(database, `${HEAD} WHERE ${MEANT} ORDER BY m.id LIMIT ?11`);
  }

  page({ after, limit, filter }: Operations['list']['input']): Operations['list']['output'] {
    const from = after ?? '';
    const end = this.#end.get(from)?.id ?? null;
    const rows = this.#page.all(from, end ?? LAST, ...columns(filter), limit);
    const entries = rows.map(head => this.#reader.entry(head)).filter(entry => isMeant(entry, filter));
    return { entries, next: rows.length === limit ? (rows.at(-1)?.id ?? null) : end };
  }
}

/** The parameters of `MEANT`, in their order. */
function columns(filter: QueueFilter): readonly (string | number | null)[] {
  const { sender, recipient, destination, states, receivedBefore, receivedAfter, reason } = filter;
  const said = reason === undefined ? null : like(reason);
  const asks = destination !== undefined || states !== undefined || said !== null;
  return [
    receivedBefore?.getTime() ?? Number.MAX_SAFE_INTEGER,
    receivedAfter?.getTime() ?? -1,
    sender === undefined ? null : written(sender, 'sender'),
    recipient === undefined ? null : written(recipient, 'recipient'),
    Number(asks),
    destination ?? null,
    states?.join(' ') ?? null,
    said,
  ];
}

/** What stands in the record of each mail that a pattern may mean. */
function written(pattern: AddressPattern, whose: 'sender' | 'recipient'): string | null {
  switch (pattern.kind) {
    case 'any':
      return null;
    case 'null':
      return whose === 'sender' ? '"reversePath":null' : null;
    case 'domain':
      return pattern.subdomains ? `.${pattern.domain}"` : `"domain":"${pattern.domain}"`;
    case 'mailbox':
      return `"domain":"${pattern.mailbox.domain}"`;
    default:
      return pattern satisfies never;
  }
}

/**
 * The longest word alone: code, status and text of a reply lie apart. SQLite ignores the case of ASCII only, and JSON escapes
 * some of it: other words are looked for later.
 */
function like(reason: string): string | null {
  const words = reason.split(/\s+/).filter(word => /^[!#-[\]-~]+$/.test(word));
  const longest = words.reduce((best, word) => (word.length > best.length ? word : best), '');
  return longest === '' ? null : `%${longest.replaceAll(/[%_]/g, found => `\\${found}`)}%`;
}
