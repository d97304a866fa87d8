/** What is wrong with the tables of the options, with the lists that they include, and with the entries among them. */
import { checkTable, type FileTableServices, type OptionComplaint, type Tables } from '../../core/index.ts';
import type { Target } from './alias.ts';
import type { AliasTable } from './alias-table.ts';
import { listSource } from './lists.ts';
import { addressRules, type Named, namedIn, sourceOf } from './named-tables.ts';
import type { Options } from './options.ts';
import { ofOurs, type Permission } from './permission.ts';
import { readTargets } from './target.ts';
import { Misread } from './words.ts';

/** Everything that can be said before anybody is asked for. */
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
