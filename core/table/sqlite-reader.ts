/** A database that is read with one query. Where its file was replaced by another one, that is opened. */
import { statSync } from 'node:fs';
import { DatabaseSync, type SQLOutputValue, type StatementSync } from 'node:sqlite';
import type { SqliteOptions } from './sqlite-protocol.ts';

/** How often the file is looked at, in milliseconds. */
const INTERVAL = 1000;

/** The database cannot be opened, whatever is asked. */
export class NotOpen extends Error {
  override readonly name = 'NotOpen';
}

interface Open {
  readonly database: DatabaseSync;
  readonly statement: StatementSync;
  readonly identity: string;
}

export class SqliteReader {
  readonly #options: SqliteOptions;
  #open: Open | null = null;
  #lookedAt = 0;

  constructor(options: SqliteOptions) {
    this.#options = options;
  }

  /**
   * Every column of every row, as text; those that are NULL are left out.
   * @throws NotOpen, or what SQLite says of the query
   */
  read(values: readonly string[]): readonly string[] {
    const { statement } = this.#current();
    const found: string[] = [];
    for (const row of statement.iterate(...values) as Iterable<unknown>) {
      for (const value of row as SQLOutputValue[]) if (value !== null) found.push(textOf(value));
      // One more than the most tells whoever counts them that there are too many.
      if (found.length > this.#options.mostValues) break;
    }
    return found;
  }

  /** Whether the query gives rows: one that does not would change the database, and be refused when it is asked. */
  givesRows(): boolean {
    return this.#current().statement.columns().length > 0;
  }

  close(): void {
    this.#open?.database.close();
    this.#open = null;
  }

  #current(): Open {
    const now = performance.now();
    if (this.#open !== null && now - this.#lookedAt < INTERVAL) return this.#open;
    this.#lookedAt = now;
    const { path, patience, text } = this.#options;
    const identity = orNotOpen(() => identityOf(path));
    if (this.#open?.identity === identity) return this.#open;
    const database = orNotOpen(() => opened(path, patience));
    try {
      const statement = database.prepare(text);
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      this.close();
      this.#open = { database, statement, identity };
      return this.#open;
    } catch (error) {
      database.close();
      throw error;
    }
  }
}

/** A database that has been looked into: a file is only found to be none when it is read. */
function opened(path: string, patience: number): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: true, timeout: patience });
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function orNotOpen<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw new NotOpen(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev} ${ino}`;
}

function textOf(value: Exclude<SQLOutputValue, null>): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value);
}
