import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { Table } from '../../../core/plugin/table.ts';
import { systemClock } from '../../../core/system/clock.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { aTable, complaintsAbout, lookup, valuesOf } from './tables.ts';

const QUERY = 'SELECT target, extra FROM aliases WHERE address = lower(:key) ORDER BY rowid';

function database(path: string, rows: readonly (readonly (string | number | null)[])[]): void {
  const made = new DatabaseSync(path);
  made.exec('CREATE TABLE aliases (address TEXT, target ANY, extra ANY) STRICT');
  const insert = made.prepare('INSERT INTO aliases VALUES (?, ?, ?)');
  for (const row of rows) insert.run(...row);
  made.close();
}

const ROWS = [
  ['ann@example.test', 'ann', null],
  ['all@example.test', 'ann', 'bob'],
  ['all@example.test', 'carl', null],
  ['number@example.test', 9_007_199_254_740_991, 1.5],
  ['empty@example.test', null, null],
] as const;

async function folderWith(rows: readonly (readonly (string | number | null)[])[] = ROWS) {
  const folder = await tempFolder();
  database(join(folder, 'users.db'), rows);
  return { folder, world: { clock: systemClock, files: systemFiles(folder), log: recordingLog() } };
}

async function sqliteTable(query = QUERY, more: object = {}): Promise<Table> {
  const { world } = await folderWith();
  return aTable({ sqlite: { database: './users.db', query }, ...more }, world);
}

describe('sqlite', () => {
  test('every column of every row is a value, in their order; NULL is none', async () => {
    const table = await sqliteTable();
    expect(await lookup(table, 'ANN@example.test')).toEqual({ values: ['ann'], source: 'sqlite:./users.db' });
    expect(await valuesOf(table, 'all@example.test')).toEqual(['ann', 'bob', 'carl']);
    expect(await valuesOf(table, 'number@example.test')).toEqual(['9007199254740991', '1.5']);
    expect(await lookup(table, 'empty@example.test')).toBeNull();
    expect(await lookup(table, 'nobody@example.test')).toBeNull();
  });

  test('the parts of the key are at hand, and a part that is not there is not asked for', async () => {
    const table = await sqliteTable("SELECT :local || ' at ' || :domain");
    expect(await valuesOf(table, 'a@b@example.test')).toEqual(['a@b at example.test']);
    expect(await lookup(table, '@example.test')).toBeNull();
    expect(await lookup(table, 'ann')).toBeNull();
    const local = await sqliteTable('SELECT :local');
    expect(await valuesOf(local, 'ann')).toEqual(['ann']);
  });

  test('SQL injection: a key is a value, whatever is in it', async () => {
    const table = await sqliteTable('SELECT target FROM aliases WHERE address = :key');
    for (const key of ["' OR '1'='1", "ann@example.test'; DROP TABLE aliases; --", 'x" OR 1=1 --', '%', '\u0000']) {
      expect(await lookup(table, key)).toBeNull();
    }
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']);
  });

  test('changes hold at once, also when the file is replaced by another one', async () => {
    const { folder, world } = await folderWith();
    const table = await aTable({ sqlite: { database: './users.db', query: QUERY }, cache: 'off' }, world);
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']);
    const writer = new DatabaseSync(join(folder, 'users.db'));
    writer.exec("UPDATE aliases SET target = 'anne' WHERE target = 'ann'");
    writer.close();
    expect(await valuesOf(table, 'ann@example.test')).toEqual(['anne']);
    database(join(folder, 'next.db'), [['ann@example.test', 'hanna', null]]);
    await rename(join(folder, 'next.db'), join(folder, 'users.db'));
    await until(async () => expect(await valuesOf(table, 'ann@example.test')).toEqual(['hanna']));
  });

  test('the database cannot be written to', async () => {
    const table = await sqliteTable("UPDATE aliases SET target = 'x' WHERE address = :key RETURNING target");
    await expect(lookup(table, 'ann@example.test')).rejects.toThrow('attempt to write a readonly database');
  });

  test('a query that goes wrong, or gives too much, is no answer', async () => {
    const broken = await sqliteTable("SELECT json_extract(:key, '$')");
    await expect(lookup(broken, '{')).rejects.toThrow('sqlite:./users.db cannot be asked: malformed JSON');
    const endless = await sqliteTable(
      'WITH RECURSIVE n(i) AS (SELECT :key UNION ALL SELECT i + 1 FROM n) SELECT i FROM n',
    );
    await expect(lookup(endless, '1')).rejects.toThrow('the answer has more than 100000 values');
  });

  test('a database that is not there is no answer, and holds as soon as it is', async () => {
    const folder = await tempFolder();
    const world = { clock: systemClock, files: systemFiles(folder), log: recordingLog() };
    const table = await aTable({ sqlite: { database: './users.db', query: QUERY } }, world);
    await expect(lookup(table, 'ann@example.test')).rejects.toThrow(/^sqlite:\.\/users\.db cannot be asked: .*ENOENT/);
    database(join(folder, 'users.db'), ROWS);
    await until(async () => expect(await valuesOf(table, 'ann@example.test')).toEqual(['ann']));
  });

  test('a check names what is wrong with the database and with the query', async () => {
    const { folder, world } = await folderWith();
    await writeFile(join(folder, 'text.db'), 'this is not a database, although it is long enough to be one\n');
    await mkdir(join(folder, 'folder.db'));
    const about = (name: string, query: string) => complaintsAbout({ sqlite: { database: name, query } }, world);
    expect(await about('./users.db', QUERY)).toEqual([]);
    expect(await about('./users.db', 'SELECT targett FROM aliases WHERE address = :key')).toEqual([
      'table.sqlite.query: no such column: targett',
    ]);
    expect(await about('./users.db', 'DELETE FROM aliases WHERE address = :key')).toEqual([
      'table.sqlite.query: gives no rows: a SELECT is expected',
    ]);
    expect(await about('./users.db', 'SELECT :keys')).toEqual([
      'table.sqlite.query: there is no placeholder ":keys"; did you mean "key"?',
    ]);
    expect(await about('./missing.db', QUERY)).toEqual([expect.stringMatching(/^table\.sqlite\.database: .*ENOENT/)]);
    expect(await about('./text.db', QUERY)).toEqual(['table.sqlite.database: file is not a database']);
    expect(await about('./folder.db', QUERY)).toEqual(['table.sqlite.database: disk I/O error']);
  });

  test('a query that takes long holds up nobody but those who ask this table', async () => {
    const slow = await sqliteTable(
      'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n WHERE :key > 0',
      { timeout: '1 min' },
    );
    let turns = 0;
    const counting = setInterval(() => void turns++, 1);
    expect(await valuesOf(slow, '1')).toEqual(['3000000']);
    clearInterval(counting);
    expect(turns).toBeGreaterThan(5);
  });
});
