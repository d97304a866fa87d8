/**
 * From a local part or a domain to one component of a path, from which nothing can escape.
 *
 * The rule: Unicode form NFC, lower case. Letters, digits and `. _ + = @ ~ -` stay; every other octet, `%` and `/`
 * included, becomes `%` and two hexadecimal digits. So do a first `.` or `-`, and the dot of `.lock`: `ann.lock` would
 * be the lock file of `ann`. Two names that differ in more than case or Unicode form never become one.
 */

/** NAME_MAX, less what a lock file adds to the name. */
const LONGEST = 255 - '.lock.broken.4294967295'.length;

const OTHER = /[^\p{L}\p{M}\p{N}._+=@~-]|^[.-]/gu;

/** One component of a path, or `null` where the text is empty or too long to be one. */
export function mailboxName(text: string): string | null {
  const folded = text.normalize('NFC').toLowerCase();
  const name = folded.replace(OTHER, encoded).replaceAll('.lock', '%2Elock');
  return name !== '' && Buffer.byteLength(name) <= LONGEST ? name : null;
}

function encoded(character: string): string {
  return Array.from(Buffer.from(character), octet => `%${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
