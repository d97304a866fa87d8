/** The length of lines of a part (RFC 5322 section 2.1.1, RFC 2045 section 2.7). */

/** In octets, without the line end. */
const LONGEST_LINE = 998;

/** Whether a line is longer than every mail system must take. Lines end at CRLF. */
export function hasLongLine(octets: Buffer): boolean {
  for (let start = 0; octets.length - start > LONGEST_LINE; ) {
    const end = octets.indexOf('\r\n', start);
    if (end === -1 || end - start > LONGEST_LINE) return true;
    start = end + 2;
  }
  return false;
}
