/** What is asked of a directory, and LDAP URLs that ask the same (RFC 4516). */
import type { TableOptions } from '../plugin/table-setting.ts';

type Options = TableOptions<'ldap'>;

export interface LdapSearch {
  readonly base: string;
  readonly scope: Options['scope'];
  readonly filter: string;
}

/** An entry of a directory. Attributes by their name in lower case. */
export interface LdapEntry {
  readonly dn: string;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
}

export const EVERYTHING = '(objectClass=*)';

/** `ldap:///base?attributes?scope?filter`: base and filter are to be percent-decoded, the host is not looked at. */
const URL_FORM = /^ldaps?:\/\/[^/?]*\/([^?]*)(?:\?[^?]*)?(?:\?([^?]*))?(?:\?([^?]*))?/i;

/** What an LDAP URL asks; `null` where the text is none. */
export function searchOfUrl(text: string): LdapSearch | null {
  const [found, base = '', scope = '', filter = ''] = URL_FORM.exec(text) ?? [];
  if (found === undefined) return null;
  try {
    const decoded = decodeURIComponent(filter);
    return {
      base: decodeURIComponent(base),
      scope: scope === 'one' || scope === 'sub' ? scope : 'base',
      filter: decoded === '' ? EVERYTHING : decoded,
    };
  } catch {
    return null;
  }
}
