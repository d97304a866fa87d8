/**
 * Text put above or below the text of a text/plain part: notices and footers.
 *
 * Line ends are those of the part, a last line without end gets one, flowed text stays flowed (RFC 3676), and what is
 * there already is not put in twice.
 */
import type { TextEdit } from './leaf-text.ts';
import type { TextFormat } from './text-format.ts';

export interface TextInsertion {
  /** Lines of any line end. */
  readonly text: string;
  readonly at: 'top' | 'bottom';
  readonly format: TextFormat;
  /**
   * Bottom: where a signature begins (`-- `), whether the text goes above it. A footer below it looks like the
   * sender's own words, and clients cut it off in replies.
   */
  readonly signature: 'above' | 'below';
}

/** The edit that puts the text in, or `null` where it stands in its place already. */
export function insertText(_text: string, _insertion: TextInsertion): TextEdit | null {
  throw new Error('to come');
}
