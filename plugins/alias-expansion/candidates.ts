/**
 * Under which names a recipient is looked up, in the order of virtual(5): user+extension@domain, user@domain,
 * user+extension, user, @domain. Names without a domain hold in the listed domains alone.
 */
import type { Mailbox } from '../../core/index.ts';
import type { AliasKey } from './alias.ts';

/** How addresses are taken apart. */
export interface AddressRules {
  /** Where names without a domain hold. In canonical form. */
  readonly domains: ReadonlySet<string>;
  /** The characters that separate user and extension. `''`: there are no extensions. */
  readonly delimiters: string;
}

/** A name, and what it leaves of the local part. */
export interface Candidate {
  readonly key: AliasKey;
  /** With its delimiter, as it was written: `+Lists`. `''`: the name is the whole. */
  readonly extension: string;
}

/** The names, in the order in which the first one that a table has decides. */
export function candidates(
  { localPart, domain }: Mailbox,
  { domains, delimiters }: AddressRules,
): readonly Candidate[] {
  const splits = [{ user: localPart.toLowerCase(), extension: '' }, ...splitsOf(localPart, delimiters)];
  const mailboxes = splits.map(({ user, extension }) => ({
    key: { kind: 'mailbox', localPart: user, domain } as const,
    extension,
  }));
  const names = splits.map(({ user, extension }) => ({ key: { kind: 'name', localPart: user } as const, extension }));
  return [...mailboxes, ...(domains.has(domain) ? names : []), { key: { kind: 'catch-all', domain }, extension: '' }];
}

/**
 * Users and extensions. The first of each delimiter counts, and the longest user goes first: with `+` and `-`,
 * `john-smith+x` is `john-smith` before it is `john`. `owner-list` and `list-request` are whole names (RFC 2142 section 6).
 */
function splitsOf(
  localPart: string,
  delimiters: string,
): readonly { readonly user: string; readonly extension: string }[] {
  if (delimiters === '' || /^mailer-daemon$/i.test(localPart)) return [];
  const isListName = /^owner-|-request$/i.test(localPart);
  return Array.from(delimiters)
    .filter(delimiter => !(delimiter === '-' && isListName))
    .map(delimiter => localPart.indexOf(delimiter, 1))
    .filter(at => at !== -1)
    .sort((one, other) => other - one)
    .map(at => ({ user: localPart.slice(0, at).toLowerCase(), extension: localPart.slice(at) }));
}
