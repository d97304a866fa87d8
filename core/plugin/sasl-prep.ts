/**
 * A password as SCRAM hashes it (SASLprep, RFC 4013): the client does the same on its side, so both must.
 *
 * Limit: what SASLprep forbids (control characters, text in two directions) is not refused here. A client that keeps to
 * the rules refuses it before it asks us.
 */

/** RFC 3454 table C.1.2: blanks of other scripts. */
const OTHER_BLANK = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;
/** RFC 3454 table B.1: what is not to be seen. */
const UNSEEN = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g;

/** The prepared text. */
export function saslPrepared(text: string): string {
  return text.replace(OTHER_BLANK, ' ').replace(UNSEEN, '').normalize('NFKC');
}
