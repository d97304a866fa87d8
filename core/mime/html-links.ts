/**
 * Links in HTML: in attributes, in style sheets, in meta refresh, and in text that mail readers make links of.
 *
 * Found wherever a client may find them: behind character references, in upper case, in a second attribute of the same
 * name, in conditional comments (which Outlook reads). Not found: what a script would make, and HTML in `srcdoc`.
 */
import { cssUrls, formatCssUrl } from './css-urls.ts';
import { type HtmlAttribute, htmlTokens, type StartTag } from './html-tokens.ts';
import type { TextEdit } from './leaf-text.ts';
import {
  type Link,
  type LinkPlace,
  type LinkReplacement,
  linkOf,
  type RewrittenLink,
  type RewrittenLinks,
} from './links.ts';
import { asWritten, type ShownText, withoutReferences } from './shown-text.ts';
import { linksIn } from './text-links.ts';

/** Attributes that hold one URL, of whatever element. */
const URL_ATTRIBUTES: ReadonlyMap<string, LinkPlace> = new Map<string, LinkPlace>([
  ['href', 'anchor'],
  ['xlink:href', 'anchor'],
  ['action', 'form'],
  ['formaction', 'form'],
  ['src', 'image'],
  ['background', 'image'],
  ['poster', 'image'],
  ['dynsrc', 'image'],
  ['lowsrc', 'image'],
  ['data', 'frame'],
  ['cite', 'other'],
  ['longdesc', 'other'],
]);
/** Where the element says more than the attribute. */
const URL_ELEMENTS: ReadonlyMap<string, LinkPlace> = new Map<string, LinkPlace>([
  ['link', 'style'],
  ['image', 'image'],
  ['feimage', 'image'],
  ['use', 'image'],
  ['iframe', 'frame'],
  ['frame', 'frame'],
  ['embed', 'frame'],
  ['script', 'other'],
]);
const CONDITIONAL = /^<!--\[if\b[^>]*>/i;
const CONDITIONAL_END = /(?:<!\[endif\])?--!?>$/i;
const REFRESH_URL = /^[\s0-9.]*[;,]?\s*(?:url\s*=\s*)?(?:"([^"]*)|'([^']*)|([^]*))/di;

/** Asks about every link. All characters outside of replaced URLs stay. */
export function rewriteHtmlLinks(html: string, replace: LinkReplacement): RewrittenLinks {
  const rewriting = new Rewriting(replace, baseOf(html));
  rewriting.read(html, 0);
  return rewriting;
}

/** The first `<base href>` counts, for what stands above it too. */
function baseOf(html: string): URL | null {
  if (!/<base\b/i.test(html)) return null;
  for (const token of htmlTokens(html)) {
    if (token.kind !== 'start' || token.name !== 'base') continue;
    const href = token.attributes.find(({ name }) => name === 'href');
    if (href !== undefined) return URL.parse(withoutReferences(html, href.start, href.end, 'attribute').text);
  }
  return null;
}

/** A piece of a shown text that is a URL. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly url: string;
  readonly place: LinkPlace;
}

class Rewriting implements RewrittenLinks {
  readonly edits: TextEdit[] = [];
  readonly links: RewrittenLink[] = [];
  readonly #replace: LinkReplacement;
  readonly #base: URL | null;
  /** Inside of an anchor, a click leads where the anchor does, whatever the text says. */
  #anchored = false;

  constructor(replace: LinkReplacement, base: URL | null) {
    this.#replace = replace;
    this.#base = base;
  }

  /** `offset`: where this piece of HTML stands in the whole. */
  read(html: string, offset: number): void {
    for (const token of htmlTokens(html)) {
      switch (token.kind) {
        case 'text': {
          const shown = withoutReferences(html, token.start, token.end, 'text');
          for (const { start, end, link } of linksIn(shown, this.#anchored ? 'label' : 'text')) {
            this.#ask(link, { start: offset + start, end: offset + end }, escapeText);
          }
          break;
        }
        case 'raw':
          if (token.within === 'style') this.#styles(asWritten(html, token.start, token.end), offset, formatCssUrl);
          break;
        case 'comment':
          this.#conditional(html.slice(token.start, token.end), offset + token.start);
          break;
        case 'start':
          if (token.name === 'a') this.#anchored = token.attributes.some(({ name }) => name === 'href');
          for (const attribute of token.attributes) this.#attribute(html, token, attribute, offset);
          break;
        case 'end':
          if (token.name === 'a') this.#anchored = false;
          break;
        case 'unfinished':
          break;
      }
    }
  }

  /** Comments hold no comments, so this goes no deeper. */
  #conditional(comment: string, offset: number): void {
    const start = CONDITIONAL.exec(comment)?.[0].length ?? comment.length;
    const inner = comment.slice(start).replace(CONDITIONAL_END, '');
    if (inner !== '') this.read(inner, offset + start);
  }

  #attribute(html: string, tag: StartTag, attribute: HtmlAttribute, offset: number): void {
    const { name, start, end, quote } = attribute;
    if (end === start) return;
    const escape = (url: string) => escapeValue(url, quote);
    if (name === 'style') {
      this.#styles(withoutReferences(html, start, end, 'attribute'), offset, url => escape(formatCssUrl(url)));
      return;
    }
    const find = urlsOf(html, tag, name);
    if (find === null) return;
    const shown = withoutReferences(html, start, end, 'attribute');
    for (const found of find(shown.text)) this.#askAt(shown, found, offset, escape);
  }

  #styles(shown: ShownText, offset: number, format: (url: string) => string): void {
    for (const { start, end, url } of cssUrls(shown.text)) {
      this.#askAt(shown, { start, end, url, place: 'style' }, offset, format);
    }
  }

  #askAt(shown: ShownText, { start, end, url, place }: Place, offset: number, format: (url: string) => string): void {
    const link = linkOf(url, place, this.#base);
    this.#ask(link, { start: offset + shown.startOf(start), end: offset + shown.endOf(end) }, format);
  }

  #ask(link: Link, span: { readonly start: number; readonly end: number }, format: (url: string) => string): void {
    if (link.url === '' || link.url.startsWith('#')) return;
    const answer = this.#replace(link);
    const replacement = answer === link.url ? null : answer;
    this.links.push({ link, replacement });
    if (replacement !== null) this.edits.push({ ...span, text: format(replacement) });
  }
}

/** How the URLs of an attribute are found; `null` where it holds none. */
function urlsOf(html: string, tag: StartTag, attribute: string): ((text: string) => Iterable<Place>) | null {
  const element = tag.name;
  if (attribute === 'srcset' || attribute === 'imagesrcset') return imageCandidates;
  if (element === 'meta' && attribute === 'content') return isRefresh(html, tag) ? refreshUrl : null;
  const usual = URL_ATTRIBUTES.get(attribute);
  if (usual === undefined || element === 'base' || (attribute === 'data' && element !== 'object')) return null;
  const place = usual === 'anchor' || usual === 'image' ? (URL_ELEMENTS.get(element) ?? usual) : usual;
  return text => [trimmed(text, 0, text.length, place)];
}

function isRefresh(html: string, { attributes }: StartTag): boolean {
  return attributes.some(({ name, start, end }) => {
    return name === 'http-equiv' && /^refresh$/i.test(withoutReferences(html, start, end, 'attribute').text.trim());
  });
}

/** The URL Standard takes blanks and control characters off both ends of a URL (section 4.4). */
function trimmed(text: string, from: number, to: number, place: LinkPlace): Place {
  let [start, end] = [from, to];
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return { start, end, url: text.slice(start, end), place };
}

/** HTML Standard, section 4.8.4.3.10: URLs and descriptors, between commas. */
function* imageCandidates(text: string): Generator<Place> {
  const candidate = /[\s,]*([^\s]+)(\s[^,]*)?/dgy;
  for (let match = candidate.exec(text); match !== null; match = candidate.exec(text)) {
    const [start, end] = match.indices?.[1] ?? [0, 0];
    const url = withoutCommas(text.slice(start, end));
    // A comma at the end of a URL parts it from the next one, and no descriptor follows.
    if (url.length < end - start) candidate.lastIndex = end;
    if (url !== '') yield { start, end: start + url.length, url, place: 'image' };
  }
}

function withoutCommas(url: string): string {
  let end = url.length;
  while (end > 0 && url[end - 1] === ',') end -= 1;
  return url.slice(0, end);
}

/** HTML Standard, section 4.2.5.3: seconds, and where to go then. */
function* refreshUrl(text: string): Generator<Place> {
  const { indices } = REFRESH_URL.exec(text) ?? {};
  const [start, end] = indices?.[1] ?? indices?.[2] ?? indices?.[3] ?? [0, 0];
  yield trimmed(text, start, end, 'refresh');
}

function escapeText(url: string): string {
  return url.replaceAll(/[&<>]/g, reference);
}

/** What is not in quotation marks ends at a blank, so an empty value must be in some. */
function escapeValue(url: string, quote: HtmlAttribute['quote']): string {
  if (quote === '') return url === '' ? '""' : url.replaceAll(/[&"'<>`=\s]/g, reference);
  return url.replaceAll(quote === '"' ? /[&"]/g : /[&']/g, reference);
}

function reference(character: string): string {
  return character === '&' ? '&amp;' : `&#${character.charCodeAt(0)};`;
}
