/**
 * A table of aliases and its look-up, in the order of virtual(5): user+extension@domain, user@domain, user+extension,
 * user, @domain. Names without a domain hold in the table's own domains alone.
 */
import type { Mailbox } from '../../core/index.ts';
import type { Alias, AliasKey } from './alias.ts';

/** What a table is made of. */
export interface AliasTableOptions {
  readonly aliases: readonly Alias[];
  /** Where names without a domain hold. In canonical form. */
  readonly domains: readonly string[];
  /** The character that separates user and extension, or `null`. */
  readonly delimiter: string | null;
}

/** A table of aliases. Never changed: a file that changed makes another table. */
export class AliasTable {
  readonly aliases: readonly Alias[];
  readonly domains: ReadonlySet<string>;
  readonly #delimiter: string | null;
  /** By kind of key, then by what names it within its kind. Of two aliases of one name the first is kept. */
  readonly #byKey: { readonly [kind in AliasKey['kind']]: Map<string, Alias> } = {
    name: new Map(),
    mailbox: new Map(),
    'catch-all': new Map(),
  };
  /** Aliases of a name that another alias has already. */
  readonly duplicates: readonly { readonly alias: Alias; readonly first: Alias }[];

  constructor({ aliases, domains, delimiter }: AliasTableOptions) {
    this.aliases = aliases;
    this.domains = new Set(domains);
    this.#delimiter = delimiter;
    this.duplicates = aliases.flatMap(alias => {
      const kept = this.#byKey[alias.key.kind];
      const name = nameOf(alias.key);
      const first = kept.get(name);
      if (first === undefined) kept.set(name, alias);
      return first === undefined ? [] : [{ alias, first }];
    });
  }

  /** The alias that is for this recipient, or `null`. */
  find({ localPart, domain }: Mailbox): Alias | null {
    const { name, mailbox, 'catch-all': catchAll } = this.#byKey;
    const whole = localPart.toLowerCase();
    const at = this.#delimiter === null ? -1 : whole.indexOf(this.#delimiter, 1);
    const user = at === -1 ? whole : whole.slice(0, at);
    const named = this.domains.has(domain) ? (name.get(whole) ?? name.get(user)) : undefined;
    return (
      mailbox.get(nameOf({ kind: 'mailbox', localPart: whole, domain })) ??
      mailbox.get(nameOf({ kind: 'mailbox', localPart: user, domain })) ??
      named ??
      catchAll.get(domain) ??
      null
    );
  }
}

/** Domains hold no `@`: the last one is the one before the domain. */
function nameOf(key: AliasKey): string {
  switch (key.kind) {
    case 'name':
      return key.localPart;
    case 'mailbox':
      return `${key.localPart}@${key.domain}`;
    case 'catch-all':
      return key.domain;
  }
}
