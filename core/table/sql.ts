/**
 * Finds the placeholders of an SQL query.
 *
 * Guarantee (SQL injection): a key never becomes part of the query's text. The text is fixed when the configuration is
 * read; the database is given the parts of the key beside it, as values.
 */
import { faultOf, PLACEHOLDERS, type Placeholder } from './placeholders.ts';

/** A query as a database wants it. */
export interface SqlQuery {
  /** With `$1`, `$2` and so on in the place of the names; in SQLite `?1`, `?2`. */
  readonly text: string;
  /** What `$1`, `$2` and so on stand for, each once. */
  readonly names: readonly Placeholder[];
}

/** A query, or what is wrong with it. */
export type ReadSql =
  | { readonly kind: 'query'; readonly query: SqlQuery }
  | { readonly kind: 'faulty'; readonly message: string };

/**
 * Pieces of SQL in which a colon means nothing of ours: texts, names in quotes, comments, and `::type`. Then names behind a
 * colon, and what ends a statement.
 */
const PIECES = new RegExp(
  [
    String.raw`\bE'(?:[^'\\]|\\.|'')*'`,
    `'(?:[^']|'')*'`,
    `"(?:[^"]|"")*"`,
    String.raw`(?<tag>\$(?:[A-Za-z_]\w*)?\$).*?\k<tag>`,
    String.raw`--[^\n]*`,
    String.raw`/\*.*?\*/`,
    '::',
    String.raw`:(?<name>[A-Za-z_]\w*)`,
    '(?<end>;)',
  ].join('|'),
  'gis',
);

/** How a database marks the first of its values. */
export type Mark = '$' | '?';

export function readSql(written: string, mark: Mark): ReadSql {
  const names: Placeholder[] = [];
  let text = '';
  let done = 0;
  for (const match of written.matchAll(PIECES)) {
    const { name, end } = match.groups ?? {};
    if (end !== undefined && written.slice(match.index + 1).trim() !== '') {
      return { kind: 'faulty', message: 'holds more than one statement: one query is expected' };
    }
    if (name === undefined) continue;
    const fault = faultOf(name);
    if (fault !== null) return { kind: 'faulty', message: fault };
    const known = name as Placeholder;
    if (!names.includes(known)) names.push(known);
    text += `${written.slice(done, match.index)}${mark}${names.indexOf(known) + 1}`;
    done = match.index + match[0].length;
  }
  if (names.length === 0) {
    const wanted = PLACEHOLDERS.map(one => `:${one}`).join(', ');
    return { kind: 'faulty', message: `has no placeholder, so every key would have the same answer: use ${wanted}` };
  }
  return { kind: 'query', query: { text: text + written.slice(done), names } };
}

/** The query of a configuration that has been checked. */
export function sqlOf(written: string, mark: Mark): SqlQuery {
  const read = readSql(written, mark);
  if (read.kind === 'faulty') throw new RangeError(read.message);
  return read.query;
}
