/**
 * A body decoded piece by piece, wherever it was cut (RFC 2045 section 6).
 *
 * Guarantee: the octets, joined, are those of `decodeTransfer`. Only in quoted-printable that goes on for 64 KiB without a
 * place where it may be cut, which nobody may write, blanks before a line end or a broken escape may be read as text.
 */
import { decodeTransfer } from './transfer-encoding.ts';

const LF = 0x0a;
const NOTHING = Buffer.alloc(0);
/** In octets. */
const LONGEST_HELD = 64 * 1024;
/** So much of a line tells how it ends. In octets. */
const TAIL = 100;

/** Takes pieces of a body, gives pieces of what it stands for. */
export interface TransferDecoder {
  feed(piece: Buffer): Buffer;
  /** No more pieces: gives the rest. */
  end(): Buffer;
}

/** What is not encoded, or in an encoding nobody knows, comes out as it is. */
export function transferDecoder(encoding: string): TransferDecoder {
  switch (encoding) {
    case 'base64':
      return new Base64Decoder();
    case 'quoted-printable':
      return new QuotedPrintableDecoder();
    default:
      return { feed: piece => piece, end: () => NOTHING };
  }
}

/** Padding ends a run of characters; within a run, four of them make three octets. */
class Base64Decoder implements TransferDecoder {
  #rest = '';

  feed(piece: Buffer): Buffer {
    const text = this.#rest + piece.toString('latin1').replaceAll(/[^A-Za-z0-9+/=]+/g, '');
    const runs = text.split(/=+/);
    const last = runs.pop() ?? '';
    const whole = last.length - (last.length % 4);
    this.#rest = last.slice(whole);
    return Buffer.concat([...runs, last.slice(0, whole)].map(run => Buffer.from(run, 'base64')));
  }

  end(): Buffer {
    return Buffer.from(this.#rest, 'base64');
  }
}

/** Line by line: only its end says what the blanks and the `=` before it mean. */
class QuotedPrintableDecoder implements TransferDecoder {
  #waiting: Buffer[] = [];
  #size = 0;

  feed(piece: Buffer): Buffer {
    this.#waiting.push(piece);
    this.#size += piece.length;
    if (this.#size <= LONGEST_HELD && !piece.includes(LF)) return NOTHING;
    const octets = this.#joined();
    const end = lastCut(octets) ?? (octets.length > LONGEST_HELD ? octets.length : 0);
    if (end < octets.length) this.#waiting.push(octets.subarray(end));
    this.#size = octets.length - end;
    return decodeTransfer(octets.subarray(0, end), 'quoted-printable');
  }

  end(): Buffer {
    return decodeTransfer(this.#joined(), 'quoted-printable');
  }

  #joined(): Buffer {
    const octets = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#size = 0;
    return octets;
  }
}

function lastCut(octets: Buffer): number | null {
  for (let end = octets.lastIndexOf(LF) + 1; end > 0; end = octets.subarray(0, end - 1).lastIndexOf(LF) + 1) {
    if (isQuotedCut(octets, end)) return end;
  }
  return null;
}

/**
 * Whether what stands before the end of a line of quoted-printable may be decoded apart from what follows: a soft break may
 * stand in the midst of an escape (`=C=` and `3` in the next line).
 */
export function isQuotedCut(octets: Buffer, end: number): boolean {
  const isCut = end > TAIL;
  const tail = octets.toString('latin1', Math.max(end - TAIL, 0), end);
  const lines = tail.replaceAll(/(?<![ \t])[ \t]+(?=\r?\n)/g, '');
  if (!/=\r?\n$/.test(lines)) return !(isCut && /^\r?\n$/.test(lines));
  const text = lines.replaceAll(/=\r?\n/g, '');
  return text === '' ? !isCut : !/=[0-9A-Fa-f]?$/.test(text);
}
