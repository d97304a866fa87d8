/** Address fields as tokens (RFC 5322 section 3.2): words, comments and the specials that part them. */

import { closingOf, MOST_FAILURES } from './closing.ts';

/** A token. `spaced`: a blank or a comment stands before it. */
export type AddressToken =
  | { readonly kind: 'word'; readonly text: string; readonly quoted: boolean; readonly spaced: boolean }
  | { readonly kind: 'comment'; readonly text: string }
  | { readonly kind: Special; readonly spaced: boolean };

export type Special = '<' | '>' | ',' | ';' | ':' | '@';

const SPECIALS: ReadonlySet<string> = new Set<Special>(['<', '>', ',', ';', ':', '@']);
const BLANKS = /[ \t\r\n]+/y;
/** Broken senders leave specials unescaped in encoded words: each is one word, whatever it holds. */
const ENCODED_WORD = /=\?[^?\s]+\?[bq]\?[^?]*\?=/iy;
const DOMAIN_LITERAL = /\[[^[\]]*\]/y;
const ATOM = /[^\s"()<>,;:@[\]]+/y;

/** The tokens of a field value. Never fails: a quotation or comment that does not end is text like any other. */
export function addressTokens(text: string): readonly AddressToken[] {
  const tokens: AddressToken[] = [];
  let failures = 0;
  let spaced = false;
  let at = 0;
  while (at < text.length) {
    const character = text.charAt(at);
    const blanks = match(BLANKS, text, at);
    if (blanks !== null) {
      spaced = true;
      at += blanks.length;
      continue;
    }
    const closing = (character === '"' || character === '(') && failures < MOST_FAILURES ? closingOf(text, at) : null;
    if (closing !== null) {
      const inner = text.slice(at + 1, closing).replaceAll(/\\([^])/g, '$1');
      tokens.push(
        character === '(' ? { kind: 'comment', text: inner } : { kind: 'word', text: inner, quoted: true, spaced },
      );
      spaced = character === '(';
      at = closing + 1;
      continue;
    }
    if (character === '"' || character === '(') failures += 1;
    if (isSpecial(character)) {
      tokens.push({ kind: character, spaced });
      at += 1;
    } else {
      const word =
        match(ENCODED_WORD, text, at) ?? match(DOMAIN_LITERAL, text, at) ?? match(ATOM, text, at) ?? character;
      tokens.push({ kind: 'word', text: word, quoted: false, spaced });
      at += word.length;
    }
    spaced = false;
  }
  return tokens;
}

function isSpecial(character: string): character is Special {
  return SPECIALS.has(character);
}

function match(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}
