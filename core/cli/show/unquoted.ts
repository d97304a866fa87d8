/**
 * A mail out of an mbox file, of any size: its From_ line is none of it, and one `>` is taken off lines such as `>From `, as
 * mboxrd has it. Of mboxo nobody can tell what was quoted: it is undone likewise.
 */
import type { Content } from '../../mail/content.ts';

const LF = 0x0a;
/** What may be the start of a quoted line, and is not settled before its end is there. */
const OPEN = /\n>*(?:F(?:r(?:o(?:m ?)?)?)?)?$/;
/** So many quotation marks are looked at. */
const LONGEST_OPEN = 256;

/** The mail. Reads it once to know its size. */
export async function unquotedContent(entry: Content): Promise<Content> {
  const stream = () => unquotedPieces(entry.stream());
  let size = 0;
  for await (const piece of stream()) size += piece.length;
  return {
    size,
    async bytes() {
      const pieces: Buffer[] = [];
      for await (const piece of stream()) pieces.push(piece);
      return Buffer.concat(pieces);
    },
    stream,
  };
}

/** Behind the first line, that of the mbox. */
async function* withoutFromLine(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let isBehind = false;
  for await (const piece of pieces) {
    const end = isBehind ? 0 : piece.indexOf(LF) + 1;
    if (!isBehind && end === 0) continue;
    isBehind = true;
    if (end < piece.length) yield piece.subarray(end);
  }
}

async function* unquotedPieces(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // A line end before the first line makes all lines alike.
  let held = '\n';
  let isFirst = true;
  const settle = (text: string) => {
    const settled = Buffer.from(text.replaceAll(/\n>(>*From )/g, '\n$1'), 'latin1');
    const octets = isFirst ? settled.subarray(1) : settled;
    isFirst &&= settled.length === 0;
    return octets;
  };
  for await (const piece of withoutFromLine(pieces)) {
    const text = held + piece.toString('latin1');
    const open = OPEN.exec(text.slice(-LONGEST_OPEN))?.[0].length ?? 0;
    held = text.slice(text.length - open);
    yield settle(text.slice(0, text.length - open));
  }
  yield settle(held);
}
