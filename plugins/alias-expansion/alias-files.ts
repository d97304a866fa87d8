/** From alias files to a table that can be in force: well-formed, unambiguous, without loops. */
import { TableFaults } from '../../core/index.ts';
import { formatKey, formatStep } from './alias.ts';
import { type AliasFault, parseAliases } from './alias-file.ts';
import { AliasTable, type AliasTableOptions } from './alias-table.ts';
import { findLoops } from './loops.ts';

/** The text of one file, and how messages name it. */
export interface AliasText {
  readonly name: string;
  readonly text: string;
}

/**
 * Makes one table of several files. A name may stand in one of them only.
 * @throws TableFaults
 */
export function tableOf(texts: readonly AliasText[], options: Omit<AliasTableOptions, 'aliases'>): AliasTable {
  const files = texts.map(({ name, text }) => parseAliases(text, name));
  const table = new AliasTable({ ...options, aliases: files.flatMap(file => file.aliases) });
  const faults = [
    ...files.flatMap(file => file.faults.map(formatFault)),
    ...table.duplicates.map(
      ({ alias, first }) => `${alias.at}: there is an alias of this name already: ${formatStep(first)}`,
    ),
    ...withoutDomain(table),
    ...findLoops(table).map(loop => `this is a loop: ${loop}`),
  ];
  if (faults.length > 0) throw new TableFaults(faults);
  return table;
}

/** How messages and traces name the file of an option: `./aliases` is `aliases`. */
export function nameOf(path: string): string {
  return path.replace(/^(?:\.\/)+/, '');
}

function formatFault({ file, line, column, message }: AliasFault): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** A name without a domain, where there is no domain that it could be for. */
function withoutDomain(table: AliasTable): readonly string[] {
  const alias = table.domains.size > 0 ? undefined : table.aliases.find(({ key }) => key.kind === 'name');
  if (alias === undefined) return [];
  const name = formatKey(alias.key);
  return [`${alias.at}: ${name} is in no domain: list its domains under "domains", or write ${name}@example.test`];
}
