/** The kind `map`: entries that stand in the configuration. */
import type { OptionComplaint } from '../plugin/plugin.ts';
import type { Entry, Table } from '../plugin/table.ts';
import type { TableOptions } from '../plugin/table-setting.ts';
import { localTable } from './local-table.ts';

export function mapTable(written: TableOptions<'map'>): Table {
  const found = new Map<string, Entry>();
  for (const [key, [first = '', ...others]] of Object.entries(written)) {
    found.set(key.toLowerCase(), { values: [first, ...others], source: `map:${key}` });
  }
  return localTable({
    name: 'map',
    entries: 'keys',
    current: () => found,
    find: (entries, key) => entries.get(key.toLowerCase()) ?? null,
  });
}

/** Keys that differ in their case alone are one key. */
export function checkMap(written: TableOptions<'map'>, path: OptionComplaint['path']): readonly OptionComplaint[] {
  const seen = new Map<string, string>();
  return Object.keys(written).flatMap(key => {
    const before = seen.get(key.toLowerCase());
    seen.set(key.toLowerCase(), key);
    if (before === undefined) return [];
    return [{ path: [...path, key], message: `the same key as ${before}, for case does not count: keep one of them` }];
  });
}
