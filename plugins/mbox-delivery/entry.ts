/** One mail as it stands in an mbox file: the From_ line, the lines of the content, an empty line (RFC 4155). */
import { type Content, formatFromLineDate, formatMailbox, type ReversePath } from '../../core/index.ts';
import { type MboxFormat, mboxLines } from './mbox-lines.ts';

/** A mail to be appended. */
export interface Entry {
  /** Without its line end. */
  readonly fromLine: string;
  /** All octets, the From_ line and the empty line included. */
  octets(): AsyncIterable<Buffer>;
}

/** Octets that are written at once, where a mail has as many: small mails cost one write. */
const PIECE = 256 * 1024;

/** A mail as an mbox entry. The null reverse-path is written as MAILER-DAEMON. */
export function entryOf(
  content: Content,
  format: MboxFormat,
  about: { readonly reversePath: ReversePath; readonly date: Date },
): Entry {
  const sender = about.reversePath === null ? 'MAILER-DAEMON' : formatMailbox(about.reversePath);
  const fromLine = `From ${sender} ${formatFromLineDate(about.date)}`;
  return {
    fromLine,
    octets: () => gathered(surrounded(`${fromLine}\n`, mboxLines(content.stream(), format), '\n')),
  };
}

async function* surrounded(before: string, between: AsyncIterable<Buffer>, after: string): AsyncGenerator<Buffer> {
  yield Buffer.from(before);
  yield* between;
  yield Buffer.from(after);
}

async function* gathered(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces) {
    waiting.push(piece);
    size += piece.length;
    if (size < PIECE) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(waiting);
}
