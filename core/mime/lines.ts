/** Whether octets are lines as mail has them (RFC 2045 sections 2.7 and 2.8): CRLF at their ends, no NUL, not too long. */

/** What lines do not hold. */
export type Stray = 'NUL' | 'bare CR' | 'bare LF';

/** RFC 5322 section 2.1.1. In octets, without the line end. */
const LONGEST_LINE = 998;

/** What is there that lines do not hold, or `null`. */
export function strayIn(octets: Buffer): Stray | null {
  if (octets.includes(0)) return 'NUL';
  for (let at = 0; ; ) {
    const cr = octets.indexOf('\r', at);
    const lf = octets.indexOf('\n', at);
    if (cr !== -1 && lf === cr + 1) {
      at = lf + 1;
      continue;
    }
    if (lf === -1) return cr === -1 ? null : 'bare CR';
    return cr === -1 || lf < cr ? 'bare LF' : 'bare CR';
  }
}

/** Whether a line is longer than every mail system must take. Lines end at CRLF. */
export function hasLongLine(octets: Buffer): boolean {
  for (let start = 0; octets.length - start > LONGEST_LINE; ) {
    const end = octets.indexOf('\r\n', start);
    if (end === -1 || end - start > LONGEST_LINE) return true;
    start = end + 2;
  }
  return false;
}
