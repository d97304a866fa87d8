/** Opens tables: for each kind the one that answers, behind what all have in common. */
import { type Table, type Tables, TableUnavailable } from '../plugin/table.ts';
import type { TableSource } from '../plugin/table-setting.ts';
import { mapTable } from './map-table.ts';

/** The tables of this machine. */
export function openTables(): Tables {
  return {
    open: ({ source }) => openKind(source),
    check: () => Promise.resolve([]),
  };
}

function openKind({ kind, options }: TableSource): Table {
  switch (kind) {
    case 'map':
      return mapTable(options);
    case 'file':
    case 'regexp':
    case 'sqlite':
    case 'postgresql':
    case 'ldap':
    case 'http':
      return {
        name: kind,
        entries: kind === 'regexp' ? 'patterns' : 'keys',
        lookup: () => Promise.reject(new TableUnavailable(kind, 'this kind is not there yet')),
        close: () => Promise.resolve(),
      };
  }
}
