/**
 * Groups of a directory: entries that name other entries, each of which is read in its turn.
 *
 * Guarantees: an entry is read once, so that groups which hold each other come to an end; members that are gone are left
 * out; and what goes deeper, or is more, than the options allow is an error, never a part of the group.
 */
import type { TableOptions } from '../plugin/table-setting.ts';
import { EVERYTHING, type LdapEntry, type LdapSearch, searchOfUrl } from './ldap-search.ts';

export type Members = NonNullable<TableOptions<'ldap'>['members']>;

/** Searches, for no more than `limit` entries; `null`: the base is not there. */
export type Search = (search: LdapSearch, limit: number) => Promise<readonly LdapEntry[] | null>;

/**
 * The entries, and those that they lead to, in the order of their distance.
 * @throws RangeError where they are too many or too deep
 */
export async function withMembers(
  entries: readonly LdapEntry[],
  { names, urls, depth, limit }: Members,
  search: Search,
): Promise<readonly LdapEntry[]> {
  const seen = new Set<string>();
  const all: LdapEntry[] = [];
  let level = entries;
  for (let step = 0; level.length > 0; step++) {
    if (step > depth) throw new RangeError(`members are nested deeper than ${depth} steps`);
    const fresh = level.filter(({ dn }) => !seen.has(sameFor(dn)) && seen.add(sameFor(dn)));
    all.push(...fresh);
    if (all.length > limit) throw new RangeError(`more than ${limit} entries are members`);
    const next: LdapEntry[] = [];
    for (const wanted of fresh.flatMap(entry => searchesIn(entry, names, urls))) {
      if (wanted.scope === 'base' && seen.has(sameFor(wanted.base))) continue;
      next.push(...((await search(wanted, limit)) ?? []));
      if (next.length > limit) throw new RangeError(`more than ${limit} entries are members`);
    }
    level = next;
  }
  return all;
}

function searchesIn(entry: LdapEntry, names: readonly string[], urls: readonly string[]): readonly LdapSearch[] {
  return [
    ...valuesOf(entry, names).map(base => ({ base, scope: 'base' as const, filter: EVERYTHING })),
    ...valuesOf(entry, urls).map(url => {
      const found = searchOfUrl(url);
      if (found === null) throw new RangeError(`${entry.dn} holds ${JSON.stringify(url)}, which is no LDAP URL`);
      return found;
    }),
  ];
}

/** The values of these attributes, in this order. */
export function valuesOf({ attributes }: LdapEntry, names: readonly string[]): readonly string[] {
  return names.flatMap(name => attributes.get(name.toLowerCase()) ?? []);
}

/** The same for names that differ in case and blanks, which do not count in most attributes. */
function sameFor(dn: string): string {
  return dn.toLowerCase().replace(/\s*([,=+])\s*/g, '$1');
}
