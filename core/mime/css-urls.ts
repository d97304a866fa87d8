/** URLs in style sheets: `url(…)` and `@import "…"` (CSS Syntax Module, section 4.3). */

/** A URL in a style sheet. Positions are those of what is written, without quotation marks. */
export interface CssUrl {
  readonly start: number;
  readonly end: number;
  /** Escapes are read. */
  readonly url: string;
  /** What may stand around it. */
  readonly quote: '"' | "'" | '';
}

/** The letters may be escaped, which hides them from those who look for `url(` alone. */
const MARK = /(?:u|\\0{0,4}[57]5\s?)(?:r|\\0{0,4}[57]2\s?)(?:l|\\0{0,4}[46]c\s?)\(\s*|@import\s+/gi;
/** A blank behind the digits of an escape belongs to it. */
const ESCAPE = /\\(?:([0-9a-f]{1,6})\s?|([^]))/gi;
const END_OF_UNQUOTED = /[\s"'()]|\\(?:[0-9a-f]{1,6}\s?|[^\n])?/gi;

/** The URLs of a style sheet or of a style attribute, in order. Time is linear in its length. */
export function* cssUrls(css: string): Generator<CssUrl> {
  const mark = new RegExp(MARK);
  for (let match = mark.exec(css); match !== null; match = mark.exec(css)) {
    const at = mark.lastIndex;
    const quote = css.charAt(at);
    let [start, end] = [at, at];
    if (quote === '"' || quote === "'") {
      start = at + 1;
      end = stringEnd(css, start, quote);
    } else if (!match[0].startsWith('@')) {
      end = unquotedEnd(css, at);
    }
    mark.lastIndex = Math.max(end, at);
    if (end > start) {
      yield { start, end, url: unescape(css.slice(start, end)), quote: quote === '"' || quote === "'" ? quote : '' };
    }
  }
}

/** A URL as it may stand in quotation marks, or without. */
export function formatCssUrl(url: string): string {
  return url.replaceAll(
    /[^!#$%&*+,./0-9:;=?@A-Z[\]^_`a-z{|}~-]/gu,
    character => `\\${character.codePointAt(0)?.toString(16)} `,
  );
}

function unquotedEnd(css: string, start: number): number {
  const end = new RegExp(END_OF_UNQUOTED);
  end.lastIndex = start;
  for (let match = end.exec(css); match !== null; match = end.exec(css)) {
    if (!match[0].startsWith('\\')) return match.index;
  }
  return css.length;
}

/** A string ends at its quotation mark, or at the line end that makes it a bad one. */
function stringEnd(css: string, start: number, quote: string): number {
  const end = /["'\n\\]/g;
  end.lastIndex = start;
  for (let match = end.exec(css); match !== null; match = end.exec(css)) {
    if (match[0] === '\\') end.lastIndex += 1;
    else if (match[0] === quote || match[0] === '\n') return match.index;
  }
  return css.length;
}

function unescape(css: string): string {
  return css.replaceAll(ESCAPE, (_, hex: string | undefined, character: string | undefined) => {
    if (hex === undefined) return character === '\n' ? '' : (character ?? '');
    const codePoint = Number.parseInt(hex, 16);
    return codePoint > 0 && codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : '\ufffd';
  });
}
