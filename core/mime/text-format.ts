/** The forms of text/plain: lines as they are, or lines that flow (RFC 3676). */
import type { MediaType } from './media-type.ts';

/** `delSp`: the blank at the end of a line that goes on is not part of the text (RFC 3676 section 4.3). */
export type TextFormat = { readonly kind: 'fixed' } | { readonly kind: 'flowed'; readonly delSp: boolean };

/** The format that a Content-Type says. */
export function textFormat(_type: MediaType): TextFormat {
  throw new Error('to come');
}
