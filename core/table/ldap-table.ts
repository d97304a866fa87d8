/** The kind `ldap`: a search in a directory (RFC 4511), and the members of what it finds. */
import { describeError } from '../mail/failure.ts';
import type { OptionComplaint } from '../plugin/plugin.ts';
import type { Files } from '../plugin/ports.ts';
import type { Entry } from '../plugin/table.ts';
import type { TableOptions } from '../plugin/table-setting.ts';
import { type Asking, onceMore, Unreachable } from './asking.ts';
import { checkAuthorities } from './certificate-authorities.ts';
import { LdapConnection, loadLdap } from './ldap-connection.ts';
import { escapeFilter, escapeName } from './ldap-escape.ts';
import { type Search, valuesOf, withMembers } from './ldap-members.ts';
import type { LdapSearch } from './ldap-search.ts';
import { NotInstalled } from './optional-package.ts';
import { type KeyParts, partsOf, Template } from './placeholders.ts';
import { entryOf, MOST_VALUES } from './values.ts';

type Options = TableOptions<'ldap'>;

export class LdapTable implements Asking {
  readonly name: string;
  readonly #options: Options;
  readonly #base: Template;
  readonly #filter: Template;
  readonly #files: Files;
  readonly #timeout: number;
  #connection: Promise<LdapConnection> | null = null;
  /** The server that is tried first: the last one that did not fail. */
  #first = 0;

  constructor(options: Options, files: Files, timeout: number) {
    this.name = `ldap:${options.base}`;
    this.#options = options;
    this.#base = new Template(options.base);
    this.#filter = new Template(options.filter);
    this.#files = files;
    this.#timeout = timeout;
  }

  async ask(key: string): Promise<Entry | null> {
    const search = this.#searchFor(partsOf(key));
    return search && onceMore(async () => this.#found(search, await this.#connected()));
  }

  async close(): Promise<void> {
    (await this.#connection?.catch(() => null))?.close();
  }

  #searchFor(parts: KeyParts): LdapSearch | null {
    const base = this.#base.fill(parts, escapeName);
    const filter = this.#filter.fill(parts, escapeFilter);
    return base === null || filter === null ? null : { base, filter, scope: this.#options.scope };
  }

  async #found(wanted: LdapSearch, connection: LdapConnection): Promise<Entry | null> {
    const { attributes, members } = this.#options;
    const read = [...attributes, ...(members?.names ?? []), ...(members?.urls ?? [])];
    const search: Search = (one, limit) => connection.search(one, read, limit);
    const entries = await search(wanted, members?.limit ?? MOST_VALUES);
    if (entries === null) {
      // A base that depends on the key may well not be there; a fixed one is a mistake, which makes nobody not exist.
      if (this.#base.names.length > 0) return null;
      throw new Error(`the directory has no ${wanted.base}, where the search begins`);
    }
    const all = members === undefined ? entries : await withMembers(entries, members, search);
    return entryOf(
      all.flatMap(entry => valuesOf(entry, attributes)),
      `ldap:${entries[0]?.dn ?? ''}`,
    );
  }

  /** Many may want a new connection at the same time: the first one opens it for all. */
  async #connected(): Promise<LdapConnection> {
    const before = this.#connection;
    const connection = await before?.catch(() => null);
    if (connection?.isOpen === true) return connection;
    if (this.#connection === before || this.#connection === null) this.#connection = this.#dial();
    return this.#connection;
  }

  async #dial(): Promise<LdapConnection> {
    const { url: urls } = this.#options;
    // So that time is left to ask the last of them.
    const patience = Math.ceil(this.#timeout / (urls.length + 1));
    const opening = { files: this.#files, patience, timeout: this.#timeout };
    const causes: string[] = [];
    for (let tried = 0; tried < urls.length; tried++) {
      const at = (this.#first + tried) % urls.length;
      try {
        const connection = await LdapConnection.open(urls[at] ?? '', this.#options, opening);
        this.#first = at;
        return connection;
      } catch (error) {
        if (error instanceof NotInstalled) throw error;
        causes.push(describeError(error));
      }
    }
    throw new Unreachable(causes.join('; '));
  }
}

/** What is wrong with the options that no schema sees. */
export async function checkLdap(
  { filter, tls }: Options,
  files: Files,
  path: OptionComplaint['path'],
): Promise<readonly OptionComplaint[]> {
  const complaints = [...(await checkAuthorities(tls.ca ?? null, files, [...path, 'tls', 'ca']))];
  try {
    const { FilterParser } = await loadLdap();
    const filled = new Template(filter).fill({ key: 'a', local: 'a', domain: 'a' }, escapeFilter) ?? '';
    try {
      FilterParser.parseString(filled);
    } catch (error) {
      complaints.push({ path: [...path, 'filter'], message: `is no filter (RFC 4515): ${describeError(error)}` });
    }
  } catch (error) {
    complaints.push({ path, message: describeError(error) });
  }
  return complaints;
}
