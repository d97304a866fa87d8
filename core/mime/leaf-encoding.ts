/**
 * The transfer encoding that fits a leaf (RFC 2045 section 6): as it is where it can go so, else quoted-printable where
 * people may want to read the source, else base64.
 */
import { isAscii } from 'node:buffer';
import { strayIn } from './line-ends.ts';
import { hasLongLine } from './long-lines.ts';
import { encodeTransfer, type TransferEncoding } from './transfer-encoding.ts';

/** What a leaf is, and what its way allows. */
export interface LeafNeeds {
  /**
   * Text in lines: line ends become CRLF (RFC 2046 section 4.1.1), and quoted-printable is tried. Not for text in UTF-16,
   * whose line ends are other octets.
   */
  readonly text: boolean;
  /** Whether octets beyond ASCII may go as they are (8BITMIME). */
  readonly eightBit: boolean;
  /** The encoding so far, `Part.encoding`, which is kept where it still fits. Base64 then keeps line ends as they are. */
  readonly was?: string;
}

/** A body and what it is in. */
export interface EncodedLeaf {
  readonly encoding: TransferEncoding;
  /** Base64 without a line end after its last line: where a boundary line follows, that brings one. */
  readonly body: Buffer;
}

/**
 * A body for octets.
 * @example encodeLeaf(Buffer.from('Grüße an alle im Haus\r\n'), { text: true, eightBit: false }).encoding // 'quoted-printable'
 */
export function encodeLeaf(octets: Buffer, { text, eightBit, was }: LeafNeeds): EncodedLeaf {
  if (was === 'base64') return inBase64(octets);
  const lines = text ? canonical(octets) : octets;
  const plain = plainFor(lines, eightBit);
  if (plain !== null && was !== 'quoted-printable') return { encoding: plain, body: lines };
  if (!text) return inBase64(octets);
  const quoted = encodeTransfer(lines, 'quoted-printable');
  const isShort = was === 'quoted-printable' || quoted.length <= base64Length(lines.length);
  return isShort ? { encoding: 'quoted-printable', body: quoted } : inBase64(lines);
}

function plainFor(octets: Buffer, eightBit: boolean): '7bit' | '8bit' | null {
  if (strayIn(octets) !== null || hasLongLine(octets)) return null;
  if (isAscii(octets)) return '7bit';
  return eightBit ? '8bit' : null;
}

/** Bare CR and LF of a text were meant as line ends. */
function canonical(octets: Buffer): Buffer {
  if (strayIn(octets) === null) return octets;
  return Buffer.from(octets.toString('latin1').replaceAll(/\r\n|\n|\r/g, '\r\n'), 'latin1');
}

function inBase64(octets: Buffer): EncodedLeaf {
  const body = encodeTransfer(octets, 'base64');
  return { encoding: 'base64', body: octets.length === 0 ? body : body.subarray(0, -2) };
}

function base64Length(size: number): number {
  return Math.ceil(size / 3) * 4 + Math.ceil(size / 57) * 2;
}
