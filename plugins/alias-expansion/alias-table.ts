/** A table of aliases that is read as a whole. Never changed: a file that changed makes another table. */
import type { Mailbox } from '../../core/index.ts';
import { type Alias, formatKey } from './alias.ts';
import { type AddressRules, candidates } from './candidates.ts';
import { InTurns } from './in-turns.ts';

/** A table of aliases. */
export class AliasTable {
  readonly aliases: readonly Alias[];
  readonly rules: AddressRules;
  /** Aliases of a name that another alias has already. Of two the first is kept. */
  readonly duplicates: readonly { readonly alias: Alias; readonly first: Alias }[];
  readonly #byName: ReadonlyMap<string, Alias>;

  private constructor(
    aliases: readonly Alias[],
    rules: AddressRules,
    index: Pick<AliasTable, 'duplicates'> & { readonly byName: ReadonlyMap<string, Alias> },
  ) {
    this.aliases = aliases;
    this.rules = rules;
    this.duplicates = index.duplicates;
    this.#byName = index.byName;
  }

  /** Makes a table, in turns with other work. */
  static async of(aliases: readonly Alias[], rules: AddressRules): Promise<AliasTable> {
    const byName = new Map<string, Alias>();
    const duplicates: { alias: Alias; first: Alias }[] = [];
    const turns = new InTurns();
    for (const alias of aliases) {
      if (turns.isOver()) await turns.next();
      const name = formatKey(alias.key);
      const first = byName.get(name);
      if (first === undefined) byName.set(name, alias);
      else duplicates.push({ alias, first });
    }
    return new AliasTable(aliases, rules, { byName, duplicates });
  }

  /** The alias of this very name, as `formatKey` writes it, or `null`. */
  get(name: string): Alias | null {
    return this.#byName.get(name) ?? null;
  }

  /** The alias that is for this recipient, or `null`. */
  find(mailbox: Mailbox): Alias | null {
    for (const { key } of candidates(mailbox, this.rules)) {
      const alias = this.get(formatKey(key));
      if (alias !== null) return alias;
    }
    return null;
  }
}
