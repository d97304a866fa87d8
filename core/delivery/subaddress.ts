/**
 * Subaddresses: `ann+lists` is the mailbox of `ann`, with a detail that says where in it the mail belongs (RFC 5233).
 *
 * Who delivers decides which characters part the two: a local part means only what its own host says it does (RFC 5321
 * section 2.3.11).
 */

/** A local part, taken apart. */
export interface Subaddress {
  readonly user: string;
  /** `null` where there is none. `ann+` has none. */
  readonly detail: string | null;
}

/**
 * Parts at the first of these characters. One at the beginning parts nothing: there must be somebody.
 * @example splitLocalPart('ann+lists', '+') // { user: 'ann', detail: 'lists' }
 */
export function splitLocalPart(localPart: string, delimiters: string): Subaddress {
  for (let at = 1; at < localPart.length; at += 1) {
    if (!delimiters.includes(localPart.charAt(at))) continue;
    const detail = localPart.slice(at + 1);
    return { user: localPart.slice(0, at), detail: detail === '' ? null : detail };
  }
  return { user: localPart, detail: null };
}
