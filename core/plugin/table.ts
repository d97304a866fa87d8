/**
 * Tables: what maps a key (an address, a domain, a user) to text, wherever it is kept: in the configuration, in a file, in
 * a database, behind a server.
 *
 * Guarantee: "there is no such key" and "nobody could say" cannot be mistaken for each other. The first is `null`, the
 * second an exception. Who catches that exception defers; a mailbox is never said not to exist because a server is down.
 */
import type { Awaitable } from './awaitable.ts';
import type { OptionComplaint } from './plugin.ts';
import type { Log } from './ports.ts';
import type { TableSetting } from './table-setting.ts';
import { token } from './token.ts';

/** What a table holds for a key. */
export interface Entry {
  /** As the table has them, in its order, and at least one. What they mean is for the reader to say. */
  readonly values: readonly [string, ...string[]];
  /** Where it was found, for people: `./aliases:12`, `sqlite:./users.db`, `ldap:uid=ann,dc=example,dc=test`. */
  readonly source: string;
}

/** A table that is open. */
export interface Table {
  /** Where its entries come from, for people: `./aliases`, `postgresql:mail@db.example.test`. No secret is in it. */
  readonly name: string;
  /**
   * `keys`: an entry belongs to one key, so that a reader may ask for shorter forms of an address as well. `patterns`: an
   * entry may match any text, so ask for the whole address alone: a pattern that is made for it would match most of the
   * shorter forms too.
   */
  readonly entries: 'keys' | 'patterns';
  /**
   * Looks a key up: at once where nobody has to be asked. `null`: there is no such key.
   * @throws TableUnavailable where the table cannot say
   */
  lookup(key: string, signal: AbortSignal): Awaitable<Entry | null>;
  /** Ends connections and threads. No look-up may follow. */
  close(): Promise<void>;
}

/** A table cannot say what it holds: a server is down or too slow, a file or an answer is broken. Defer with 451 4.3.0. */
export class TableUnavailable extends Error {
  override readonly name = 'TableUnavailable';
  /** The `name` of the table. */
  readonly table: string;

  /** `cause`: what happened, without the key and without secrets. */
  constructor(table: string, cause: string, options?: ErrorOptions) {
    super(`${table} cannot be asked: ${cause}`, options);
    this.table = table;
  }
}

/** Opens tables. */
export interface Tables {
  /**
   * A table as the options say. Nothing is read or connected before `start` or the first look-up.
   * @example
   * definePlugin({
   *   options: z.strictObject({ table: tableSetting() }),
   *   needs: { tables: TABLES, log: LOG },
   *   check: ({ options, tables }) => tables.check(options.table, ['table']),
   *   create({ options, tables, log }) {
   *     const table = tables.open(options.table, log);
   *     return { close: () => table.close(), rcpt: async (_, { signal }) => use(await table.lookup('ann', signal)) };
   *   },
   * });
   */
  open(setting: TableSetting, log: Log): Table;
  /**
   * What is wrong with what a setting refers to: a missing file, a pattern that is none, a package that is not there. No
   * server is asked. `path`: the option that holds the setting.
   */
  check(setting: TableSetting, path: OptionComplaint['path']): Awaitable<readonly OptionComplaint[]>;
}

export const TABLES = token<Tables>('tables');
