/** The kind `postgresql`: a query to a PostgreSQL server, over a pool of connections. */
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import type { Pool, PoolConfig } from 'pg';
import { describeError } from '../mail/failure.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';
import type { Files } from '../plugin/ports.ts';
import type { Entry } from '../plugin/table.ts';
import type { TableOptions } from '../plugin/table-setting.ts';
import { type Asking, onceMore, Unreachable } from './asking.ts';
import { authoritiesIn, checkAuthorities } from './certificate-authorities.ts';
import { optional, packageComplaint } from './optional-package.ts';
import { partsOf, valuesFor } from './placeholders.ts';
import { readSql, type SqlQuery, sqlOf } from './sql.ts';
import { entryOf } from './values.ts';

type Options = TableOptions<'postgresql'>;

const load = () => optional('pg', () => import('pg'));

export class PostgresqlTable implements Asking {
  readonly name: string;
  readonly #options: Options;
  readonly #query: SqlQuery;
  readonly #files: Files;
  readonly #timeout: number;
  #pool: Promise<Pool> | null = null;

  constructor(options: Options, files: Files, timeout: number) {
    this.name = `postgresql:${options.database}@${options.host}`;
    this.#options = options;
    this.#query = sqlOf(options.query, '$');
    this.#files = files;
    this.#timeout = timeout;
  }

  async ask(key: string, signal: AbortSignal): Promise<Entry | null> {
    const values = valuesFor(this.#query.names, partsOf(key));
    if (values === null) return null;
    return entryOf(await onceMore(() => this.#read(values, signal)), this.name);
  }

  async close(): Promise<void> {
    await (await this.#pool?.catch(() => null))?.end();
  }

  async #read(values: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const client = await (await this.#connected()).connect().catch(unreachable);
    if (signal.aborted) {
      client.release();
      throw signal.reason;
    }
    let isHeld = true;
    const release = (broken: boolean) => {
      if (isHeld) client.release(broken);
      isHeld = false;
    };
    // The answer of a query that nobody waits for would hold up the next one.
    const abort = () => release(true);
    signal.addEventListener('abort', abort, { once: true });
    try {
      const { rows } = await client.query<(string | null)[]>({
        text: this.#query.text,
        values: [...values],
        rowMode: 'array',
      });
      release(signal.aborted);
      return rows.flat().flatMap(value => value ?? []);
    } catch (error) {
      const lost = isLost(error);
      release(lost);
      throw lost ? new Unreachable(describeError(error), { cause: error, isStale: true }) : error;
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  #connected(): Promise<Pool> {
    this.#pool ??= this.#open().catch((error: unknown) => {
      this.#pool = null;
      throw error;
    });
    return this.#pool;
  }

  async #open(): Promise<Pool> {
    const { Pool } = await load();
    const { tls, host, port, database, user, password, connections, idle } = this.#options;
    const config: PoolConfig = {
      host: host.includes('/') ? this.#files.resolve(host) : host,
      port,
      database,
      user,
      ...(password === undefined ? {} : { password: () => password.reveal() }),
      ssl: await sslOf(tls, this.#files),
      max: connections,
      idleTimeoutMillis: idle,
      connectionTimeoutMillis: this.#timeout,
      // The server gives up when we do.
      statement_timeout: this.#timeout,
      application_name: 'mailframe',
      keepAlive: true,
      allowExitOnIdle: true,
      types: AS_TEXT,
    };
    const pool = new Pool(config);
    // A connection that ends leaves the pool by itself, and its query, if it has one, says so. Unheard, these would end
    // the process.
    pool.on('error', () => undefined);
    pool.on('connect', client => void client.on('error', () => undefined));
    return pool;
  }
}

/** What is wrong with the options that no schema sees. */
export async function checkPostgresql(
  { query, tls: { ca } }: Options,
  files: Files,
  path: OptionComplaint['path'],
): Promise<readonly OptionComplaint[]> {
  const read = readSql(query, '$');
  return [
    ...(read.kind === 'faulty' ? [{ path: [...path, 'query'], message: read.message }] : []),
    ...(await checkAuthorities(ca, files, [...path, 'tls', 'ca'])),
    ...(await load().then(
      () => [],
      (error: unknown) => packageComplaint(error, path),
    )),
  ];
}

/** Values as the server writes them, whatever their type. */
const AS_TEXT = { getTypeParser: () => (value: unknown) => value };

async function sslOf({ mode, ca, serverName }: Options['tls'], files: Files): Promise<false | ConnectionOptions> {
  if (mode === 'off') return false;
  if (mode === 'required') return { rejectUnauthorized: false };
  // The package always tells the server the name of the host.
  const named = serverName === null ? {} : { checkServerIdentity: checkName(serverName) };
  return { ...(await authoritiesIn(ca, files)), ...named };
}

function checkName(serverName: string): NonNullable<ConnectionOptions['checkServerIdentity']> {
  return (_, certificate) => checkServerIdentity(serverName, certificate);
}

function unreachable(error: unknown): never {
  throw new Unreachable(describeError(error), { cause: error });
}

/** Whether the connection is gone. A server that says what is wrong with a query is there. */
function isLost(error: unknown): boolean {
  if (!(error instanceof Error) || !('severity' in error)) return true;
  const code = 'code' in error ? String(error.code) : '';
  // Connection exceptions, too few resources, and a server that shuts down.
  return /^(08|53|57P)/.test(code);
}
