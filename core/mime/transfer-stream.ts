/**
 * Bodies and their octets as streams, where they are too large to be held (RFC 2045 section 6).
 *
 * Guarantee: decoded octets, joined, are those of `decodeTransfer`, wherever the pieces were cut, and encoded ones decode
 * to what they were. Only in quoted-printable with lines of more than 64 KiB, which nobody may write, blanks before a line
 * end or a soft break may be read as text.
 */
import { transferDecoder } from './transfer-decoder.ts';
import { encodeTransfer, type TransferEncoding } from './transfer-encoding.ts';

/** In base64, these octets fill a line. */
const LINE_OCTETS = 57;
/** Small pieces are gathered up to here, so that each is not worth a copy of what is held. In octets. */
const BLOCK = 16 * 1024;
/** A line longer than this is cut. In octets. */
const LONGEST_HELD = 64 * 1024;
const LF = 0x0a;
const CR = 0x0d;
const SOFT_BREAK = Buffer.from('=\r\n');

/** The octets of a body. What is not encoded, or in an encoding nobody knows, comes as it is. */
export async function* decodeTransferStream(body: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = transferDecoder(encoding);
  for await (const piece of blocksOf(body)) yield decoder.feed(piece);
  yield decoder.end();
}

/** A body for octets. Base64 ends with a line end, as from `encodeTransfer`. */
export async function* encodeTransferStream(
  octets: AsyncIterable<Buffer>,
  encoding: TransferEncoding,
): AsyncGenerator<Buffer> {
  switch (encoding) {
    case 'base64':
      yield* encodeBase64(octets);
      break;
    case 'quoted-printable':
      yield* encodeQuotedPrintable(octets);
      break;
    case '7bit':
    case '8bit':
      yield* octets;
      break;
    default:
      encoding satisfies never;
  }
}

/** The same octets in pieces of some size. */
async function* blocksOf(octets: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of octets) {
    pieces.push(piece);
    size += piece.length;
    if (size < BLOCK) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(pieces);
}

/** Up to where octets can be seen to before what comes next is known. */
type Cut = (octets: Buffer) => number;

/** Pieces that end at a cut, and the rest as the last one. */
async function* cutAt(
  octets: AsyncIterable<Buffer>,
  place: Cut,
): AsyncGenerator<{ readonly piece: Buffer; readonly isLast: boolean }> {
  let held: Buffer = Buffer.alloc(0);
  for await (const block of blocksOf(octets)) {
    const whole = held.length === 0 ? block : Buffer.concat([held, block]);
    const cut = place(whole);
    if (cut > 0) yield { piece: whole.subarray(0, cut), isLast: false };
    held = whole.subarray(cut);
  }
  yield { piece: held, isLast: true };
}

async function* encodeBase64(octets: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const { piece } of cutAt(octets, ({ length }) => length - (length % LINE_OCTETS))) {
    if (piece.length > 0) yield encodeTransfer(piece, 'base64');
  }
}

async function* encodeQuotedPrintable(octets: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const { piece, isLast } of cutAt(octets, endOfLines)) {
    if (piece.length === 0) continue;
    const encoded = encodeTransfer(piece, 'quoted-printable');
    yield isLast || endsInLine(piece) ? encoded : Buffer.concat([encoded, SOFT_BREAK]);
  }
}

function endOfLines(octets: Buffer): number {
  const end = octets.lastIndexOf('\r\n') + 2;
  if (end > 1) return end;
  if (octets.length <= LONGEST_HELD) return 0;
  return octets.at(-1) === CR ? octets.length - 1 : octets.length;
}

function endsInLine(octets: Buffer): boolean {
  return octets.at(-1) === LF && octets.at(-2) === CR;
}
