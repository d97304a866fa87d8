/** Plain text as HTML: an alternative for clients that show HTML alone, and for those who like links. */
import { escapeHtml } from './html-insertion.ts';
import { linkOf } from './links.ts';
import type { TextFormat } from './text-format.ts';
import { readParagraphs } from './text-format.ts';
import { urlsIn } from './text-links.ts';

const CRLF = '\r\n';
/** Quotations are not nested deeper: depth is a trick from there on. */
const DEEPEST = 20;
/** What a click may do. */
const ACTIVE: ReadonlySet<string> = new Set(['http:', 'https:', 'ftp:', 'mailto:']);
const QUOTATION = '<blockquote type="cite" style="margin:0 0 0 .8ex;border-left:1px solid #999;padding-left:1ex">';
const TAB = '&#160;'.repeat(7);

/**
 * A whole document, to be written in UTF-8: everything escaped, URLs made links, quotations (`>`) as blockquote, flowed
 * paragraphs in one piece. Blanks and empty lines stay.
 * @example textToHtml('> Hi\r\nSee https://a.test/', { kind: 'fixed' })
 */
export function textToHtml(text: string, format: TextFormat): string {
  const html: string[] = ['<!DOCTYPE html>', '<html><body>'];
  let depth = 0;
  for (const paragraph of readParagraphs(text.replace(/^\ufeff/, ''), format)) {
    const wanted = Math.min(paragraph.depth, DEEPEST);
    for (; depth < wanted; depth += 1) html.push(QUOTATION);
    for (; depth > wanted; depth -= 1) html.push('</blockquote>');
    html.push(`<div>${paragraph.text === '' ? '<br>' : withLinks(paragraph.text)}</div>`);
  }
  for (; depth > 0; depth -= 1) html.push('</blockquote>');
  return [...html, '</body></html>', ''].join(CRLF);
}

function withLinks(text: string): string {
  let html = '';
  let at = 0;
  for (const { start, end, url } of urlsIn(text)) {
    const { target } = linkOf(url, 'text', null);
    if (target === null || !ACTIVE.has(target.protocol)) continue;
    const href = /^www/i.test(url) ? target.href : url;
    html += `${withBlanks(text.slice(at, start))}<a href="${escapeHtml(href)}">${escapeHtml(url)}</a>`;
    at = end;
  }
  return html + withBlanks(text.slice(at));
}

/** Blanks in a row, and at the start, are shown as they are; a line may still end at the last of them. */
function withBlanks(text: string): string {
  return escapeHtml(text)
    .replaceAll('\t', `${TAB} `)
    .replaceAll(/ (?= )|^ /g, '&#160;')
    .replaceAll(/[\0-\x1f\x7f]/g, '\ufffd');
}
