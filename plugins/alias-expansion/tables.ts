/** The tables that the options name, in the order in which they are asked. */
import {
  type Awaitable,
  checkTable,
  FileTable,
  type FileTableServices,
  type FileTableSource,
  type Log,
  type OptionComplaint,
  type Table,
  type TableSetting,
  type Tables,
} from '../../core/index.ts';
import type { Target } from './alias.ts';
import { nameOf, tableOf } from './alias-files.ts';
import type { AliasTable } from './alias-table.ts';
import type { AddressRules } from './candidates.ts';
import { listSource } from './lists.ts';
import { type AliasSource, LookUp, sourceOfFile, sourceOfTable } from './look-up.ts';
import type { Options } from './options.ts';
import { ADDRESSES_ALONE, ofOurs, type Permission } from './permission.ts';
import { readTargets } from './target.ts';
import { Misread } from './words.ts';

type OptionPath = OptionComplaint['path'];

/** A table of the options. */
type Named =
  | { readonly kind: 'aliases'; readonly files: readonly string[]; readonly path: OptionPath }
  | { readonly kind: 'table'; readonly setting: TableSetting; readonly path: OptionPath };

function namedIn({ file, files, tables }: Options): readonly Named[] {
  const first = files ?? (file === undefined ? [] : [file]);
  const path = [files === undefined ? 'file' : 'files'];
  return [
    ...(first.length === 0 ? [] : [{ kind: 'aliases', files: first, path } as const]),
    ...tables.map((one, index): Named => {
      const at = ['tables', index];
      return 'aliases' in one
        ? { kind: 'aliases', files: one.aliases, path: [...at, 'aliases'] }
        : { kind: 'table', setting: one, path: at };
    }),
  ];
}

/** How the options take addresses apart. */
export function addressRules({ domains, recipientDelimiter }: Options): AddressRules {
  return { domains: new Set(domains), delimiters: recipientDelimiter ?? '' };
}

/** Where a table of alias files comes from. */
function sourceOf(files: readonly string[], rules: AddressRules, permission: Permission): FileTableSource<AliasTable> {
  const objects = ofOurs(permission);
  return {
    paths: files,
    parse: contents =>
      tableOf(
        contents.map((content, index) => ({ file: nameOf(files[index] ?? ''), text: content.toString(), objects })),
        rules,
      ),
  };
}

/** What is asked while the gateway runs. */
export class OpenTables {
  readonly #rules: AddressRules;
  readonly #parts: readonly (FileTable<AliasTable> | Table)[];
  readonly #sources: readonly AliasSource[];

  constructor(
    options: Options,
    permission: Permission,
    services: FileTableServices & { readonly tables: Tables; readonly log: Log },
  ) {
    this.#rules = addressRules(options);
    this.#parts = namedIn(options).map(named =>
      named.kind === 'aliases'
        ? new FileTable(sourceOf(named.files, this.#rules, permission), services)
        : services.tables.open(named.setting, services.log),
    );
    const settings = namedIn(options);
    this.#sources = this.#parts.map((part, index) => {
      const named = settings[index];
      if (part instanceof FileTable || named?.kind !== 'table') return NOTHING;
      return sourceOfTable(part, isOurs(named.setting) ? ofOurs(permission) : ADDRESSES_ALONE);
    });
  }

  /** Reads what is read as a whole. */
  async load(): Promise<void> {
    await Promise.all(this.#parts.map(part => (part instanceof FileTable ? part.load() : undefined)));
  }

  /** The tables as they are now: at once where nothing has to be read. */
  current(): Awaitable<LookUp> {
    const files = this.#parts.map(part => (part instanceof FileTable ? part.current() : null));
    const waiting = files.some(one => one instanceof Promise);
    return waiting
      ? Promise.all(files).then(all => this.#lookUp(all))
      : this.#lookUp(files as readonly (AliasTable | null)[]);
  }

  async close(): Promise<void> {
    await Promise.all(this.#parts.map(part => (part instanceof FileTable ? undefined : part.close())));
  }

  #lookUp(files: readonly (AliasTable | null)[]): LookUp {
    const sources = this.#sources.map((source, index) => {
      const file = files[index] ?? null;
      return file === null ? source : sourceOfFile(file);
    });
    return new LookUp(sources, this.#rules);
  }
}

const NOTHING: AliasSource = { entries: 'keys', find: () => null };

/** Whoever writes entries into the configuration, or into a file beside it, looks after the gateway. */
function isOurs({ source: { kind } }: TableSetting): boolean {
  return kind === 'map' || kind === 'file';
}

/** What is wrong with the tables of the options, with the lists that they include, and with the entries among them. */
export async function checkTables(
  options: Options,
  permission: Permission,
  services: Omit<FileTableServices, 'clock' | 'log'> & { readonly tables: Tables },
): Promise<readonly OptionComplaint[]> {
  const complaints: OptionComplaint[] = [];
  const rules = addressRules(options);
  for (const named of namedIn(options)) {
    if (named.kind === 'aliases') {
      const { path } = named;
      const includes = new Set<string>();
      const source = sourceOf(named.files, rules, permission);
      const noting = {
        ...source,
        parse: async (contents: readonly Buffer[]) => noteIncludes(await source.parse(contents), includes),
      };
      complaints.push(...(await checkTable(noting, services.files, path)));
      for (const list of includes)
        complaints.push(...inList(list, await checkTable(listSource(list), services.files, path)));
    } else {
      complaints.push(
        ...(await services.tables.check(named.setting, named.path)),
        ...entryComplaints(named, permission),
      );
    }
  }
  return complaints;
}

function noteIncludes(table: AliasTable, includes: Set<string>): void {
  for (const { targets } of table.aliases) {
    for (const target of targets) if (target.kind === 'include') includes.add(target.path);
  }
}

function inList(list: string, complaints: readonly OptionComplaint[]): readonly OptionComplaint[] {
  return complaints.map(({ path, message }) => ({
    path,
    message: message.startsWith('cannot') ? `:include:${list} ${message}` : message,
  }));
}

/** Entries in the configuration can be read before anybody asks for them. */
function entryComplaints(
  { setting, path }: Extract<Named, { kind: 'table' }>,
  permission: Permission,
): readonly OptionComplaint[] {
  if (setting.source.kind !== 'map') return [];
  const objects = ofOurs(permission);
  return Object.entries(setting.source.options).flatMap(([key, values]) =>
    values.flatMap(value => {
      const message = faultIn(value, () => readTargets(value, 0, objects));
      return message === null ? [] : [{ path: [...path, 'map', key], message }];
    }),
  );
}

function faultIn(value: string, read: () => readonly Target[]): string | null {
  try {
    return read().length === 0 ? `${JSON.stringify(value)} names nobody` : null;
  } catch (error) {
    if (!(error instanceof Misread)) throw error;
    return error.message;
  }
}
