/** One mail as it stands in an mbox file: the From_ line, the lines of the content, an empty line (RFC 4155). */
import { formatFromLineDate, formatMailbox, gathered, type ReversePath } from '../../core/index.ts';

/** A mail to be appended. */
export interface Entry {
  /** Without its line end. */
  readonly fromLine: string;
  /**
   * All octets, the From_ line and the empty line included. At once they are given as pieces that other entries may
   * share; a large mail is read when it is written.
   */
  readonly octets: readonly Buffer[] | (() => AsyncIterable<Buffer>);
}

const AFTER = Buffer.from('\n');

/** The From_ line. The null reverse-path is written as MAILER-DAEMON. */
export function fromLineOf(reversePath: ReversePath, date: Date): string {
  const sender = reversePath === null ? 'MAILER-DAEMON' : formatMailbox(reversePath);
  return `From ${sender} ${formatFromLineDate(date)}`;
}

/** An entry whose lines are in memory. `fields`: those of delivery, with LF line ends. */
export function entryOf(fromLine: string, fields: string, lines: readonly Buffer[]): Entry {
  return { fromLine, octets: [Buffer.from(`${fromLine}\n${fields}`), ...lines, AFTER] };
}

/** An entry whose lines are read when it is written. */
export function streamedEntryOf(fromLine: string, fields: string, lines: () => AsyncIterable<Buffer>): Entry {
  return { fromLine, octets: () => gathered(surrounded(`${fromLine}\n${fields}`, lines())) };
}

async function* surrounded(before: string, between: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from(before);
  yield* between;
  yield AFTER;
}
