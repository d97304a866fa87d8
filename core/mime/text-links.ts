/**
 * Links in plain text: the URLs that mail readers make links of (RFC 3986 appendix C).
 *
 * A URL has a scheme and `://`, or starts with `www.` or `mailto:`. It ends at a blank, an angle bracket or a quotation
 * mark; punctuation behind it belongs to the sentence, and so does a bracket that was not opened in it. Readers that make
 * links of bare names (`example.test`) are not followed: nobody can tell them from the end of one sentence and the start
 * of the next.
 */
import type { TextEdit } from './leaf-text.ts';
import { type Link, type LinkReplacement, linkOf, type RewrittenLink, type RewrittenLinks } from './links.ts';
import { asWritten, type ShownText, withoutSoftBreaks } from './shown-text.ts';
import type { TextFormat } from './text-format.ts';

/** A URL in a text. */
export interface FoundUrl {
  readonly start: number;
  readonly end: number;
  readonly url: string;
}

const MARK = /:\/\/|(?<![\p{L}\p{N}@./_-])www[0-9]{0,3}\.(?=[\p{L}\p{N}])|(?<![\p{L}\p{N}])mailto:(?=[^\s<>"])/giu;
const LONGEST_SCHEME = 32;
/** What some readers find in the middle of a word too. */
const WEB_SCHEME = /(?:https?|ftps?)$/i;
const ANY_SCHEME = /[a-z][a-z0-9+.-]+$/i;
/** What was made dead before, here or elsewhere. */
const DEAD_SCHEME = /(?:hxxps?|fxps?)$/i;
/** Up to a blank, a control character, or what quotes and ends sentences in the scripts that have no blanks. */
const RUN = /[^\s\u0000-\u0020\u007f-\u009f<>"`«»“”„‹›、。，；：！？（）［］【】「」『』《》〈〉｜]+/uy;
const PUNCTUATION = /[.,;:!?'*_~…‘’|\\]/;
const BRACKETS: ReadonlyMap<string, string> = new Map([
  [')', '('],
  [']', '['],
  ['}', '{'],
]);

/** Asks about every link of a plain text. All characters outside of replaced URLs stay. */
export function rewriteTextLinks(text: string, format: TextFormat, replace: LinkReplacement): RewrittenLinks {
  const joins = format.kind === 'flowed' && format.delSp;
  const shown = joins ? withoutSoftBreaks(text) : asWritten(text, 0, text.length);
  const edits: TextEdit[] = [];
  const links: RewrittenLink[] = [];
  for (const { start, end, link } of linksIn(shown, 'text')) {
    const replacement = replace(link);
    links.push({ link, replacement });
    if (replacement !== null) edits.push({ start, end, text: replacement });
  }
  return { edits, links };
}

/** The links of a shown text, and where each is written. */
export function* linksIn(
  shown: ShownText,
  place: 'text' | 'label',
): Generator<{ readonly start: number; readonly end: number; readonly link: Link }> {
  for (const { start, end, url } of urlsIn(shown.text)) {
    yield { start: shown.startOf(start), end: shown.endOf(end), link: linkOf(url, place, null) };
  }
}

/** The URLs of a text, in order. */
export function* urlsIn(text: string): Generator<FoundUrl> {
  const mark = new RegExp(MARK);
  let free = 0;
  for (let match = mark.exec(text); match !== null; match = mark.exec(text)) {
    const start = match[0] === '://' ? schemeStart(text, match.index, free) : match.index;
    if (start === null) continue;
    RUN.lastIndex = start;
    const end = withoutPunctuation(text, start, start + (RUN.exec(text)?.[0].length ?? 0));
    if (end <= mark.lastIndex) continue;
    yield { start, end, url: text.slice(start, end) };
    free = end;
    mark.lastIndex = end;
  }
}

function schemeStart(text: string, at: number, free: number): number | null {
  const before = text.slice(Math.max(free, at - LONGEST_SCHEME), at);
  const scheme = (WEB_SCHEME.exec(before) ?? ANY_SCHEME.exec(before))?.[0] ?? '';
  return scheme === '' || DEAD_SCHEME.test(scheme) ? null : at - scheme.length;
}

/** Where a URL ends that goes up to `end` at most. */
function withoutPunctuation(text: string, start: number, end: number): number {
  const surplus = new Map<string, number>();
  for (let last = end; last > start; last -= 1) {
    const character = text.charAt(last - 1);
    const opening = BRACKETS.get(character);
    if (opening === undefined) {
      if (!PUNCTUATION.test(character)) return last;
      continue;
    }
    const unopened = surplus.get(character) ?? surplusOf(character, opening, text.slice(start, end));
    if (unopened <= 0) return last;
    surplus.set(character, unopened - 1);
  }
  return start;
}

function surplusOf(closing: string, opening: string, url: string): number {
  let surplus = 0;
  for (let at = 0; at < url.length; at += 1) {
    if (url[at] === closing) surplus += 1;
    else if (url[at] === opening) surplus -= 1;
  }
  return surplus;
}
