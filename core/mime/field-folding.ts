/**
 * Folding of fields (RFC 5322 section 2.2.3): line ends before blanks, which change nothing of what the field says.
 *
 * Encoded words, quoted strings and comments stay whole, because some readers do not look for their end on the next line;
 * only what is longer than any line may be is folded inside of them.
 */
import { closingOf, MOST_FAILURES } from './closing.ts';
import type { Edit } from './edit.ts';
import type { HeaderField } from './header.ts';

const CRLF = '\r\n';
/** RFC 5322 section 2.1.1, without the line end. In octets. */
const LONGEST_LINE = 998;

/**
 * The field in lines of at most `width` octets where that can be, and of 998 wherever there is a blank. `null`: it is so
 * already. The value stays the same, to the octet. For an edit of the header that the field is in.
 */
export function foldField(field: HeaderField, width: number): Edit | null {
  const raw = field.raw.toString('latin1');
  if (raw.split('\n').every(line => line.replace(/\r$/, '').length <= width)) return null;
  const [start, value, lineEnd] = parts(raw);
  let lines = fold(start, wholesOf(value), width);
  if (lines.some(line => line.length > LONGEST_LINE)) lines = fold(start, value.split(BEFORE_BLANKS), width);
  return edit(field, lines.join(CRLF) + lineEnd);
}

/** The field on one line, or `null` where it is so already, or where that line would be longer than 998 octets. */
export function unfoldField(field: HeaderField): Edit | null {
  const [start, value, lineEnd] = parts(field.raw.toString('latin1'));
  return start.length + value.length > LONGEST_LINE ? null : edit(field, start + value + lineEnd);
}

/** Name and colon, the value on one line, and the line end, if there is one. */
function parts(raw: string): readonly [string, string, string] {
  const lineEnd = /\r?\n$/.exec(raw)?.[0] ?? '';
  const colon = raw.indexOf(':') + 1;
  return [raw.slice(0, colon), raw.slice(colon, raw.length - lineEnd.length).replaceAll(/\r?\n/g, ''), lineEnd];
}

function edit({ start, end, raw }: HeaderField, written: string): Edit | null {
  const replacement = Buffer.from(written, 'latin1');
  return replacement.equals(raw) ? null : { start, end, replacement };
}

const BEFORE_BLANKS = /(?<![ \t])(?=[ \t])/;

/** Each piece starts with the blanks before it, but the first. Blanks at the end make no line of their own. */
function fold(start: string, pieces: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  let line = start;
  for (const [index, piece] of pieces.entries()) {
    const isBlank = piece.trim() === '';
    const mayFold = index > 0 || /^[ \t]/.test(piece);
    const length = line.length + piece.length;
    if (mayFold && !isBlank && length > (line === start ? LONGEST_LINE : width)) {
      lines.push(line);
      line = piece;
    } else {
      line += piece;
    }
  }
  return [...lines, line];
}

/** The value in pieces that may stand on a line each. */
function wholesOf(value: string): readonly string[] {
  const pieces: string[] = [];
  let failures = 0;
  let from = 0;
  for (let at = 0; at < value.length; at += 1) {
    const character = value.charAt(at);
    if (character === '\\') at += 1;
    else if ((character === '"' || character === '(') && failures < MOST_FAILURES) {
      const closing = closingOf(value, at);
      if (closing === null) failures += 1;
      else at = closing;
    } else if (isBlank(character) && !isBlank(value.charAt(at - 1)) && at > from) {
      pieces.push(value.slice(from, at));
      from = at;
    }
  }
  return [...pieces, value.slice(from)];
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t';
}
