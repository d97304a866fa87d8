/** Rows of text in columns. */
import { escapeControls } from '../system/escape.ts';

/** A column: its title, and how its cells stand. */
export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
  /** In characters: no cell is longer. The last column takes what is left of the line. */
  readonly most: number;
}

/** The cells of a row, or a line by itself. */
export type Row = readonly string[] | string;

/** Writes rows below each other. The first ones decide how wide the columns are: those that follow keep to it. */
export class Table {
  readonly #columns: readonly Column[];
  readonly #width: number;
  #widths: readonly number[] | null = null;

  /** `width`: of the line; `Infinity` cuts no line. */
  constructor(columns: readonly Column[], width: number) {
    this.#columns = columns;
    this.#width = width;
  }

  /** The rows as lines, each with its end. The titles stand above the first ones. */
  lines(rows: readonly Row[]): string {
    const cells = rows.map(row => (typeof row === 'string' ? escapeControls(row) : row.map(escapeControls)));
    const titles = this.#columns.map(({ title }) => title);
    const isFirst = this.#widths === null;
    this.#widths ??= this.#columns.map(({ title, most }, column) => {
      const lengths = cells.map(row => (typeof row === 'string' ? 0 : lengthOf(row[column] ?? '')));
      return Math.min(
        lengths.reduce((longest, length) => Math.max(longest, length), title.length),
        most,
      );
    });
    return (isFirst ? [titles, ...cells] : cells).map(row => `${this.#line(row)}\n`).join('');
  }

  #line(row: Row): string {
    if (typeof row === 'string') return cut(row, this.#width);
    const last = this.#columns.length - 1;
    const cells = this.#columns.map(({ align, most }, column) => {
      const text = cut(row[column] ?? '', column === last ? Infinity : most);
      const width = this.#widths?.[column] ?? 0;
      const blank = ' '.repeat(Math.max(0, width - lengthOf(text)));
      if (align === 'right') return blank + text;
      return column === last ? text : text + blank;
    });
    return cut(cells.join('  ').trimEnd(), this.#width);
  }
}

/** In characters as they are counted in a line: not all of them are one unit of UTF-16. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function cut(text: string, most: number): string {
  if (lengthOf(text) <= most) return text;
  return `${Array.from(text)
    .slice(0, Math.max(0, most - 1))
    .join('')}…`;
}
