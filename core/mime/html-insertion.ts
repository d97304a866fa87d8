/**
 * HTML put at the start or at the end of what an HTML part shows, wherever its tags are, or whether it has any.
 *
 * What looks like `</body>` in a comment, a script or the text of a form is none. Where the text ends in a comment, a tag
 * or an element that does not end, what was put behind it would not be shown: it goes in before.
 */
import { type HtmlToken, holdsRawText, htmlTokens } from './html-tokens.ts';
import type { TextEdit } from './leaf-text.ts';

/** What is put in, and where. */
export interface HtmlInsertion {
  /** As it is put in: what is text goes through `escapeHtml` before. */
  readonly html: string;
  readonly at: 'top' | 'bottom';
}

/** Elements that show nothing, or nothing in their place: a notice may stand behind them and still be on top. */
const INVISIBLE: ReadonlySet<string> = new Set(['html', 'head', 'meta', 'link', 'base', 'title', 'style', 'script']);
/** A character may take up to `&#1114111;` in a part whose charset lacks it. */
const LONGEST_REFERENCE = 10;

/**
 * The edit that puts the HTML in, or `null` where it stands in its place already. At the top: in front of all that is
 * shown, also of what stands above `<body>`. At the bottom: before the last `</body>` or `</html>`, else at the end.
 * @example insertHtml('<p>Hello</p></body>', { html: '<p>Sent from outside</p>', at: 'bottom' })
 */
export function insertHtml(html: string, { html: inserted, at }: HtmlInsertion): TextEdit | null {
  if (inserted.trim() === '') return null;
  const place = at === 'top' ? top(html) : bottom(html);
  const wanted = inReferences(inserted.trim());
  const reach = inserted.length * LONGEST_REFERENCE;
  const isThere =
    at === 'top'
      ? inReferences(html.slice(place, place + reach).trimStart()).startsWith(wanted)
      : inReferences(html.slice(Math.max(0, place - reach), place).trimEnd()).endsWith(wanted);
  return isThere ? null : { start: place, end: place, text: inserted };
}

/** Text as HTML shows it, between tags and in attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);
}

/** Beyond ASCII, a character and the reference to it are the same. */
function inReferences(html: string): string {
  return html.replaceAll(/[^\x00-\x7f]/gu, character => `&#${character.codePointAt(0)};`);
}

function top(html: string): number {
  let place = html.startsWith('\ufeff') ? 1 : 0;
  for (const token of htmlTokens(html)) {
    if (token.kind === 'start' && token.name === 'body') return token.end;
    if (isShown(html, token)) return place;
    const isRaw = token.kind === 'raw' || (token.kind === 'start' && holdsRawText(token.name));
    if (!isRaw) place = token.end;
  }
  return place;
}

function isShown(html: string, token: HtmlToken): boolean {
  switch (token.kind) {
    case 'comment':
      return false;
    case 'text':
      return html.slice(token.start, token.end).replace('\ufeff', '').trim() !== '';
    case 'raw':
      return !INVISIBLE.has(token.within);
    case 'start':
    case 'end':
      return !INVISIBLE.has(token.name);
    case 'unfinished':
      return true;
  }
}

function bottom(html: string): number {
  let [body, document]: (number | null)[] = [null, null];
  /** Where an element of raw text starts whose end is not found yet. */
  let open: number | null = null;
  let shown = 0;
  for (const token of htmlTokens(html)) {
    if (token.kind === 'end' && token.name === 'body') body = token.start;
    if (token.kind === 'end' && token.name === 'html') document = token.start;
    if (token.kind === 'start' && holdsRawText(token.name)) open = token.start;
    else if (token.kind !== 'raw') open = token.kind === 'unfinished' ? token.start : null;
    shown = open ?? token.end;
  }
  return body ?? document ?? shown;
}
