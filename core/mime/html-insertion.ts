/**
 * HTML put at the start or at the end of what an HTML part shows, wherever its tags are, or whether it has any.
 *
 * Comments, scripts, styles and the text of forms are no places for it: `</body>` in there is none.
 */
import type { TextEdit } from './leaf-text.ts';

export interface HtmlInsertion {
  /** As it is put in: escaping text is for the caller, `escapeHtml`. */
  readonly html: string;
  readonly at: 'top' | 'bottom';
}

/** The edit that puts the HTML in, or `null` where it stands in its place already. */
export function insertHtml(_html: string, _insertion: HtmlInsertion): TextEdit | null {
  throw new Error('to come');
}

/** Text as HTML shows it: `&`, `<`, `>` and quotation marks as references. */
export function escapeHtml(_text: string): string {
  throw new Error('to come');
}
