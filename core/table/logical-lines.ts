/**
 * The lines of a table file as postmap(1) of Postfix reads them: one that begins with white space goes on with the line
 * before, empty lines and those whose first character is a # are left out wherever they stand.
 */
import { TableFaults } from '../plugin/file-table.ts';

/** A line with all that it goes on with. */
export interface LogicalLine {
  readonly text: string;
  /** Where it begins: the first one is 1. */
  readonly number: number;
}

/**
 * The logical lines of a file.
 * @throws TableFaults where it is no UTF-8, or begins in the middle of a line
 */
export function logicalLines(octets: Buffer, file: string): readonly LogicalLine[] {
  const lines: { text: string; readonly number: number }[] = [];
  for (const [index, line] of decode(octets, file).split(/\r?\n/).entries()) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const before = lines.at(-1);
    if (!/^\s/.test(line)) lines.push({ text, number: index + 1 });
    else if (before !== undefined) before.text += ` ${text}`;
    else throw new TableFaults([`${file}:${index + 1}: begins with white space, but there is no line to go on with`]);
  }
  return lines;
}

function decode(octets: Buffer, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw new TableFaults([`${file}: is not UTF-8 text`]);
  }
}
