/**
 * Text put above or below the text of a text/plain part: notices and footers.
 *
 * Line ends are those of the part, a last line without end gets one, flowed text stays flowed (RFC 3676), and what is
 * there already is not put in twice.
 */
import type { TextEdit } from './leaf-text.ts';
import { formatLines, lineEndOf, SIGNATURE_SEPARATOR, type TextFormat } from './text-format.ts';

/** What is put in, and where. */
export interface TextInsertion {
  /** Lines with any line ends. */
  readonly text: string;
  readonly at: 'top' | 'bottom';
  readonly format: TextFormat;
  /**
   * Bottom: whether the text goes above the signature, where there is one (`-- `, RFC 3676 section 4.3). Clients cut off
   * what is below it when somebody answers.
   */
  readonly signature: 'above' | 'below';
}

/**
 * The edit that puts the text in, or `null` where it stands in its place already.
 * @example insertText('Hello\r\n', { text: 'Sent from outside', at: 'bottom', format: { kind: 'fixed' }, signature: 'above' })
 */
export function insertText(text: string, insertion: TextInsertion): TextEdit | null {
  const lines = formatLines(linesOf(insertion.text), insertion.format);
  if (lines.every(line => line.trim() === '')) return null;
  return insertion.at === 'top' ? onTop(text, lines) : below(text, lines, insertion);
}

function onTop(text: string, lines: readonly string[]): TextEdit | null {
  const place = text.startsWith('\ufeff') ? 1 : 0;
  const before = linesOf(text.slice(place, place + longest(lines))).slice(0, lines.length);
  if (sameLines(before, lines)) return null;
  const lineEnd = lineEndOf(text);
  return { start: place, end: place, text: lines.map(line => line + lineEnd).join('') };
}

function below(text: string, lines: readonly string[], { format, signature }: TextInsertion): TextEdit | null {
  const place = (signature === 'above' ? lastSeparator(text) : null) ?? text.length;
  const above = text.slice(0, place);
  const wanted = withoutEmptyEnd(lines);
  const there = linesOf(above.trimEnd().slice(-longest(lines))).slice(-wanted.length);
  if (sameLines(there, wanted)) return null;
  const lineEnd = lineEndOf(text);
  const unfinished = above !== '' && !/[\r\n]$/.test(above);
  const start = (unfinished ? lineEnd : '') + (format.kind === 'flowed' && goesOn(above) ? lineEnd : '');
  return { start: place, end: place, text: start + lines.join(lineEnd) + (unfinished ? '' : lineEnd) };
}

/** Without the line end of the last line. */
function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r\n|\n|\r/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function withoutEmptyEnd(lines: readonly string[]): readonly string[] {
  return lines.slice(0, lines.findLastIndex(line => line.trim() !== '') + 1);
}

/** Blanks at the ends of lines come and go on the way. */
function sameLines(there: readonly string[], wanted: readonly string[]): boolean {
  return there.length === wanted.length && there.every((line, index) => line.trimEnd() === wanted[index]?.trimEnd());
}

/** More characters than these lines take anywhere. */
function longest(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + line.length + 8, 100);
}

/** Where the line of the last signature separator starts. */
function lastSeparator(text: string): number | null {
  for (let at = text.length; at >= 0; ) {
    const start = text.lastIndexOf(SIGNATURE_SEPARATOR, at);
    if (start === -1) return null;
    const end = text.charAt(start + SIGNATURE_SEPARATOR.length);
    if ((start === 0 || text[start - 1] === '\n') && (end === '' || end === '\r' || end === '\n')) return start;
    at = start - 1;
  }
  return null;
}

/** Whether the last line flows into a line without quotation marks. */
function goesOn(text: string): boolean {
  const end = /(?:\r\n|[\r\n])?$/.exec(text)?.index ?? text.length;
  const line = text.slice(Math.max(text.lastIndexOf('\n', end - 1), text.lastIndexOf('\r', end - 1)) + 1, end);
  return line.endsWith(' ') && line !== SIGNATURE_SEPARATOR && !line.startsWith('>');
}
