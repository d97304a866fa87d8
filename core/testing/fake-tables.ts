/** Tables out of an object: what a test of a plugin that looks things up needs. */
import { type Entry, type Table, type Tables, TableUnavailable } from '../plugin/table.ts';

/** By key, the value or values. `unavailable`: nobody can say. Case counts, so that a test sees what it is asked. */
export type FakeEntries = Readonly<Record<string, string | readonly string[] | { readonly unavailable: string }>>;

/** A table that remembers what it was asked. */
export interface FakeTable extends Table {
  /** The keys, in the order of asking. */
  readonly lookups: readonly string[];
  /** Whether the plugin has closed it. */
  readonly isClosed: boolean;
  /** Replaces all entries; a text is why none can be had from now on. */
  set(entries: FakeEntries | string): void;
}

/**
 * Makes one.
 * @example
 * const table = fakeTable({ ann: 'ann@example.test', sick: { unavailable: 'the server is down' } });
 * await harness(plugin, { table: { map: {} } }, { provide: [provide(TABLES, fakeTables(table))] });
 */
export function fakeTable(initial: FakeEntries = {}, entriesAre: Table['entries'] = 'keys'): FakeTable {
  let entries: FakeEntries | string = initial;
  let isClosed = false;
  const lookups: string[] = [];
  return {
    name: 'fake',
    entries: entriesAre,
    lookups,
    get isClosed() {
      return isClosed;
    },
    set(later) {
      entries = later;
    },
    async lookup(key, signal) {
      signal.throwIfAborted();
      lookups.push(key);
      await Promise.resolve();
      if (typeof entries === 'string') throw new TableUnavailable('fake', entries);
      return entryOf(entries, key);
    },
    close() {
      isClosed = true;
      return Promise.resolve();
    },
  };
}

/** Opens these tables, whatever the options say: one after the other, the last one again and again. */
export function fakeTables(...tables: readonly [FakeTable, ...FakeTable[]]): Tables {
  let opened = 0;
  return {
    open: () => tables[Math.min(opened++, tables.length - 1)] ?? tables[0],
    check: () => Promise.resolve([]),
  };
}

function entryOf(entries: FakeEntries, key: string): Entry | null {
  const found = Object.hasOwn(entries, key) ? entries[key] : undefined;
  if (found === undefined) return null;
  if (typeof found === 'object' && 'unavailable' in found) throw new TableUnavailable('fake', found.unavailable);
  const [first, ...others] = typeof found === 'string' ? [found] : found;
  return first === undefined ? null : { values: [first, ...others], source: `fake:${key}` };
}
