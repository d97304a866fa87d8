/** Content-Transfer-Encoding: octets of a body as they travel, and as they are (RFC 2045 section 6). Decoding never fails. */
import { isBlank } from './blanks.ts';
import { decodeCharset, decodeUnlabelled } from './charset.ts';
import { parameter } from './media-type.ts';
import type { Part } from './part.ts';

/** The encodings that mail is written in here. */
export type TransferEncoding = '7bit' | '8bit' | 'quoted-printable' | 'base64';

/** RFC 2045 section 6.7 (5) and section 6.8. In characters. */
const LINE = 76;
/** In base64, these octets fill a line. */
const LINE_OCTETS = 57;
const EQUALS = 0x3d;

/** The octets that an encoded body stands for. What is not encoded, or in an encoding nobody knows, stays as it is. */
export function decodeTransfer(octets: Buffer, encoding: string): Buffer {
  switch (encoding) {
    case 'base64':
      return decodeBase64(octets);
    case 'quoted-printable':
      return decodeQuotedPrintable(octets);
    default:
      return octets;
  }
}

/** A body for octets, in lines of at most 76 characters where the encoding has lines. */
export function encodeTransfer(octets: Buffer, encoding: TransferEncoding): Buffer {
  switch (encoding) {
    case 'base64':
      return encodeBase64(octets);
    case 'quoted-printable':
      return encodeQuotedPrintable(octets);
    case '7bit':
    case '8bit':
      return octets;
  }
}

/** The octets of a leaf, decoded. */
export function partContent(part: Part): Buffer {
  return decodeTransfer(part.body, part.encoding);
}

/** The text of a leaf, decoded from its charset; from UTF-8 or windows-1252 where it names none that is known. */
export function partText(part: Part): string {
  const octets = partContent(part);
  const charset = parameter(part.type, 'charset');
  return (charset === null ? null : decodeCharset(octets, charset)) ?? decodeUnlabelled(octets);
}

/** Padding in the middle ends one run of octets, not the body: some senders encode in pieces. */
function decodeBase64(octets: Buffer): Buffer {
  const runs =
    octets
      .toString('latin1')
      .replaceAll(/[^A-Za-z0-9+/=]+/g, '')
      .match(/[^=]+/g) ?? [];
  return Buffer.concat(runs.map(run => Buffer.from(run, 'base64')));
}

/** Line by line into one buffer: the parts of a large mail are not to become a million strings. */
function encodeBase64(octets: Buffer): Buffer {
  const lines = Math.ceil(octets.length / LINE_OCTETS);
  const encoded = Buffer.allocUnsafe(Math.ceil(octets.length / 3) * 4 + lines * 2);
  let size = 0;
  for (let at = 0; at < octets.length; at += LINE_OCTETS) {
    size += encoded.write(`${octets.toString('base64', at, at + LINE_OCTETS)}\r\n`, size, 'latin1');
  }
  return encoded;
}

function decodeQuotedPrintable(octets: Buffer): Buffer {
  const decoded = Buffer.allocUnsafe(octets.length);
  let size = 0;
  const text = octets
    .toString('latin1')
    .replaceAll(/(?<![ \t])[ \t]+(?=\r?\n|$)/g, '')
    .replaceAll(/=\r?\n/g, '');
  const source = Buffer.from(text, 'latin1');
  for (let at = 0; at < source.length; at += 1) {
    const octet = source[at] ?? 0;
    const hex = octet === EQUALS ? hexPair(source, at + 1) : null;
    decoded[size] = hex ?? octet;
    size += 1;
    if (hex !== null) at += 2;
  }
  return decoded.subarray(0, size);
}

function hexPair(octets: Buffer, at: number): number | null {
  const text = octets.toString('latin1', at, at + 2);
  return /^[0-9A-Fa-f]{2}$/.test(text) ? Number.parseInt(text, 16) : null;
}

/**
 * CRLF stays a line end; every other octet below blank or beyond ASCII is written by its number, and so is a blank at the
 * end of a line. Octet by octet into one buffer, as above.
 */
function encodeQuotedPrintable(octets: Buffer): Buffer {
  const encoded = Buffer.allocUnsafe(longestQuoted(octets));
  let size = 0;
  let column = 0;
  for (let at = 0; at < octets.length; at += 1) {
    const octet = octets[at] ?? EQUALS;
    if (isLineEnd(octets, at)) {
      size += encoded.write('\r\n', size, 'latin1');
      column = 0;
      at += 1;
      continue;
    }
    if (column > SOFT_BREAK) {
      size += encoded.write('=\r\n', size, 'latin1');
      column = 0;
    }
    const before = size;
    if (isPlain(octet) && !(isBlank(octet) && (at + 1 === octets.length || isLineEnd(octets, at + 1)))) {
      encoded[size++] = octet;
    } else {
      encoded[size++] = EQUALS;
      encoded[size++] = HEX[octet >> 4] ?? EQUALS;
      encoded[size++] = HEX[octet & 15] ?? EQUALS;
    }
    column += size - before;
  }
  return encoded.subarray(0, size);
}

/** Behind this column a line is broken: what an octet takes at most, and the `=` that ends the line, still fit. */
const SOFT_BREAK = LINE - 4;
const HEX = Buffer.from('0123456789ABCDEF');

/** At least as many octets as they become. */
function longestQuoted(octets: Buffer): number {
  let length = 0;
  for (const octet of octets) length += isPlain(octet) && !isBlank(octet) ? 1 : 3;
  return length + Math.ceil(length / SOFT_BREAK) * 3;
}

function isPlain(octet: number): boolean {
  return octet === 0x09 || (octet >= 0x20 && octet < 0x7f && octet !== EQUALS);
}

function isLineEnd(octets: Buffer, at: number): boolean {
  return octets[at] === 0x0d && octets[at + 1] === 0x0a;
}
