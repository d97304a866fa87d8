/** The kind `sqlite`: a query to a database file, which is only read, by a thread of its own. */
import { Worker } from 'node:worker_threads';
import { describeError } from '../mail/failure.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';
import type { Files } from '../plugin/ports.ts';
import type { Entry } from '../plugin/table.ts';
import type { TableOptions } from '../plugin/table-setting.ts';
import { type Asking, Unreachable } from './asking.ts';
import { partsOf, valuesFor } from './placeholders.ts';
import { readSql, type SqlQuery, sqlOf } from './sql.ts';
import type { SqliteAnswer, SqliteOptions, SqliteQuestion } from './sqlite-protocol.ts';
import { NotOpen, SqliteReader } from './sqlite-reader.ts';
import { entryOf, MOST_VALUES } from './values.ts';

type Options = TableOptions<'sqlite'>;

export class SqliteTable implements Asking {
  readonly name: string;
  readonly #query: SqlQuery;
  readonly #options: SqliteOptions;
  #thread: SqliteThread | null = null;

  constructor({ database, query }: Options, files: Files, timeout: number) {
    this.name = `sqlite:${database}`;
    this.#query = sqlOf(query, '?');
    this.#options = readerOptions(files.resolve(database), this.#query, timeout);
  }

  async ask(key: string): Promise<Entry | null> {
    const values = valuesFor(this.#query.names, partsOf(key));
    if (values === null) return null;
    this.#thread ??= new SqliteThread(this.#options, () => {
      this.#thread = null;
    });
    const answer = await this.#thread.ask(values);
    switch (answer.kind) {
      case 'found':
        return entryOf(answer.values, this.name);
      case 'failed':
        throw new Error(answer.cause);
      case 'closed':
        throw new Unreachable(answer.cause);
    }
  }

  async close(): Promise<void> {
    await this.#thread?.close();
  }
}

/** What is wrong with the query, or with the database that it is for. */
export function checkSqlite(
  { database, query }: Options,
  files: Files,
  path: OptionComplaint['path'],
): readonly OptionComplaint[] {
  const read = readSql(query, '?');
  if (read.kind === 'faulty') return [{ path: [...path, 'query'], message: read.message }];
  const reader = new SqliteReader(readerOptions(files.resolve(database), read.query, 1000));
  try {
    if (reader.givesRows()) return [];
    return [{ path: [...path, 'query'], message: 'gives no rows: a SELECT is expected' }];
  } catch (error) {
    const at = error instanceof NotOpen ? 'database' : 'query';
    return [{ path: [...path, at], message: describeError(error) }];
  } finally {
    reader.close();
  }
}

function readerOptions(path: string, { text }: SqlQuery, patience: number): SqliteOptions {
  return { path, text, patience, mostValues: MOST_VALUES };
}

interface Waiting {
  readonly resolve: (answer: SqliteAnswer) => void;
  readonly reject: (error: Error) => void;
}

class SqliteThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<void>;
  #asked = 0;

  /** `ended`: called when it takes no more questions. */
  constructor(options: SqliteOptions, ended: () => void) {
    // The compiler rewrites the endings of imports, not of this address: the thread's file ends as this one does.
    const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    this.#worker = new Worker(new URL(`./sqlite-thread${ending}`, import.meta.url), {
      name: 'sqlite-table',
      workerData: options,
      execArgv: [],
    });
    this.#worker.unref();
    this.#worker.on('message', (answer: SqliteAnswer) => this.#answered(answer));
    this.#worker.on('error', cause => this.#fail(describeError(cause)));
    this.#ended = new Promise(resolve => {
      this.#worker.once('exit', () => {
        ended();
        this.#fail('its thread has ended');
        resolve();
      });
    });
  }

  ask(values: readonly string[]): Promise<SqliteAnswer> {
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // A process whose last work this is must not end before it is answered.
      this.#worker.ref();
      this.#worker.postMessage({ id, values } satisfies SqliteQuestion, []);
    });
  }

  close(): Promise<void> {
    this.#worker.ref();
    this.#worker.postMessage('close', []);
    return this.#ended;
  }

  #answered(answer: SqliteAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    waiting?.resolve(answer);
  }

  #fail(cause: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Unreachable(cause));
    this.#waiting.clear();
  }
}
