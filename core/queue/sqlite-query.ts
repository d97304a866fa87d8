/** SQL statements with typed rows, and SQLite's errors with the codes that the rest of the house knows. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { describeError } from '../mail/failure.ts';
import type { Trouble } from './sqlite-protocol.ts';

/** A prepared statement. `Row` says what its columns are: the SQL beside it is the proof. */
export interface Query<Row> {
  get(...values: readonly SQLInputValue[]): Row | undefined;
  all(...values: readonly SQLInputValue[]): readonly Row[];
  /** One after the other: for many. */
  iterate(...values: readonly SQLInputValue[]): Iterable<Row>;
  /** @returns how many rows were changed. */
  run(...values: readonly SQLInputValue[]): number;
}

/** Prepares a statement. */
export function query<Row = never>(database: DatabaseSync, sql: string): Query<Row> {
  const statement = database.prepare(sql);
  return {
    get: (...values) => statement.get(...values) as Row | undefined,
    all: (...values) => statement.all(...values) as unknown as readonly Row[],
    iterate: (...values) => statement.iterate(...values) as unknown as Iterable<Row>,
    run: (...values) => Number(statement.run(...values).changes),
  };
}

/** The names of SQLite's primary result codes that an operator can do something about. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [5, 'SQLITE_BUSY'],
  [8, 'SQLITE_READONLY'],
  [10, 'SQLITE_IOERR'],
  [11, 'SQLITE_CORRUPT'],
  [13, 'SQLITE_FULL'],
  [14, 'SQLITE_CANTOPEN'],
  [19, 'SQLITE_CONSTRAINT'],
  [26, 'SQLITE_NOTADB'],
]);
/** The shared-memory file of the log could not grow: what a full disk looks like from there. */
const IOERR_SHMSIZE = 4874;

/** Any thrown value as it is told across the thread boundary. Node's own `code` for SQLite says only "SQLite". */
export function troubleOf(error: unknown): Trouble {
  const message = describeError(error);
  if (typeof error !== 'object' || error === null) return { message, code: null };
  if ('errcode' in error && typeof error.errcode === 'number') {
    const code = error.errcode === IOERR_SHMSIZE ? 'SQLITE_FULL' : (NAMES.get(error.errcode & 0xff) ?? 'SQLITE_ERROR');
    // The disk's own words are lost in SQLite; the number says at least what it was about.
    return { message: code === 'SQLITE_IOERR' ? `${message} (SQLite ${error.errcode})` : message, code };
  }
  return { message, code: 'code' in error && typeof error.code === 'string' ? error.code : null };
}
