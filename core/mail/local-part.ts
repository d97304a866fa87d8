/**
 * Local parts of mailboxes as text: dot-strings and quoted strings (RFC 5321 section 4.1.2, RFC 6531 section 3.3).
 *
 * Whoever calls `scanLocalPart` has refused control characters before.
 */

const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u{80}-\\u{10ffff}-]";
const DOT_STRING = `${ATEXT}+(?:\\.${ATEXT}+)*`;
const DOT_STRING_HERE = new RegExp(DOT_STRING, 'uy');
const WHOLE_DOT_STRING = new RegExp(`^${DOT_STRING}$`, 'u');
const QUOTED_STRING_HERE = /"[^"\\]*(?:\\[\x20-\x7e][^"\\]*)*"/uy;

/** A local part that was found in a text. */
export interface ScannedLocalPart {
  /** Unquoted and unescaped. */
  readonly localPart: string;
  /** Where the text goes on. */
  readonly end: number;
}

/** Reads the local part that starts at `at`, or says `null` where none does. */
export function scanLocalPart(text: string, at: number): ScannedLocalPart | null {
  const quoted = text[at] === '"';
  const pattern = quoted ? QUOTED_STRING_HERE : DOT_STRING_HERE;
  pattern.lastIndex = at;
  const found = pattern.exec(text)?.[0];
  if (found === undefined) return null;
  const localPart = quoted ? found.slice(1, -1).replaceAll(/\\(.)/gsu, '$1') : found;
  return { localPart, end: at + found.length };
}

/** A local part as it is written in an address: quoted only where it must be (RFC 5321 section 4.1.2). */
export function formatLocalPart(localPart: string): string {
  return WHOLE_DOT_STRING.test(localPart) ? localPart : `"${localPart.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
