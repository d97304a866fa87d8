/**
 * Logical lines of an alias file (aliases(5)): a line that starts with a blank goes on with the line above it; empty lines
 * and lines whose first character is `#` are not there, even in the middle of a logical line.
 *
 * Guarantee: every offset in a logical line leads back to the place in the file where its character stands. The text is
 * read line by line, so that whoever asks may pause between two.
 */

/** A place in a text file, both counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One logical line. Its physical lines are joined by LF. */
export interface LogicalLine {
  readonly text: string;
  placeOf(offset: number): Place;
}

/** A line of the file, without its line end. */
export interface PhysicalLine {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/** The logical lines of a text, whose lines end in LF or CRLF. */
export function* logicalLines(text: string): Generator<LogicalLine> {
  let pieces: PhysicalLine[] = [];
  for (const piece of physicalLines(text)) {
    if (/^[ \t]*(?:#|$)/.test(piece.text)) continue;
    if (!/^[ \t]/.test(piece.text) && pieces.length > 0) {
      yield joined(pieces);
      pieces = [];
    }
    pieces.push(piece);
  }
  if (pieces.length > 0) yield joined(pieces);
}

/** The lines of a text as they stand there. */
export function* physicalLines(text: string): Generator<PhysicalLine> {
  let line = 1;
  for (let from = 0; from <= text.length; line += 1) {
    const feed = text.indexOf('\n', from);
    const end = feed === -1 ? text.length : feed;
    yield { text: text.slice(from, feed > from && text[feed - 1] === '\r' ? feed - 1 : end), line };
    from = end + 1;
  }
}

function joined(pieces: readonly PhysicalLine[]): LogicalLine {
  return {
    text: pieces.map(piece => piece.text).join('\n'),
    placeOf(offset) {
      let rest = offset;
      for (const { text, line } of pieces) {
        if (rest <= text.length) return { line, column: rest + 1 };
        rest -= text.length + 1;
      }
      return { line: pieces.at(-1)?.line ?? 1, column: 1 };
    },
  };
}
