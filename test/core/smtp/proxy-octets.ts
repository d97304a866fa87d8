/** PROXY headers of version 2 for tests, made octet by octet as HAProxy's proxy-protocol.txt says. */
import { crc32c } from '../../../core/smtp/crc32c.ts';

export const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');
export const LOCAL = 0x20;
export const PROXY = 0x21;
export const TCP4 = 0x11;
export const TCP6 = 0x21;

/** What stands in a header. */
export interface BinaryParts {
  readonly command?: number;
  readonly family?: number;
  /** Addresses, ports and TLVs. */
  readonly block?: Buffer;
  /** In place of the length of the block. */
  readonly length?: number;
}

/** A whole header. */
export function binaryHeader({ command = PROXY, family = TCP4, block = fromIpv4(), length }: BinaryParts = {}): Buffer {
  const fixed = Buffer.from([command, family, 0, 0]);
  fixed.writeUInt16BE(length ?? block.length, 2);
  return Buffer.concat([SIGNATURE, fixed, block]);
}

/** A block of addresses: from 203.0.113.7, port 40000, to 192.0.2.1, port 25. */
export function fromIpv4(...tlvs: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from([203, 0, 113, 7, 192, 0, 2, 1, 0x9c, 0x40, 0, 25]), ...tlvs]);
}

/** A block of addresses: from port 40000 to port 25. The source in hexadecimal. */
export function fromIpv6(source: string, ...tlvs: readonly Buffer[]): Buffer {
  const to = '20010db8000000000000000000000001';
  return Buffer.concat([Buffer.from(`${source}${to}9c400019`, 'hex'), ...tlvs]);
}

export function tlv(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value]);
}

/** The header with a right checksum at its end. */
export function withChecksum(parts: BinaryParts = {}): Buffer {
  const block = Buffer.concat([parts.block ?? fromIpv4(), tlv(3, Buffer.alloc(4))]);
  const header = binaryHeader({ ...parts, block });
  header.writeUInt32BE(crc32c(header), header.length - 4);
  return header;
}
