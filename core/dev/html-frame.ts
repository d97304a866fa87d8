/**
 * HTML of a mail as a document for a sandboxed frame: nothing runs, nothing is fetched, nothing leads anywhere.
 *
 * The browser holds this by `FRAME_POLICY` and the frame's sandbox. What no policy can forbid is taken out here as well:
 * preconnections and look-ups of names, and links that would replace the document by an error page.
 */

import { rewriteHtmlLinks } from '../mime/html-links.ts';
import { htmlTokens, type StartTag } from '../mime/html-tokens.ts';
import { withoutReferences } from '../mime/shown-text.ts';

/** The Content-Security-Policy of the document. */
export const FRAME_POLICY = [
  'sandbox',
  "default-src 'none'",
  'img-src data:',
  "style-src 'unsafe-inline'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** A document, and what is not in it. */
export interface HtmlFrame {
  readonly document: string;
  /** What would have been fetched from elsewhere, each once. */
  readonly blocked: readonly string[];
  /** Where its links lead, each once. */
  readonly links: readonly string[];
}

/** With all that is in them. */
const CONTENTS_TOO: ReadonlySet<string> = new Set([
  'script',
  'iframe',
  'noembed',
  'noframes',
  'title',
  'object',
  'applet',
]);
/** Without a trace, but for what is in them. */
const LEFT_OUT: ReadonlySet<string> = new Set(
  'script iframe noembed noframes title object applet embed frame frameset link meta base form portal fencedframe template plaintext audio video source track'.split(
    ' ',
  ),
);
/** All that an element may say here, beside its style. */
const KEPT: ReadonlySet<string> = new Set(
  (
    'abbr align alt bgcolor border cellpadding cellspacing char charoff cite class clear color cols colspan compact coords ' +
    'datetime dir face frame headers height hspace id lang noshade nowrap reversed rows rowspan rules scope shape size span ' +
    'start style summary text title type usemap valign value vspace width open'
  ).split(' '),
);
const PICTURES: ReadonlySet<string> = new Set(['src', 'background']);
const INLINE_PICTURE = /^data:image\/(?:png|jpe?g|gif|webp|bmp|avif|svg\+xml);/i;
const REMOTE_PLACES: ReadonlySet<string> = new Set(['image', 'style', 'frame', 'refresh', 'other']);
const STYLE =
  'html{background:#fff;color:#1a1a1a;font:15px/1.5 system-ui,sans-serif}body{margin:16px}img{max-width:100%}';

/**
 * Makes one.
 * @param picture What a `cid:` stands for, as a data URL, or `null`.
 */
export function htmlFrame(html: string, picture: (contentId: string) => string | null): HtmlFrame {
  const links = new Set<string>();
  const blocked = new Set<string>();
  for (const { link } of rewriteHtmlLinks(html, () => null).links) {
    const { place, target, url } = link;
    const isRemote = target !== null ? /^(?:https?|ftp|wss?):$/.test(target.protocol) : /^[/\\]{2}/.test(url);
    if (place === 'anchor' || place === 'form') links.add(target?.href ?? url);
    else if (isRemote && REMOTE_PLACES.has(place)) blocked.add(target?.href ?? url);
  }
  const body = [...kept(html, picture)].join('');
  const document = `<!doctype html><html><head><meta charset="utf-8"><style>${STYLE}</style></head><body>${body}</body></html>`;
  return { document, blocked: [...blocked], links: [...links] };
}

function* kept(html: string, picture: (contentId: string) => string | null): Generator<string> {
  /** The elements that are open of those that are left out with all that is in them. */
  let inside: string | null = null;
  for (const token of htmlTokens(html)) {
    if (inside !== null) {
      if (token.kind === 'end' && token.name === inside) inside = null;
      continue;
    }
    switch (token.kind) {
      case 'text':
        yield html.slice(token.start, token.end).replaceAll('<', '&lt;');
        break;
      case 'raw':
        // In SVG, browsers read markup in what holds none elsewhere.
        yield html.slice(token.start, token.end).replaceAll('<', token.within === 'style' ? '' : '&lt;');
        break;
      case 'start':
        if (CONTENTS_TOO.has(token.name)) inside = token.name;
        else if (!LEFT_OUT.has(token.name) && !isStructure(token.name)) yield startTag(html, token, picture);
        break;
      case 'end':
        if (!LEFT_OUT.has(token.name) && !isStructure(token.name)) yield `</${token.name}>`;
        break;
      case 'comment':
      case 'unfinished':
        break;
    }
  }
}

/** There is a document around it already. */
function isStructure(name: string): boolean {
  return name === 'html' || name === 'head' || name === 'body';
}

/** The tag again, with nothing but what is known to be harmless. A link says where it would lead. */
function startTag(html: string, tag: StartTag, picture: (contentId: string) => string | null): string {
  if (!/^[a-z][a-z0-9:-]*$/.test(tag.name)) return '';
  const said: string[] = [];
  for (const { name, start, end } of tag.attributes) {
    const value = withoutReferences(html, start, end, 'attribute').text;
    if (KEPT.has(name)) said.push(attribute(name, value));
    else if (name === 'href' && (tag.name === 'a' || tag.name === 'area')) {
      said.push(attribute('title', value.trim()), 'style="text-decoration:underline;color:#0b57d0;cursor:default"');
    } else if (PICTURES.has(name)) {
      const [, contentId] = /^\s*cid:(.*?)\s*$/is.exec(value) ?? [];
      const shown = contentId === undefined ? value.trim() : picture(decoded(contentId));
      if (shown !== null && INLINE_PICTURE.test(shown)) said.push(attribute(name, shown));
      else if (tag.name === 'img')
        said.push('style="outline:1px dashed #b0b0b0;outline-offset:-1px;min-width:12px;min-height:12px"');
    }
  }
  return `<${[tag.name, ...said].join(' ')}>`;
}

function attribute(name: string, value: string): string {
  return `${name}="${value.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')}"`;
}

/** A URL writes some characters of a Content-ID by their number (RFC 2392). */
function decoded(contentId: string): string {
  try {
    return decodeURIComponent(contentId);
  } catch {
    return contentId;
  }
}
