/** Folding of fields (RFC 5322 section 2.2.3): where a line may end without changing what the field says. */
import type { Edit } from './edit.ts';
import type { HeaderField } from './header.ts';

/**
 * The field in lines of at most `width` octets where that can be; encoded words, quoted strings and comments stay whole,
 * and unfolding gives the same value. `null`: it is so already.
 */
export function foldField(_field: HeaderField, _width: number): Edit | null {
  throw new Error('to come');
}

/** The field on one line, or `null` where it is so already, or where that line would be longer than 998 octets. */
export function unfoldField(_field: HeaderField): Edit | null {
  throw new Error('to come');
}
