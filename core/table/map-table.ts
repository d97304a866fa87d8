/** A table whose entries stand in the configuration. */
import type { Entry, Table } from '../plugin/table.ts';
import type { TableOptions } from '../plugin/table-setting.ts';

/** Keys match whatever their case. */
export function mapTable(entries: TableOptions<'map'>): Table {
  const found = new Map<string, Entry>();
  for (const [key, [first = '', ...others]] of Object.entries(entries)) {
    found.set(key.toLowerCase(), { values: [first, ...others], source: `map:${key}` });
  }
  return {
    name: 'map',
    entries: 'keys',
    lookup: key => found.get(key.toLowerCase()) ?? null,
    close: () => Promise.resolve(),
  };
}
