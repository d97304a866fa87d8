/**
 * Text inside of LDAP's own syntax.
 *
 * Guarantee (LDAP injection): whatever a key holds, it is one value in a filter and one value in a name, and nothing else.
 */

/** A value in a filter (RFC 4515 section 3). */
export function escapeFilter(text: string): string {
  return text.replace(/[\u0000()*\\]/g, hex);
}

/** A value in a distinguished name (RFC 4514 section 2.4). */
export function escapeName(text: string): string {
  return text.replace(/[\u0000"+,;<=>\\]/g, hex).replace(/^[ #]| $/g, hex);
}

function hex(character: string): string {
  return `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
