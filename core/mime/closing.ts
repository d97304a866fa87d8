/** Quotations and comments of structured fields: where they end (RFC 5322 sections 3.2.2 and 3.2.4). */

/**
 * After so many quotation marks or parentheses without their other half, none is to be looked for in a text: each search
 * goes to its end, and time is to stay linear.
 */
export const MOST_FAILURES = 16;

/** Where the quotation or comment that starts at `start` ends, or `null` where it does not. */
export function closingOf(text: string, start: number): number | null {
  const comment = text[start] === '(';
  let depth = 1;
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (comment && character === '(') depth += 1;
    else if (character === (comment ? ')' : '"')) depth -= 1;
    if (depth === 0) return at;
  }
  return null;
}
