/**
 * Logical lines of an alias file (aliases(5)): a line that starts with a blank goes on with the line above it; empty lines
 * and lines whose first character is `#` are not there, even in the middle of a logical line.
 *
 * Guarantee: every offset in a logical line leads back to the place in the file where its character stands.
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

interface Piece {
  readonly text: string;
  readonly line: number;
}

/** The logical lines of a text, whose lines end in LF or CRLF. */
export function* logicalLines(text: string): Generator<LogicalLine> {
  let pieces: Piece[] = [];
  for (const [index, physical] of text.split(/\r?\n/).entries()) {
    if (/^[ \t]*(?:#|$)/.test(physical)) continue;
    if (!/^[ \t]/.test(physical) && pieces.length > 0) {
      yield joined(pieces);
      pieces = [];
    }
    pieces.push({ text: physical, line: index + 1 });
  }
  if (pieces.length > 0) yield joined(pieces);
}

function joined(pieces: readonly Piece[]): LogicalLine {
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
