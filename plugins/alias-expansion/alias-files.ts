/** From alias files to a table that can be in force: well-formed, unambiguous, without loops. */
import { TableFaults } from '../../core/index.ts';
import { type Alias, formatKey, formatStep } from './alias.ts';
import { type AliasText, formatFault, isFault, readAliases } from './alias-file.ts';
import { AliasTable } from './alias-table.ts';
import type { AddressRules } from './candidates.ts';
import { InTurns } from './in-turns.ts';
import { findLoops } from './loops.ts';

/**
 * Makes one table of several files, in turns with other work. A name may stand in one of them only.
 * @throws TableFaults
 */
export async function tableOf(texts: readonly AliasText[], rules: AddressRules): Promise<AliasTable> {
  const aliases: Alias[] = [];
  const faults: string[] = [];
  const turns = new InTurns();
  for (const text of texts) {
    for (const one of readAliases(text)) {
      if (turns.isOver()) await turns.next();
      if (isFault(one)) faults.push(formatFault(one));
      else aliases.push(one);
    }
  }
  const table = await AliasTable.of(aliases, rules);
  for (const { alias, first } of table.duplicates) {
    faults.push(`${alias.at}: there is an alias of this name already: ${formatStep(first)}`);
  }
  faults.push(...withoutDomain(table));
  for (const loop of await findLoops(table)) faults.push(`this is a loop: ${loop}`);
  if (faults.length > 0) throw new TableFaults(faults);
  return table;
}

/** How messages and traces name the file of an option: `./aliases` is `aliases`. */
export function nameOf(path: string): string {
  return path.replace(/^(?:\.\/)+/, '');
}

/** A name without a domain, where there is no domain that it could be for. */
function withoutDomain({ aliases, rules }: AliasTable): readonly string[] {
  const alias = rules.domains.size > 0 ? undefined : aliases.find(({ key }) => key.kind === 'name');
  if (alias === undefined) return [];
  const name = formatKey(alias.key);
  return [`${alias.at}: ${name} is in no domain: list its domains under "domains", or write ${name}@example.test`];
}
