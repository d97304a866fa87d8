/**
 * The forms of text/plain: lines as they are, or lines that flow: a line that ends in a blank goes on in the next one
 * (RFC 3676).
 */
import { type MediaType, parameter } from './media-type.ts';

/** `delSp`: the blank at the end of a line that goes on is no part of the text (RFC 3676 section 4.1). */
export type TextFormat = { readonly kind: 'fixed' } | { readonly kind: 'flowed'; readonly delSp: boolean };

/** What a reader shows as one line or paragraph. */
export interface TextParagraph {
  /** How many quotation marks (`>`) stand before it. */
  readonly depth: number;
  /** Without quotation marks, stuffed blanks and line ends. */
  readonly text: string;
}

/** RFC 3676 section 4.3. It never flows. */
export const SIGNATURE_SEPARATOR = '-- ';
/** RFC 3676 section 4.2: what must be stuffed, so that it is not taken for a quotation or for the separator of mbox. */
const STUFFED = /^(?: |>|From )/;
/** RFC 3676 section 4.2. In characters, with the blank at its end. */
const FLOWED_LINE = 78;

/** The format that a Content-Type says. */
export function textFormat(type: MediaType): TextFormat {
  const isFlowed = type.subtype === 'plain' && parameter(type, 'format')?.toLowerCase() === 'flowed';
  if (!isFlowed) return { kind: 'fixed' };
  return { kind: 'flowed', delSp: parameter(type, 'delsp')?.toLowerCase() === 'yes' };
}

/** The line end that a text uses; CRLF, the one of mail, where it has none. */
export function lineEndOf(text: string): '\r\n' | '\n' {
  const lf = text.indexOf('\n');
  return lf > 0 && text[lf - 1] !== '\r' ? '\n' : '\r\n';
}

/** Lines of plain text as a part of that format carries them, without line ends. Each is a paragraph of its own. */
export function formatLines(lines: readonly string[], format: TextFormat): readonly string[] {
  switch (format.kind) {
    case 'fixed':
      return lines;
    case 'flowed':
      return lines.flatMap(line => (line === SIGNATURE_SEPARATOR ? [line] : flowed(line, format.delSp)));
  }
}

/** A paragraph in lines that flow. Words longer than a line stay whole. */
function flowed(paragraph: string, delSp: boolean): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of paragraph.replace(/(?<! ) +$/, '').split(/(?<= )(?! )/)) {
    const isFull = line.length + word.trimEnd().length > FLOWED_LINE - 3;
    // A line that would be taken for the signature separator is not to end here.
    if (isFull && line !== '' && line !== SIGNATURE_SEPARATOR) {
      lines.push(stuffed(delSp ? `${line} ` : line));
      line = '';
    }
    line += word;
  }
  return [...lines, stuffed(line)];
}

function stuffed(line: string): string {
  return STUFFED.test(line) ? ` ${line}` : line;
}

/** What a reader shows: flowed lines joined, quotation marks counted. */
export function readParagraphs(text: string, format: TextFormat): readonly TextParagraph[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return format.kind === 'fixed' ? lines.map(readFixed) : readFlowed(lines, format.delSp);
}

/** As people quote: `> >` as well as `>>`. */
function readFixed(line: string): TextParagraph {
  let depth = 0;
  let at = 0;
  while (line[at] === '>' || (depth > 0 && line.startsWith(' >', at))) {
    at += line[at] === '>' ? 1 : 2;
    depth += 1;
  }
  return { depth, text: line.slice(depth > 0 && line[at] === ' ' ? at + 1 : at) };
}

function readFlowed(lines: readonly string[], delSp: boolean): readonly TextParagraph[] {
  const paragraphs: TextParagraph[] = [];
  let open: { depth: number; pieces: string[] } | null = null;
  const close = () => {
    if (open !== null) paragraphs.push({ depth: open.depth, text: open.pieces.join('') });
    open = null;
  };
  for (const line of lines) {
    const depth = /^>*/.exec(line)?.[0].length ?? 0;
    const text = line.slice(line[depth] === ' ' ? depth + 1 : depth);
    const isSeparator = text === SIGNATURE_SEPARATOR;
    if (open !== null && (open.depth !== depth || isSeparator)) close();
    const flows = text.endsWith(' ') && !isSeparator;
    open ??= { depth, pieces: [] };
    open.pieces.push(flows && delSp ? text.slice(0, -1) : text);
    if (!flows) close();
  }
  close();
  return paragraphs;
}
