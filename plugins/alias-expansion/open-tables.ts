/** The tables that are asked while the gateway runs. */
import {
  type Awaitable,
  FileTable,
  type FileTableServices,
  type Table,
  type TableSetting,
  type Tables,
  whenThere,
} from '../../core/index.ts';
import type { AliasTable } from './alias-table.ts';
import type { AddressRules } from './candidates.ts';
import { type AliasSource, LookUp, sourceOfFile, sourceOfTable } from './look-up.ts';
import { addressRules, namedIn, sourceOf } from './named-tables.ts';
import type { Options } from './options.ts';
import { ADDRESSES_ALONE, ofOurs, type Permission } from './permission.ts';

type Open =
  | { readonly kind: 'aliases'; readonly files: FileTable<AliasTable> }
  | { readonly kind: 'table'; readonly table: Table; readonly source: AliasSource };

export class OpenTables {
  readonly #rules: AddressRules;
  readonly #open: readonly Open[];

  constructor(options: Options, permission: Permission, services: FileTableServices & { readonly tables: Tables }) {
    this.#rules = addressRules(options);
    this.#open = namedIn(options).map((named): Open => {
      if (named.kind === 'aliases') {
        return { kind: 'aliases', files: new FileTable(sourceOf(named.files, this.#rules, permission), services) };
      }
      const table = services.tables.open(named.setting, services.log);
      const objects = isOurs(named.setting) ? ofOurs(permission) : ADDRESSES_ALONE;
      return { kind: 'table', table, source: sourceOfTable(table, objects) };
    });
  }

  /** Reads what is read as a whole. Rejects where it cannot be read. */
  async load(): Promise<void> {
    for (const one of this.#open) if (one.kind === 'aliases') await one.files.load();
  }

  /** The tables as they are now: at once where no file has to be looked at. */
  current(): Awaitable<LookUp> {
    let sources: Awaitable<readonly AliasSource[]> = [];
    for (const one of this.#open) {
      sources = whenThere(sources, before =>
        one.kind === 'table'
          ? [...before, one.source]
          : whenThere(one.files.current(), table => [...before, sourceOfFile(table)]),
      );
    }
    return whenThere(sources, all => new LookUp(all, this.#rules));
  }

  async close(): Promise<void> {
    for (const one of this.#open) if (one.kind === 'table') await one.table.close();
  }
}

/** Whoever writes entries into the configuration, or into a file beside it, looks after the gateway. */
function isOurs({ source: { kind } }: TableSetting): boolean {
  return kind === 'map' || kind === 'file';
}
