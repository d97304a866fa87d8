/**
 * Lines of plain text, written as blocks of HTML follow one another: blanks collapse, blocks have at most one empty line
 * between them, quotations and lists stand behind their marks, and long lines are folded.
 */

/** What stands before the lines of a block: its first one, and the others. */
export interface LineMark {
  readonly first: string;
  readonly others: string;
}

const BLANKS = /[ \t\n\f\r]+/g;
/** Takes room in HTML that means nothing in text: soft hyphens, joiners and marks that fill preview lines. */
const FILLERS = /\u00ad|\u034f|\u200b|\u2060|\ufeff/g;
/** What is no text where there is nothing else on its line. */
const INVISIBLE = /\u00a0|\u200c|\u200d/g;
/** A blank where no line may end. It becomes an ordinary one in the end. */
const NO_BREAK = '\u00a0';
/** Marks behind these are not written: depth in mail is a trick, and each line would grow by it. */
const MOST_MARKS = 20;

export class TextWriter {
  readonly #width: number | null;
  readonly #longest: number;
  readonly #lines: string[] = [];
  readonly #marks: { readonly mark: LineMark; started: boolean }[] = [];
  #size = 0;
  /** What stands on the line so far. Looking at the end of a growing text would cost a copy of it each time. */
  #pieces: string[] = [];
  #endsInBlank = true;
  #verbatim = false;
  #emptyLine = false;
  #truncated = false;

  constructor(width: number | null, longest: number) {
    this.#width = width;
    this.#longest = longest;
  }

  /** Whether the text is as long as it may be. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** Whether something stands on the line so far. */
  get hasLine(): boolean {
    return this.#pieces.length > 0;
  }

  /** Text in a line; its blanks collapse with those around it. */
  text(text: string): void {
    const collapsed = text.replaceAll(FILLERS, '').replaceAll(BLANKS, ' ');
    const shown = this.#endsInBlank && collapsed.startsWith(' ') ? collapsed.slice(1) : collapsed;
    if (shown === '') return;
    this.#pieces.push(shown);
    this.#endsInBlank = shown.endsWith(' ');
  }

  /** A word that belongs to the text before it, wherever that stands. */
  annotate(text: string): void {
    if (this.hasLine) {
      this.text(this.#endsInBlank ? text : ` ${text}`);
      return;
    }
    const last = this.#lines.pop();
    this.#size -= last === undefined ? 0 : last.length + 2;
    this.#push(last === undefined || last === '' ? text : `${last} ${text}`);
  }

  /** Text as it is written, its line ends too. */
  verbatim(text: string): void {
    this.#verbatim = true;
    const [first = '', ...others] = text.replaceAll(FILLERS, '').split(/\r\n|\n|\r/);
    this.#pieces.push(first);
    for (const line of others) {
      this.#write([this.#takeLine().trimEnd()]);
      this.#pieces.push(line);
    }
  }

  endLine(): void {
    const isVerbatim = this.#verbatim;
    this.#verbatim = false;
    const line = this.#takeLine();
    if (line.replaceAll(INVISIBLE, '').trim() === '') return;
    this.#write(isVerbatim ? [line.trimEnd()] : this.#folded(trimmed(line)));
  }

  /** Ends the line; the next one stands below an empty one. */
  endParagraph(): void {
    this.endLine();
    this.#emptyLine = true;
  }

  openMark(mark: LineMark): void {
    this.endLine();
    this.#marks.push({ mark, started: false });
  }

  closeMark(): void {
    this.endLine();
    this.#marks.pop();
  }

  /** All lines, with CRLF behind each. */
  finish(): string {
    this.endLine();
    while (this.#lines.at(-1) === '') this.#lines.pop();
    return this.#lines.map(line => `${line.replaceAll(NO_BREAK, ' ')}\r\n`).join('');
  }

  #takeLine(): string {
    const line = this.#pieces.join('');
    this.#pieces = [];
    this.#endsInBlank = true;
    return line;
  }

  #write(lines: readonly string[]): void {
    if (this.#emptyLine && this.#lines.length > 0) this.#push(this.#prefix('between').trimEnd());
    this.#emptyLine = false;
    for (const line of lines) this.#push(`${this.#prefix('line')}${line}`.trimEnd());
  }

  #push(line: string): void {
    const room = this.#longest - this.#size - 2;
    if (line.length > room) this.#truncated = true;
    const cut = this.#truncated ? line.slice(0, Math.max(room, 0)).toWellFormed() : line;
    if (cut === '' && this.#truncated) return;
    this.#lines.push(cut);
    this.#size += cut.length + 2;
  }

  #prefix(where: 'line' | 'between' | 'folded'): string {
    let prefix = '';
    for (const entry of this.#marks.slice(0, MOST_MARKS)) {
      prefix += entry.started || where === 'folded' ? entry.mark.others : where === 'line' ? entry.mark.first : '';
      if (where === 'line') entry.started = true;
    }
    return prefix;
  }

  #folded(text: string): readonly string[] {
    if (this.#width === null) return [text];
    const width = Math.max(this.#width - this.#prefix('folded').length, 1);
    const lines: string[] = [];
    let line = '';
    for (const word of text.split(' ')) {
      if (line !== '' && line.length + 1 + word.length > width) {
        lines.push(line);
        line = word;
      } else {
        line += line === '' ? word : ` ${word}`;
      }
    }
    return [...lines, line];
  }
}

/** Without blanks at its ends. A pattern would take quadratic time. */
function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (text[start] === ' ') start += 1;
  while (end > start && text[end - 1] === ' ') end -= 1;
  return text.slice(start, end);
}
