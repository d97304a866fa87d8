/** The tables that the options name. */
import type { FileTableSource, OptionComplaint, TableSetting } from '../../core/index.ts';
import { nameOf, tableOf } from './alias-files.ts';
import type { AliasTable } from './alias-table.ts';
import type { AddressRules } from './candidates.ts';
import type { Options } from './options.ts';
import { ofOurs, type Permission } from './permission.ts';

type OptionPath = OptionComplaint['path'];

/** A table of the options, and the option that names it. */
export type Named =
  | { readonly kind: 'aliases'; readonly files: readonly string[]; readonly path: OptionPath }
  | { readonly kind: 'table'; readonly setting: TableSetting; readonly path: OptionPath };

/** The tables of the options, in the order in which they are asked. */
export function namedIn({ file, files, tables }: Options): readonly Named[] {
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
export function sourceOf(
  files: readonly string[],
  rules: AddressRules,
  permission: Permission,
): FileTableSource<AliasTable> {
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
