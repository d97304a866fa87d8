/**
 * Field values with parameters: `attachment; filename="report.pdf"` (RFC 2045 section 5.1).
 *
 * Tolerant, because clients are: a missing semicolon, an unclosed quotation or an unquoted file name with blanks is read
 * as most clients read it. Where a parameter is there in several forms, all of them are listed, the one that counts
 * first, so that a filter can look at each name under which a client may show a file.
 */
import { trimBlanks } from './blanks.ts';
import { assembleParameters, type FieldParameter, type RawParameter } from './continuation.ts';

/** A field value with parameters. */
export interface ParameterizedValue {
  /** What stands before the first parameter. */
  readonly value: string;
  readonly parameters: readonly FieldParameter[];
}

/** Where a parameter starts that lacks the semicolon before it. */
const NEXT_PARAMETER = /(?<![ \t])[ \t]+(?=[A-Za-z0-9_.!#$&+^`{|}~*-]+[ \t]*=(?!\?))/;

/** Any value with parameters. Never fails. `value` unfolded, one character an octet, as `HeaderField.value` is. */
export function parseParameterized(value: string): ParameterizedValue {
  const [first = '', ...others] = splitAtSemicolons(value);
  const end = NEXT_PARAMETER.exec(first)?.index ?? first.length;
  const raws = [first.slice(end), ...others].flatMap(readPiece);
  return { value: trimBlanks(first.slice(0, end)), parameters: assembleParameters(raws) };
}

/** The pieces between semicolons, without comments. Quotations stay as they are. */
function splitAtSemicolons(text: string): readonly string[] {
  const pieces: string[] = [];
  let piece = '';
  let previous = '';
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    let end = at + 1;
    if (character === ';') {
      pieces.push(piece);
      piece = '';
    } else if (character === '(' && !isWordCharacter(text, at - 1)) {
      end = commentEnd(text, at);
    } else {
      if (character === '"' && previous === '=') end = readQuotation(text, at).end;
      piece += text.slice(at, end);
    }
    if (character !== ' ' && character !== '\t') previous = character;
    at = end;
  }
  return [...pieces, piece];
}

/** In `report(2).pdf` the parenthesis is a part of the name; in `us-ascii (plain)` it starts a comment. */
function isWordCharacter(text: string, at: number): boolean {
  return at >= 0 && !/[ \t;=()"/]/.test(text.charAt(at));
}

function commentEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '(') depth += 1;
    else if (text[at] === ')') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

/** The quotation that starts at `start`, unescaped. Without a quotation mark at its end it goes to the end of the text. */
function readQuotation(text: string, start: number): { readonly content: string; readonly end: number } {
  let content = '';
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '"') return { content, end: at + 1 };
    if (text[at] === '\\') at += 1;
    content += text.charAt(at);
  }
  return { content, end: text.length };
}

/** The parameters of a piece: one, or several where semicolons are missing. */
function readPiece(piece: string): readonly RawParameter[] {
  const found: RawParameter[] = [];
  let rest = piece;
  for (let equals = rest.indexOf('='); equals !== -1; equals = rest.indexOf('=')) {
    const name = trimBlanks(rest.slice(0, equals)).toLowerCase();
    const value = trimBlanks(rest.slice(equals + 1));
    const { content, end } = value.startsWith('"') ? readQuotation(value, 0) : readWord(value);
    if (name !== '') found.push({ name, raw: content });
    rest = value.slice(end);
  }
  return found;
}

function readWord(text: string): { readonly content: string; readonly end: number } {
  const end = NEXT_PARAMETER.exec(text)?.index ?? text.length;
  return { content: text.slice(0, end), end };
}
