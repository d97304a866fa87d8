/** HTML as plain text, for those who read no HTML: a text alternative, or all that is let through. */

export interface HtmlToTextOptions {
  /** Lines are folded to this many characters; `null`: a paragraph is a line. */
  readonly width: number | null;
  /** `[1]` in the text and a list below it, `text <url>` in place, or only what is shown. */
  readonly links: 'references' | 'inline' | 'none';
  /** No more text than this, in characters. */
  readonly longest: number;
}

export interface HtmlAsText {
  /** Lines end at CRLF, the last one too; empty where nothing is shown. */
  readonly text: string;
  /** Whether something was left out for its length. */
  readonly truncated: boolean;
}

/** What HTML shows. Time is linear in its length and depth costs nothing. Never fails. */
export function htmlToText(_html: string, _options: HtmlToTextOptions): HtmlAsText {
  throw new Error('to come');
}
