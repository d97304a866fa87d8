/** Opens tables: for each kind the one that answers, behind what all have in common. */
import { checkTable, FileTable, type FileTableSource } from '../plugin/file-table.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';
import type { Clock, Files, Log } from '../plugin/ports.ts';
import type { Table, Tables } from '../plugin/table.ts';
import type { TableOptions, TableSetting, TableSource } from '../plugin/table-setting.ts';
import { AskedTable } from './asked-table.ts';
import { checkHttp, HttpTable } from './http-table.ts';
import { type KeyedEntries, parseKeyedLines } from './keyed-lines.ts';
import { checkLdap, LdapTable } from './ldap-table.ts';
import { localTable } from './local-table.ts';
import { checkMap, mapTable } from './map-table.ts';
import { checkPostgresql, PostgresqlTable } from './postgresql-table.ts';
import type { PatternSource } from './regexp-table.ts';
import { checkSqlite, SqliteTable } from './sqlite-table.ts';

/** What tables need. */
export interface TableServices {
  readonly files: Files;
  readonly clock: Clock;
}

type Logged = TableServices & { readonly log: Log };

/** The tables of this machine. */
export function openTables(services: TableServices): Tables {
  return {
    open: (setting, log) => openTable(setting, { ...services, log }),
    check: ({ source }, path) => check(source, [...path, source.kind], services),
  };
}

function openTable(setting: TableSetting, services: Logged): Table {
  const { source, timeout, concurrency } = setting;
  const { kind, options } = source;
  const { files } = services;
  switch (kind) {
    case 'map':
      return mapTable(options);
    case 'file': {
      const file = new FileTable(keyedFile(options), services);
      return localTable({ name: options, entries: 'keys', current: () => file.current(), find: findKey });
    }
    case 'regexp':
      return regexpTable(options, services);
    case 'sqlite':
      return new AskedTable(new SqliteTable(options, files, timeout), setting, services);
    case 'postgresql': {
      // Who waits for a connection would wait for a turn twice.
      const turns = { ...setting, concurrency: Math.min(concurrency, options.connections) };
      return new AskedTable(new PostgresqlTable(options, files, timeout), turns, services);
    }
    case 'ldap':
      return new AskedTable(new LdapTable(options, files, timeout), setting, services);
    case 'http':
      return new AskedTable(new HttpTable(options, files), setting, services);
  }
}

async function check(
  { kind, options }: TableSource,
  path: OptionComplaint['path'],
  { files }: TableServices,
): Promise<readonly OptionComplaint[]> {
  switch (kind) {
    case 'map':
      return checkMap(options, path);
    case 'file':
      return checkTable(keyedFile(options), files, path);
    case 'regexp': {
      const { checkPatterns, patternFile } = await loadPatterns();
      return typeof options === 'string' ? checkTable(patternFile(options), files, path) : checkPatterns(options, path);
    }
    case 'sqlite':
      return checkSqlite(options, files, path);
    case 'postgresql':
      return checkPostgresql(options, files, path);
    case 'ldap':
      return checkLdap(options, files, path);
    case 'http':
      return checkHttp(options, files, path);
  }
}

function keyedFile(file: string): FileTableSource<KeyedEntries> {
  return { paths: [file], parse: ([octets = Buffer.alloc(0)]) => parseKeyedLines(octets, file) };
}

const findKey = (entries: KeyedEntries, key: string) => entries.get(key.toLowerCase()) ?? null;

/** The matcher takes 30 ms to load: who has no patterns does not pay for it. */
const loadPatterns = () => import('./regexp-table.ts');

function regexpTable(options: TableOptions<'regexp'>, services: Logged): Table {
  let source: PatternSource | null = null;
  return localTable({
    name: typeof options === 'string' ? options : 'regexp',
    entries: 'patterns',
    current: () =>
      source?.current() ??
      loadPatterns().then(({ patternSource }) => {
        source ??= patternSource(options, services);
        return source.current();
      }),
    find: (find, key) => find(key),
  });
}
