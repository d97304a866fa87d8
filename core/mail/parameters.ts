/** The ESMTP parameters of MAIL and RCPT as a list of keywords and values (RFC 5321 section 4.1.2, RFC 6531 section 3.4). */
import type { Malformed } from './path.ts';

/** One parameter. What the value means is the extension's business. */
export interface Parameter {
  /** Upper case. */
  readonly keyword: string;
  /** `null`: the keyword stands alone, as in `SMTPUTF8`. */
  readonly value: string | null;
}

/** The parameters in their order; a keyword may be there twice. */
export interface Parameters {
  readonly kind: 'parameters';
  readonly list: readonly Parameter[];
}

/** A value may go beyond ASCII (ORCPT, RFC 6533 section 3); control characters it may not hold. */
const PARAMETER = /^([A-Za-z0-9][A-Za-z0-9-]*)(?:=([^=\u0000-\u0020\u007f-\u009f\u2028\u2029\ufffd]+))?$/u;

/**
 * Reads what stands after the `>` of a path: nothing, or parameters with a blank before each. More blanks than one, and
 * blanks at the end, are put up with.
 * @example parseParameters(' SIZE=1000 smtputf8') // SIZE: '1000', SMTPUTF8: null
 */
export function parseParameters(rest: string): Parameters | Malformed {
  if (rest !== '' && !rest.startsWith(' ')) return { kind: 'malformed', reason: 'no blank follows the address' };
  const list: Parameter[] = [];
  for (const word of rest.split(' ')) {
    if (word === '') continue;
    const [, keyword, value] = PARAMETER.exec(word) ?? [];
    if (keyword === undefined || !word.isWellFormed()) return { kind: 'malformed', reason: 'a parameter is malformed' };
    list.push({ keyword: keyword.toUpperCase(), value: value ?? null });
  }
  return { kind: 'parameters', list };
}
