/** The transfer encoding that fits a leaf, and bodies in it, at once or as a stream (RFC 2045 section 6). */
import type { TransferEncoding } from './transfer-encoding.ts';

export interface LeafNeeds {
  /** Text, whose line ends become CRLF and which people may want to read in the source. */
  readonly text: boolean;
  /** Whether octets beyond ASCII may go as they are. */
  readonly eightBit: boolean;
}

export interface EncodedLeaf {
  readonly encoding: TransferEncoding;
  /** As it stands in the mail, without the line end that belongs to a boundary line. */
  readonly body: Buffer;
}

/** A body for octets: as they are where they fit, else in the shorter one of quoted-printable and base64. */
export function encodeLeaf(_octets: Buffer, _needs: LeafNeeds): EncodedLeaf {
  throw new Error('to come');
}

/** A body as a stream of decoded octets. Memory is bounded by the pieces, save for one line of quoted-printable. */
export function decodeTransferStream(_body: AsyncIterable<Buffer>, _encoding: string): AsyncGenerator<Buffer> {
  throw new Error('to come');
}

/** Octets as a stream of a body. */
export function encodeTransferStream(
  _octets: AsyncIterable<Buffer>,
  _encoding: TransferEncoding,
): AsyncGenerator<Buffer> {
  throw new Error('to come');
}
