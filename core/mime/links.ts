/** Links: what a rule is asked about, and what it may answer. */
import type { TextEdit } from './leaf-text.ts';

/**
 * Where a link stands. `text`: a URL that mail readers make a link of by themselves. `label`: a URL that is shown for an
 * anchor, which may lead elsewhere. `refresh`, `frame` and `style`: what is fetched without a click, as images are.
 */
export type LinkPlace = 'text' | 'label' | 'anchor' | 'form' | 'image' | 'refresh' | 'style' | 'frame' | 'other';

/** A link. */
export interface Link {
  /** As it is written; character references are read, and blanks around it are taken off. */
  readonly url: string;
  /** What a client asks for, in the form of the URL Standard, resolved by `<base href>`. `null` where that is no URL. */
  readonly target: URL | null;
  readonly place: LinkPlace;
}

/** The URL that takes the place of a link's, or `null`: it stays, to the octet. */
export type LinkReplacement = (link: Link) => string | null;

/** A link and what stands in its place now; `null`: it stayed. */
export interface RewrittenLink {
  readonly link: Link;
  readonly replacement: string | null;
}

/** What was found, in order, and the edits that the answers make. */
export interface RewrittenLinks {
  readonly edits: readonly TextEdit[];
  readonly links: readonly RewrittenLink[];
}

/** Followed by a click, and so worth a check at that time. */
const CLICKED: ReadonlySet<LinkPlace> = new Set(['text', 'anchor', 'form', 'refresh']);
const WEB: ReadonlySet<string> = new Set(['http:', 'https:', 'ftp:']);
/** They lead into the mail itself, or to a person. */
const HARMLESS: ReadonlySet<string> = new Set(['cid:', 'mid:', 'mailto:', 'tel:', 'sms:', 'about:']);
const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
/** What readers take for a host. It looks like a scheme where a port follows. */
const WWW = /^www[0-9]{0,3}\./i;
/** Not `https:/\\host` and not `https:host`, which browsers read as well. */
const PLAIN_WEB = /^(?:https?|ftp):\/\/[^/\\]/i;
/** As `defang` writes them. */
const DEFANGED = /^(?:hxxps?:|[a-z][a-z0-9+.-]*\[:\])/i;
/** The URL Standard takes these out of a URL before it reads it (section 4.4). */
const TABS_AND_LINE_ENDS = /[\t\r\n]/g;

/** The link that a URL makes. `base`: what a relative URL is relative to. */
export function linkOf(url: string, place: LinkPlace, base: URL | null): Link {
  return { url, target: URL.parse(isShown(place) && WWW.test(url) ? `http://${url}` : url, base?.href), place };
}

/**
 * A URL that nobody follows by accident and everybody can read.
 * @example defang('https://a.example.test/b.html') // 'hxxps://a[.]example[.]test/b.html'
 * @example defang('javascript:alert(1)') // 'javascript[:]alert(1)'
 */
export function defang(url: string): string {
  const cleaned = url.replaceAll(TABS_AND_LINE_ENDS, '');
  const [start = '', scheme = ''] = (WWW.test(cleaned) ? null : SCHEME.exec(cleaned)) ?? [];
  const rest = cleaned.slice(start.length);
  const hasHost = start === '' || /^mailto$/i.test(scheme) || /^[/\\]{2}/.test(rest);
  const authority = hasHost ? (/^[/\\]*[^/\\?#]*/.exec(rest)?.[0] ?? '') : '';
  const body = authority.replaceAll(/\[\.\]|\./g, '[.]') + rest.slice(authority.length);
  // A URL may hold another one, which readers would find once the one around it is none.
  return deadScheme(scheme) + body.replaceAll('://', '[:]//').replaceAll(/(www[0-9]{0,3})\./gi, '$1[.]');
}

function deadScheme(scheme: string): string {
  if (scheme === '') return '';
  return /^https?$/i.test(scheme) ? `${scheme.replace(/^http/i, 'hxxp')}:` : `${scheme}[:]`;
}

/**
 * Defangs what leads out of the mail, and what is no URL of the web (`javascript:`, `data:`). Images that are in the mail
 * stay (`cid:`, `data:image/`), and so do addresses.
 */
export const defangLinks: LinkReplacement = ({ url, target, place }) => {
  const scheme = target?.protocol ?? SCHEME.exec(url)?.[0].toLowerCase() ?? null;
  const isPicture = (place === 'image' || place === 'style') && /^data:image\//i.test(url);
  if (scheme === null ? !isShown(place) && !/^[/\\]{2}/.test(url) : HARMLESS.has(scheme) || isPicture) return null;
  if (DEFANGED.test(url)) return null;
  // A relative URL, or one that only browsers read, is written as what it leads to.
  const isWhole = isShown(place) || (WEB.has(scheme ?? '') ? PLAIN_WEB.test(url) : SCHEME.test(url));
  return defang(target === null || isWhole ? url : target.href);
};

function isShown(place: LinkPlace): boolean {
  return place === 'text' || place === 'label';
}

/**
 * A replacement by template, for links to the web that are followed by a click: `https://check.example.test/?u={url}`.
 * `{url}` is the URL percent-encoded as a query wants it, `{base64url}` the same in base64url, `{host}` the host in
 * ASCII. The URL is the one that was written, so its own percent-encodings and its host's letters stay; a relative one
 * is the one it is resolved to. What the template has made once is not wrapped again.
 * @throws TypeError for a template with other braces, without `{url}` and `{base64url}`, or that makes no http URL
 */
export function linkTemplate(template: string): LinkReplacement {
  const pieces = template.split(/(\{[^{}]*\})/);
  const filled = (url: string, host: string) =>
    pieces.map((piece, index) => (index % 2 === 0 ? piece : fill(piece, url, host))).join('');
  if (!/\{url\}|\{base64url\}/.test(template))
    throw new TypeError(`the link template ${template} lacks {url} and {base64url}`);
  if (!WEB.has(URL.parse(filled('http://example.test/', 'example.test'))?.protocol ?? '')) {
    throw new TypeError(`the link template ${template} makes no URL of the web`);
  }
  // Without its host to the end, a start could be that of somebody else's URL.
  const start = /^[a-z]+:\/\/[^/]+\//i.test(pieces[0] ?? '') ? pieces[0] : undefined;
  return ({ url, target, place }) => {
    if (target === null || !WEB.has(target.protocol) || !CLICKED.has(place)) return null;
    if (start !== undefined && url.startsWith(start)) return null;
    return filled(
      (PLAIN_WEB.test(url) ? url.replaceAll(TABS_AND_LINE_ENDS, '') : target.href).toWellFormed(),
      target.host,
    );
  };
}

function fill(placeholder: string, url: string, host: string): string {
  switch (placeholder) {
    case '{url}':
      return encodeURIComponent(url);
    case '{base64url}':
      return Buffer.from(url).toString('base64url');
    case '{host}':
      return encodeURIComponent(host);
    default:
      throw new TypeError(`a link template knows {url}, {base64url} and {host}, not ${placeholder}`);
  }
}
