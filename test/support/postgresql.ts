/** A PostgreSQL server of its own for the tests of a file, in a folder that is removed after them. */
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll } from 'vitest';
import type { TestCertificate } from './certificate.ts';
import { otherUser } from './other-user.ts';
import { freePort, run, start } from './program.ts';
import { folderForAll } from './temp-folder.ts';
import { until } from './until.ts';

const RELEASES = '/usr/lib/postgresql';

/** The newest release's program of that name, which Debian keeps out of the path. */
export function postgresqlProgram(name: string): string {
  const releases = existsSync(RELEASES) ? readdirSync(RELEASES) : [];
  const [newest = ''] = [...releases].sort((a, b) => Number(b) - Number(a));
  return join(RELEASES, newest, 'bin', name);
}

export interface TestPostgresql {
  readonly port: number;
  /** The folder of its Unix socket. */
  readonly socket: string;
  /** Runs SQL as the owner of everything. */
  sql(text: string): Promise<readonly unknown[]>;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Who may connect: `mailframe` with a password, `secure` over TLS without one, `owner` on the socket. */
const CLIENTS = `local all all trust
host all mailframe 127.0.0.1/32 scram-sha-256
hostssl all secure 127.0.0.1/32 trust
`;

/** Makes the server before the first test and ends it after the last one. `sql` is run once it is there. */
export function postgresqlForAll(certificate: TestCertificate, sql: string): () => TestPostgresql {
  const folder = folderForAll();
  let server: TestPostgresql | null = null;
  beforeAll(async () => {
    server = await made(folder(), certificate);
    await server.start();
    await server.sql(sql);
  }, 60_000);
  afterAll(() => server?.stop());
  return () => {
    if (server === null) throw new Error('there is no server before the first test');
    return server;
  };
}

async function made(folder: string, { cert, key }: TestCertificate): Promise<TestPostgresql> {
  const user = otherUser('postgres');
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  user.give(folder);
  user.give(data);
  const asked = ['-D', data, '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  const ended = await run(...user.command(postgresqlProgram('initdb'), asked), { timeout: 60_000, cwd: folder });
  if (ended.code !== 0) throw new Error(`initdb: ${ended.stdout}${ended.stderr}`);
  await writeFile(join(data, 'pg_hba.conf'), CLIENTS);
  for (const [name, pem] of [
    ['server.crt', cert],
    ['server.key', key],
  ] as const) {
    await writeFile(join(data, name), pem, { mode: 0o600 });
    user.give(join(data, name));
  }
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'fsync=off', 'ssl=on'];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap(one => ['-c', one])];
  const sql = async (text: string) => {
    const client = new Client({ host: folder, port, user: 'owner', database: 'postgres' });
    await client.connect();
    try {
      const { rows } = await client.query<Record<string, unknown>>(text);
      return rows ?? [];
    } finally {
      await client.end();
    }
  };
  let program: ReturnType<typeof start> | null = null;
  return {
    port,
    socket: folder,
    sql,
    async start() {
      program = start(...user.command(postgresqlProgram('postgres'), args), { cwd: folder });
      // It listens before it is ready.
      await until(() => sql('SELECT 1'));
    },
    async stop() {
      if (program === null) return;
      const closed = once(program.child, 'close');
      // Fast: it ends its connections and does not wait for its clients.
      program.end('SIGINT');
      program = null;
      await closed;
    },
  };
}
