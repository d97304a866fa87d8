/**
 * Paper for people: rows with a hanging indent, wrapped at the width of the terminal, in colour where there is one.
 *
 * Guarantee: what is written on it is escaped, so that nothing in it reaches the terminal's controls.
 */
import { escapeControls } from '../system/escape.ts';

export type Style = 'plain' | 'bold' | 'dim' | 'good' | 'bad' | 'warn' | 'news';

const CODES: Readonly<Record<Exclude<Style, 'plain'>, string>> = {
  bold: '1',
  dim: '2',
  good: '32',
  bad: '31',
  warn: '33',
  news: '36',
};

/** What stands before the text of a row. Its width is that of its text, or more where `width` says so. */
export interface Cell {
  readonly text: string;
  readonly style?: Style;
  readonly width?: number;
  /** Written on the lines that follow too: the lines of a tree. */
  readonly again?: true;
}

export interface PaperSettings {
  /** In characters; `Infinity`: nothing is wrapped. */
  readonly width: number;
  readonly colour: boolean;
}

/** Below so many characters no text is worth its place beside cells: it goes below them. */
const NARROW = 28;
/** How far in it stands there. */
const BELOW = 6;

/** As the terminal has it. `NO_COLOR` (no-color.org) is heeded, and so is a terminal that knows no colour. */
export function paperFor(
  stream: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
): PaperSettings {
  const isTerminal = stream.isTTY === true;
  const colour = isTerminal && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return { width: isTerminal ? Math.max(stream.columns ?? 80, 20) : Number.POSITIVE_INFINITY, colour };
}

export class Paper {
  readonly #width: number;
  readonly #colour: boolean;
  readonly #lines: string[] = [];

  constructor({ width, colour }: PaperSettings) {
    this.#width = width;
    this.#colour = colour;
  }

  /** An empty line, but never two and never at the top. */
  gap(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== '') this.#lines.push('');
  }

  title(text: string): void {
    this.gap();
    for (const line of wrapped(escapeControls(text), this.#width)) this.#lines.push(this.#paint(line, 'bold'));
  }

  /** Cells, and text that goes on below where its first line begins. */
  row(cells: readonly Cell[], text = '', style: Style = 'plain'): void {
    const shown = cells.map(cell => ({ ...cell, text: escapeControls(cell.text) }));
    const used = shown.reduce((sum, cell) => sum + Math.max(lengthOf(cell.text), cell.width ?? 0), 0);
    const before = shown.map(cell => this.#cell(cell)).join('');
    const room = this.#width - used;
    if (text === '') return void this.#lines.push(before.trimEnd());
    const isNarrow = room < NARROW && lengthOf(text) > room;
    if (isNarrow) this.#lines.push(before.trimEnd());
    const indent = isNarrow ? Math.min(BELOW, used) : used;
    const kept = isNarrow ? [] : shown.filter(({ again }) => again === true);
    const guides = kept.map(cell => this.#cell(cell)).join('');
    const blank = indent - kept.reduce((sum, cell) => sum + Math.max(lengthOf(cell.text), cell.width ?? 0), 0);
    for (const [index, line] of wrapped(escapeControls(text), this.#width - indent).entries()) {
      const start = index === 0 && !isNarrow ? before : guides + ' '.repeat(blank);
      this.#lines.push(start + this.#paint(line, style));
    }
  }

  toString(): string {
    return this.#lines.map(line => `${line}\n`).join('');
  }

  #cell({ text, style = 'plain', width = 0 }: Cell): string {
    return this.#paint(text, style) + ' '.repeat(Math.max(0, width - lengthOf(text)));
  }

  #paint(text: string, style: Style): string {
    if (!this.#colour || style === 'plain' || text.trim() === '') return text;
    return `\u001b[${CODES[style]}m${text}\u001b[0m`;
  }
}

/** In characters as they are counted in a line: not all of them are one unit of UTF-16. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** At blanks where there are any; a word that is longer than a line is cut. */
function wrapped(text: string, width: number): readonly string[] {
  if (lengthOf(text) <= width) return [text];
  const lines: string[] = [];
  let rest = Array.from(text);
  while (rest.length > width) {
    const blank = rest.slice(0, width + 1).lastIndexOf(' ');
    const end = blank > 0 ? blank : width;
    lines.push(rest.slice(0, end).join('').trimEnd());
    rest = rest.slice(rest[end] === ' ' ? end + 1 : end);
  }
  if (rest.length > 0) lines.push(rest.join(''));
  return lines;
}
