/** The argument of BDAT: how many octets follow, and whether they are the last (RFC 3030 section 2). */

/** A chunk that was announced. Its octets follow at once, whatever is answered. */
export interface BdatCommand {
  readonly kind: 'chunk';
  readonly size: number;
  readonly last: boolean;
}

/** Nobody knows how many octets follow, so nothing that follows may be read as a command. */
export interface BdatMalformed {
  readonly kind: 'malformed';
}

const FORM = /^(\d{1,15})(?: +(LAST))?$/i;

/** Reads what stands after `BDAT`. */
export function parseBdat(argument: string): BdatCommand | BdatMalformed {
  const [, size, last] = FORM.exec(argument) ?? [];
  return size === undefined ? { kind: 'malformed' } : { kind: 'chunk', size: Number(size), last: last !== undefined };
}
