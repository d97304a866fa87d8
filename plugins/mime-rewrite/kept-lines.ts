/**
 * A body written anew after an edit of what it stands for, with the encoded lines kept that stand for what was not edited.
 *
 * Guarantee: the body stands for the octets that are asked for. Lines before the first difference, and in quoted-printable
 * and where nothing is encoded also those behind the last one, keep every octet, however their sender wrote them.
 */
import { decodeTransfer, encodeTransfer, isQuotedCut, type TransferEncoding } from '../../core/index.ts';

const LF = 0x0a;
const NOTHING = Buffer.alloc(0);

/** A body before and after an edit. */
export interface BodyEdit {
  readonly body: Buffer;
  readonly encoding: TransferEncoding;
  /** What it stands for. */
  readonly was: Buffer;
  /** What it is to stand for. */
  readonly is: Buffer;
}

/** The new body. */
export function bodyWith({ body, encoding, was, is }: BodyEdit): Buffer {
  const same = sameStart(was, is);
  switch (encoding) {
    case '7bit':
    case '8bit':
      return is;
    case 'base64': {
      const kept = keptBase64(body, same);
      return Buffer.concat([body.subarray(0, kept.encoded), encodeTransfer(is.subarray(kept.decoded), 'base64')]);
    }
    case 'quoted-printable': {
      const start = keptQuoted(body, same);
      const end = keptQuotedEnd(body.subarray(start.encoded), sameEnd(was, is, Math.max(same, start.decoded)));
      const middle = encodeTransfer(is.subarray(start.decoded, is.length - end.decoded), 'quoted-printable');
      return Buffer.concat([
        body.subarray(0, start.encoded),
        middle,
        middle.length > 0 && end.encoded > 0 && middle[middle.length - 1] !== LF ? Buffer.from('=\r\n') : NOTHING,
        body.subarray(body.length - end.encoded),
      ]);
    }
  }
}

/** So many encoded octets stand for so many decoded ones. */
interface Kept {
  readonly encoded: number;
  readonly decoded: number;
}

function sameStart(one: Buffer, other: Buffer): number {
  let length = 0;
  while (length < one.length && length < other.length && one[length] === other[length]) length += 1;
  return length;
}

/** `from`: what belongs to the start already. */
function sameEnd(one: Buffer, other: Buffer, from: number): number {
  const most = Math.min(one.length, other.length) - from;
  let length = 0;
  while (length < most && one[one.length - 1 - length] === other[other.length - 1 - length]) length += 1;
  return length;
}

/** Whole lines, several at once where they can only be decoded together. */
function* linesOf(body: Buffer, isCut: (end: number) => boolean = () => true): Generator<Buffer> {
  let start = 0;
  for (let lf = body.indexOf(LF); lf !== -1; lf = body.indexOf(LF, lf + 1)) {
    if (!isCut(lf + 1)) continue;
    yield body.subarray(start, lf + 1);
    start = lf + 1;
  }
}

function quotedLines(body: Buffer): Generator<Buffer> {
  return linesOf(body, end => isQuotedCut(body, end));
}

/** Lines of whole groups of four: a line that ends within a group, or is padded, is written anew, and so is what follows. */
function keptBase64(body: Buffer, same: number): Kept {
  let kept: Kept = { encoded: 0, decoded: 0 };
  for (const line of linesOf(body)) {
    const text = line.toString('latin1').replaceAll(/[^A-Za-z0-9+/=]+/g, '');
    const decoded = kept.decoded + (text.length / 4) * 3;
    if (text.length % 4 !== 0 || text.includes('=') || decoded > same) break;
    kept = { encoded: kept.encoded + line.length, decoded };
  }
  return kept;
}

function keptQuoted(body: Buffer, same: number): Kept {
  let kept: Kept = { encoded: 0, decoded: 0 };
  for (const line of quotedLines(body)) {
    const decoded = kept.decoded + decodeTransfer(line, 'quoted-printable').length;
    if (decoded > same) break;
    kept = { encoded: kept.encoded + line.length, decoded };
  }
  return kept;
}

function keptQuotedEnd(body: Buffer, same: number): Kept {
  const ends = [0, ...[...quotedLines(body)].map(line => line.length)];
  let at = ends.reduce((sum, length) => sum + length, 0);
  let kept: Kept = { encoded: 0, decoded: 0 };
  for (let index = ends.length - 1; index >= 0; index -= 1) {
    const piece = body.subarray(at, body.length - kept.encoded);
    const decoded = kept.decoded + decodeTransfer(piece, 'quoted-printable').length;
    if (decoded > same) break;
    kept = { encoded: body.length - at, decoded };
    at -= ends[index] ?? 0;
  }
  return kept;
}
