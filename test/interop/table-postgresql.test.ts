/** Tables in PostgreSQL, asked of the real one. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Secret } from '../../core/plugin/secret.ts';
import { systemClock } from '../../core/system/clock.ts';
import { systemFiles } from '../../core/system/files.ts';
import { ManualClock } from '../../core/testing/manual-clock.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { aTable, lookup, valuesOf } from '../core/table/tables.ts';
import { selfSigned } from '../support/certificate.ts';
import { droppingProxy } from '../support/dropping-proxy.ts';
import { describeWithProgram } from '../support/external.ts';
import { postgresqlForAll, postgresqlProgram } from '../support/postgresql.ts';
import { until } from '../support/until.ts';

const PASSWORD = "correct horse 'battery'";

const SQL = `
CREATE ROLE mailframe LOGIN PASSWORD 'correct horse ''battery''';
CREATE ROLE secure LOGIN;
CREATE TABLE aliases (id serial, address text, target text, extra text, many text[]);
INSERT INTO aliases (address, target, extra, many) VALUES
  ('ann@example.test', 'ann', NULL, NULL),
  ('all@example.test', 'ann', 'bob', NULL), ('all@example.test', 'carl', NULL, NULL),
  ('jörg@example.test', 'jörg', NULL, NULL),
  ('list@example.test', NULL, NULL, '{a,b}');
GRANT SELECT ON aliases TO mailframe, secure;
`;

const QUERY = 'SELECT target, extra FROM aliases WHERE address = lower(:key) ORDER BY id';

describeWithProgram(postgresqlProgram('initdb'), 'tables in PostgreSQL', () => {
  const certificate = selfSigned('localhost');
  const server = postgresqlForAll(certificate, SQL);

  const settings = (changes: object = {}) => ({
    postgresql: {
      host: '127.0.0.1',
      port: server().port,
      database: 'postgres',
      user: 'mailframe',
      password: new Secret(PASSWORD),
      query: QUERY,
      ...changes,
    },
    cache: 'off',
  });

  const world = () => ({ clock: systemClock, files: systemFiles(server().socket), log: recordingLog() });
  const postgresql = (changes: object = {}, more: object = {}) => aTable({ ...settings(changes), ...more }, world());

  test('every column of every row is a value, in their order; NULL is none', async () => {
    const table = await postgresql();
    const source = 'postgresql:postgres@127.0.0.1';
    expect(await lookup(table, 'ANN@example.test')).toEqual({ values: ['ann'], source });
    expect(await valuesOf(table, 'all@example.test')).toEqual(['ann', 'bob', 'carl']);
    expect(await valuesOf(table, 'jörg@example.test')).toEqual(['jörg']);
    expect(await lookup(table, 'nobody@example.test')).toBeNull();
  });

  test('values are text, whatever their type', async () => {
    const types = await postgresql({
      query: 'SELECT 9007199254740993::int8, true, 1.50::numeric, \'{"a":1}\'::json, :key',
    });
    expect(await valuesOf(types, 'x')).toEqual(['9007199254740993', 't', '1.50', '{"a":1}', 'x']);
    const array = await postgresql({ query: 'SELECT unnest(many) FROM aliases WHERE address = :key' });
    expect(await valuesOf(array, 'list@example.test')).toEqual(['a', 'b']);
  });

  test('a part that the key does not have is not asked for', async () => {
    const table = await postgresql({ query: 'SELECT :local::text, :domain::text, :local::text' });
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann', 'example.test', 'ann']);
    expect(await lookup(table, 'ann')).toBeNull();
    expect(await lookup(table, '@example.test')).toBeNull();
  });

  test('SQL injection: a key is a value, whatever is in it', async () => {
    const table = await postgresql();
    for (const key of ["' OR '1'='1", "x'; DROP TABLE aliases; --", '$1', '\\', '%', "E'\\''"]) {
      expect(await lookup(table, key)).toBeNull();
    }
    // PostgreSQL has no text with NUL in it, and says so.
    await expect(lookup(table, '\u0000')).rejects.toThrow('invalid byte sequence');
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']);
  });

  test('a query that goes wrong is no answer', async () => {
    const table = await postgresql({ query: 'SELECT missing FROM aliases WHERE address = :key' });
    await expect(lookup(table, 'x')).rejects.toThrow('cannot be asked: column "missing" does not exist');
    const writing = await postgresql({ query: 'DELETE FROM aliases WHERE address = :key' });
    await expect(lookup(writing, 'x')).rejects.toThrow('permission denied');
  });

  test('a wrong password is no answer, and stands in no message', async () => {
    const table = await postgresql({ password: new Secret('wrong-horse') });
    const said = await lookup(table, 'x').then(
      () => 'an answer',
      (error: unknown) => String(error),
    );
    expect(said).toContain('password authentication failed for user "mailframe"');
    expect(said).not.toContain('wrong-horse');
  });

  test('a connection over the Unix socket', async () => {
    const table = await postgresql({ host: server().socket, password: undefined });
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']);
    const relative = await postgresql({ host: './', password: undefined });
    expect(await valuesOf(relative, 'ann@example.test')).toEqual(['ann']);
  });

  test('no more connections than allowed, however many look-ups', async () => {
    const query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mailframe' AND :key <> ''";
    const table = await postgresql({
      host: server().socket,
      user: 'owner',
      password: undefined,
      query,
      connections: 2,
    });
    await until(async () => {
      const open = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'mailframe'";
      expect(await server().sql(open)).toEqual([]);
    });
    const counts = await Promise.all(Array.from({ length: 30 }, (_, index) => valuesOf(table, `key ${index}`)));
    expect(Math.max(...counts.map(values => Number(values?.[0])))).toBe(2);
  });

  test('a query that takes too long is ended at the server too', async () => {
    const table = await postgresql(
      { query: 'SELECT pg_sleep(60)::text, :key::text', connections: 1 },
      { timeout: '300 ms' },
    );
    await expect(lookup(table, 'x')).rejects.toThrow(/no answer within 300 ms|statement timeout/);
    await until(async () => expect(await server().sql(sleeping)).toEqual([]));
  });

  test('a connection on which nobody waits for the answer holds up nobody', async () => {
    const clock = new ManualClock();
    const query = "SELECT CASE WHEN :key = 'slow' THEN pg_sleep(60)::text ELSE 'quick' END";
    const table = await aTable({ ...settings({ query, connections: 1 }), timeout: '1 min' }, { ...world(), clock });
    expect(await valuesOf(table, 'x')).toEqual(['quick']);
    const slow = expect(lookup(table, 'slow')).rejects.toThrow('no answer within 1 min');
    await until(async () => expect(await server().sql(sleeping)).toHaveLength(1));
    await clock.advance(60_000);
    await slow;
    expect(await valuesOf(table, 'x')).toEqual(['quick']);
  });

  test('a connection that is lost on the way is replaced, and the question asked again', async () => {
    const proxy = await droppingProxy(server().port);
    const table = await postgresql({ port: proxy.port });
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']);
    proxy.dropAt(1);
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']);
    expect(proxy.connections).toBe(2);
  });

  test('a server that was started again is asked again, and one that is away is no answer', async () => {
    const clock = new ManualClock();
    const at = { ...world(), clock };
    const table = await aTable(settings(), at);
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']);
    await server().stop();
    await server().start();
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']);
    await server().stop();
    await expect(lookup(table, 'ann@example.test')).rejects.toThrow(/cannot be asked: .*(ECONNREFUSED|terminat)/);
    await server().start();
    await clock.advance(60_000);
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']);
    expect(at.log.lines.map(({ event }) => event)).toEqual(['troubled', 'recovered']);
  });

  /** The queries of tables that sleep at this moment. */
  const sleeping = `SELECT 1 FROM pg_stat_activity
    WHERE state = 'active' AND application_name = 'mailframe' AND query LIKE '%pg_sleep%'`;

  const secure = (tls: unknown, host = '127.0.0.1') => postgresql({ user: 'secure', password: undefined, tls, host });

  test('TLS: the server must be who it says it is', async () => {
    await writeFile(join(server().socket, 'ca.pem'), certificate.cert);
    for (const table of [
      await secure('required'),
      await secure({ ca: './ca.pem' }, 'localhost'),
      await secure({ ca: './ca.pem', serverName: 'localhost' }),
    ]) {
      expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']);
    }
    const refused = async (tls: unknown, cause: RegExp) =>
      expect(lookup(await secure(tls), 'x')).rejects.toThrow(cause);
    await refused('off', /no encryption|pg_hba/);
    await refused('verify', /self-signed certificate/);
    await refused({ ca: './ca.pem' }, /127\.0\.0\.1/);
    await refused({ ca: './ca.pem', serverName: 'db.example.test' }, /db\.example\.test/);
    await refused({ ca: './missing.pem' }, /missing\.pem cannot be read/);
  });
});
