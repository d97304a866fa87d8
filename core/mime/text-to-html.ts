/** Plain text as HTML: an alternative for clients that show HTML alone. */
import type { TextFormat } from './text-format.ts';

/** A whole document: escaped, links active, quotes (`>`) as blockquote, flowed paragraphs joined. ASCII alone, so it fits any charset. */
export function textToHtml(_text: string, _format: TextFormat): string {
  throw new Error('to come');
}
