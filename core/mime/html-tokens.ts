/**
 * HTML as tokens with their places (HTML Standard, section 13.2.5), for edits that touch nothing else.
 *
 * No tree is built and nothing is repaired: the tokens, in order, are all characters of the text, each once. One pass,
 * no recursion, whatever the text is.
 *
 * Differs from the standard in what needs a tree: `<![CDATA[` is always a comment up to `>`, and `script` and `style`
 * inside of SVG are raw text as they are outside.
 */

/** An attribute. Positions are those of its value, without quotation marks; both are equal where there is none. */
export interface HtmlAttribute {
  /** Lower case. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly quote: '"' | "'" | '';
}

export interface StartTag {
  readonly kind: 'start';
  readonly start: number;
  readonly end: number;
  /** Lower case. */
  readonly name: string;
  /** As written: of two with the same name, the first counts. */
  readonly attributes: readonly HtmlAttribute[];
}

export type HtmlToken =
  | StartTag
  | { readonly kind: 'end'; readonly start: number; readonly end: number; readonly name: string }
  /** Text with character references. */
  | { readonly kind: 'text'; readonly start: number; readonly end: number }
  /** What stands in an element that holds no markup: `script`, `style`, `title`, `textarea` and their like. */
  | { readonly kind: 'raw'; readonly start: number; readonly end: number; readonly within: string }
  /** Comments, document types, processing instructions. */
  | { readonly kind: 'comment'; readonly start: number; readonly end: number }
  /** A tag or a comment that the text ends in: it shows nothing, nor would anything that is put behind it. */
  | { readonly kind: 'unfinished'; readonly start: number; readonly end: number };

const RAW: ReadonlySet<string> = new Set([
  'script',
  'style',
  'title',
  'textarea',
  'xmp',
  'iframe',
  'noembed',
  'noframes',
  'plaintext',
]);

const NAME = /[^\t\n\f\r />]+/y;
const BEFORE_ATTRIBUTE = /[\t\n\f\r /]*/y;
const ATTRIBUTE_NAME = /=?[^\t\n\f\r />=]*/y;
const EQUALS = /[\t\n\f\r ]*=[\t\n\f\r ]*/y;
const UNQUOTED = /[^\t\n\f\r >]*/y;
const SCRIPT_MARK = /<!--|-->|<script(?=[\t\n\f\r />])|<\/script(?=[\t\n\f\r />])/gi;
/** `<!-->` and `<!--->` are whole comments. */
const EMPTY_COMMENT = /-?>/y;
const COMMENT_END = /--!?>/g;

/** The tokens of a text. Never fails. */
export function* htmlTokens(html: string): Generator<HtmlToken> {
  let at = 0;
  let textFrom = 0;
  while (at < html.length) {
    const start = html.indexOf('<', at);
    if (start === -1) break;
    const token = markupAt(html, start);
    if (token === null) {
      at = start + 1;
      continue;
    }
    if (start > textFrom) yield { kind: 'text', start: textFrom, end: start };
    yield token;
    at = token.end;
    if (token.kind === 'start' && holdsRawText(token.name)) {
      const end = rawEnd(html, at, token.name);
      if (end > at) yield { kind: 'raw', start: at, end, within: token.name };
      at = end;
    }
    textFrom = at;
  }
  if (textFrom < html.length) yield { kind: 'text', start: textFrom, end: html.length };
}

/** Whether what stands in an element of that name is no markup. */
export function holdsRawText(name: string): boolean {
  return RAW.has(name);
}

/** The value of an attribute as it is written, or `null` where the tag has none of that name. */
export function attributeOf(html: string, tag: StartTag, name: string): string | null {
  const attribute = tag.attributes.find(each => each.name === name);
  return attribute === undefined ? null : html.slice(attribute.start, attribute.end);
}

/** The tag or comment that starts with this `<`, or `null` where that is text. */
function markupAt(html: string, start: number): Exclude<HtmlToken, { kind: 'text' | 'raw' }> | null {
  const next = html.charAt(start + 1);
  if (next === '!') return commentAt(html, start);
  if (next === '?') return upTo(html, start, start + 2);
  if (next === '/') {
    if (/[A-Za-z]/.test(html.charAt(start + 2))) return endTag(html, start);
    return start + 2 < html.length ? upTo(html, start, start + 2) : null;
  }
  return /[A-Za-z]/.test(next) ? startTag(html, start) : null;
}

function commentAt(html: string, start: number): HtmlToken & { readonly kind: 'comment' | 'unfinished' } {
  if (!html.startsWith('--', start + 2)) return upTo(html, start, start + 2);
  const empty = match(EMPTY_COMMENT, html, start + 4);
  if (empty !== '') return { kind: 'comment', start, end: start + 4 + empty.length };
  COMMENT_END.lastIndex = start + 4;
  return COMMENT_END.test(html)
    ? { kind: 'comment', start, end: COMMENT_END.lastIndex }
    : { kind: 'unfinished', start, end: html.length };
}

/** What the standard calls a bogus comment, and document types, which nobody reads here. */
function upTo(html: string, start: number, from: number): HtmlToken & { readonly kind: 'comment' | 'unfinished' } {
  const end = html.indexOf('>', from);
  return end === -1 ? { kind: 'unfinished', start, end: html.length } : { kind: 'comment', start, end: end + 1 };
}

function startTag(html: string, start: number): HtmlToken & { readonly kind: 'start' | 'unfinished' } {
  const name = match(NAME, html, start + 1);
  const attributes: HtmlAttribute[] = [];
  const end = readAttributes(html, start + 1 + name.length, attributes);
  if (end === null) return { kind: 'unfinished', start, end: html.length };
  return { kind: 'start', start, end, name: name.toLowerCase(), attributes };
}

function endTag(html: string, start: number): HtmlToken & { readonly kind: 'end' | 'unfinished' } {
  const name = match(NAME, html, start + 2);
  const end = readAttributes(html, start + 2 + name.length, []);
  if (end === null) return { kind: 'unfinished', start, end: html.length };
  return { kind: 'end', start, end, name: name.toLowerCase() };
}

/** Reads up to the `>` of the tag. @returns the place behind it, or `null` where the text ends before */
function readAttributes(html: string, from: number, into: HtmlAttribute[]): number | null {
  let at = from;
  for (;;) {
    at += match(BEFORE_ATTRIBUTE, html, at).length;
    if (at >= html.length) return null;
    if (html[at] === '>') return at + 1;
    const name = match(ATTRIBUTE_NAME, html, at);
    at += name.length;
    const equals = match(EQUALS, html, at);
    at += equals.length;
    const character = html.charAt(at);
    if (equals === '' || character === '>') {
      into.push({ name: name.toLowerCase(), start: at, end: at, quote: '' });
    } else if (character === '"' || character === "'") {
      const end = html.indexOf(character, at + 1);
      if (end === -1) return null;
      into.push({ name: name.toLowerCase(), start: at + 1, end, quote: character });
      at = end + 1;
    } else {
      const end = at + match(UNQUOTED, html, at).length;
      into.push({ name: name.toLowerCase(), start: at, end, quote: '' });
      at = end;
    }
  }
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** Where the raw text that starts here ends: at its end tag, or with the text. */
function rawEnd(html: string, from: number, name: string): number {
  if (name === 'plaintext') return html.length;
  if (name === 'script') return scriptEnd(html, from);
  const endTag = new RegExp(`</${name}(?=[\\t\\n\\f\\r />])`, 'gi');
  endTag.lastIndex = from;
  return endTag.exec(html)?.index ?? html.length;
}

/** In a comment in a script, `<script>` makes the next `</script>` its own (HTML Standard, section 13.2.5.21). */
function scriptEnd(html: string, from: number): number {
  let state: 'script' | 'escaped' | 'doubly escaped' = 'script';
  SCRIPT_MARK.lastIndex = from;
  for (let mark = SCRIPT_MARK.exec(html); mark !== null; mark = SCRIPT_MARK.exec(html)) {
    switch (mark[0].toLowerCase()) {
      case '<!--':
        if (state === 'script') state = 'escaped';
        // The hyphens of `<!-->` end what they begin.
        SCRIPT_MARK.lastIndex -= 2;
        break;
      case '-->':
        state = 'script';
        break;
      case '<script':
        if (state === 'escaped') state = 'doubly escaped';
        break;
      default:
        if (state !== 'doubly escaped') return mark.index;
        state = 'escaped';
    }
  }
  return html.length;
}
