/**
 * Parameters of a field, set and removed where they stand: all others keep their octets (RFC 2045 section 5.1, RFC 2231).
 *
 * All forms of a name go at once (`name`, `name*`, `name*0` …): one that stayed would be a second name for clients that
 * read another form. Encoded words in parameters are read, never written.
 */
import type { Edit } from './edit.ts';
import type { HeaderField } from './header.ts';

/**
 * A parameter as it is written: a token, a quoted string, or the extended form of RFC 2231 in pieces that fit lines.
 * `charset`: that of the extended form; UTF-8 where that charset lacks a character or is not known.
 */
export function formatParameter(_name: string, _value: string, _charset?: string): readonly string[] {
  throw new Error('to come');
}

/** Sets a parameter, `null` removes it. The charset of its extended form is kept. No edits: it is so already. */
export function setParameter(_field: HeaderField, _name: string, _value: string | null): readonly Edit[] {
  throw new Error('to come');
}
