/** Opens tables: for each kind the one that answers, behind what all have in common. */
import { checkTable, FileTable, type FileTableSource } from '../plugin/file-table.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';
import type { Clock, Files, Log } from '../plugin/ports.ts';
import { type Table, type Tables, TableUnavailable } from '../plugin/table.ts';
import type { TableSetting } from '../plugin/table-setting.ts';
import { type KeyedEntries, parseKeyedLines } from './keyed-lines.ts';
import { type LocalSource, localTable } from './local-table.ts';
import { checkMap, mapTable } from './map-table.ts';
import { applyRules } from './regexp-rules.ts';
import { checkPatterns, patternFile, patternsIn } from './regexp-table.ts';

/** What tables need. */
export interface TableServices {
  readonly files: Files;
  readonly clock: Clock;
}

/** The tables of this machine. */
export function openTables(services: TableServices): Tables {
  return {
    open: (setting, log) => openTable(setting, { ...services, log }),
    check: ({ source }, path) => check(source, [...path, source.kind], services),
  };
}

function openTable(
  { source: { kind, options } }: TableSetting,
  services: TableServices & { readonly log: Log },
): Table {
  switch (kind) {
    case 'map':
      return mapTable(options);
    case 'file':
      return fileTable(keyedFile(options), { entries: 'keys', find: findKey }, services);
    case 'regexp': {
      if (typeof options === 'string') {
        return fileTable(patternFile(options), { entries: 'patterns', find: applyRules }, services);
      }
      const { rules } = patternsIn(options);
      return localTable({ name: 'regexp', entries: 'patterns', current: () => rules, find: applyRules });
    }
    case 'sqlite':
    case 'postgresql':
    case 'ldap':
    case 'http':
      return {
        name: kind,
        entries: 'keys',
        lookup: () => Promise.reject(new TableUnavailable(kind, 'this kind is not there yet')),
        close: () => Promise.resolve(),
      };
  }
}

function check(
  { kind, options }: TableSetting['source'],
  path: OptionComplaint['path'],
  { files }: TableServices,
): Promise<readonly OptionComplaint[]> | readonly OptionComplaint[] {
  switch (kind) {
    case 'map':
      return checkMap(options, path);
    case 'file':
      return checkTable(keyedFile(options), files, path);
    case 'regexp':
      return typeof options === 'string' ? checkTable(patternFile(options), files, path) : checkPatterns(options, path);
    default:
      return [];
  }
}

function keyedFile(file: string): FileTableSource<KeyedEntries> {
  return { paths: [file], parse: ([octets = Buffer.alloc(0)]) => parseKeyedLines(octets, file) };
}

const findKey = (entries: KeyedEntries, key: string) => entries.get(key.toLowerCase()) ?? null;

function fileTable<T>(
  source: FileTableSource<T>,
  how: Pick<LocalSource<T>, 'entries' | 'find'>,
  services: TableServices & { readonly log: Log },
): Table {
  const file = new FileTable(source, services);
  return localTable({ ...how, name: source.paths.join(', '), current: () => file.current() });
}
