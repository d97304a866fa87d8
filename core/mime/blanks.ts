/** Blanks as header fields know them: space and tab, nothing else (RFC 5234 appendix B.1, WSP). */

/**
 * Text without blanks at its ends. `trim` would take octets of UTF-8 that are blanks only in latin1, and a pattern would
 * take quadratic time.
 */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** Whether an octet, or a character's code, is a blank. */
export function isBlank(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}
