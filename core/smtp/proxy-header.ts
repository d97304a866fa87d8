/**
 * The header with which a proxy says who the client is: the PROXY protocol, versions 1 and 2 (HAProxy's
 * proxy-protocol.txt, sections 2.1 and 2.2).
 *
 * Guarantees: it says `incomplete` only while more octets can still make a header, so that a stranger's first octet is
 * enough to refuse it; what it decides of a beginning it decides of every continuation, however the octets were cut; and
 * it never wants more than `LONGEST_BINARY` octets. No octet of the peer's stands in a reason.
 */
import { parseIpv4, parseIpv6, unmapped } from '../mail/ip-address.ts';
import type { Malformed } from '../mail/path.ts';
import { crc32c } from './crc32c.ts';

/** Where the client that the proxy serves came from. */
export interface ProxiedSource {
  /** Canonical; IPv4-mapped IPv6 as IPv4. */
  readonly address: string;
  readonly port: number;
}

/** A whole header. */
export interface FoundProxyHeader {
  readonly kind: 'header';
  /** In octets. What stands behind them is the client's. */
  readonly length: number;
  /** `null`: the proxy speaks for itself, or cannot say for whom. The connection is then what it seems. */
  readonly source: ProxiedSource | null;
}

/** What some octets from the beginning of a connection are. */
export type ProxyHeader = FoundProxyHeader | Malformed | { readonly kind: 'incomplete' };

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' };
const CR = 0x0d;
const LF = 0x0a;

const LINE_START = Buffer.from('PROXY ');
/** With its line end. */
const LONGEST_LINE = 107;
/** Without leading zeros. */
const PORT = /^(?:0|[1-9]\d{0,4})$/;

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n');
/** Signature, version and command, family and transport, length. */
const FIXED_PART = 16;
/** The length field allows 64 KiB. The largest senders' TLVs, certificate names and all, need a fraction of this. */
export const LONGEST_BINARY = 4096;
const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
const UNSPECIFIED = 0;
const STREAM = 1;
const DATAGRAM = 2;
const INET = 1;
const INET6 = 2;
const UNIX = 3;
/** By family: two addresses, and two ports where the family has ports. */
const ADDRESSES: Readonly<Record<number, number>> = { [INET]: 12, [INET6]: 36, [UNIX]: 216 };
/** Type and length. */
const TLV_START = 3;
const TLV_CRC32C = 3;
const CRC32C_LENGTH = 4;

/** Reads what has come so far. `octets`: from the first one of the connection. */
export function parseProxyHeader(octets: Buffer): ProxyHeader {
  if (agrees(octets, SIGNATURE)) return octets.length < FIXED_PART ? INCOMPLETE : parseBinary(octets);
  if (agrees(octets, LINE_START)) return parseLine(octets);
  return malformed('it does not begin with a PROXY header');
}

/** Whether the octets begin like this, as far as there are any. */
function agrees(octets: Buffer, start: Buffer): boolean {
  const length = Math.min(octets.length, start.length);
  return octets.subarray(0, length).equals(start.subarray(0, length));
}

function parseLine(octets: Buffer): ProxyHeader {
  const line = octets.subarray(0, LONGEST_LINE);
  const found = line.findIndex(octet => octet === CR || octet === LF);
  const end = found === -1 ? line.length : found;
  if (end > LONGEST_LINE - 2) return malformed(`its line is longer than ${LONGEST_LINE} octets`);
  if (found === -1 || (line[found] === CR && line.length === found + 1)) return INCOMPLETE;
  if (line[found] !== CR || line[found + 1] !== LF) return malformed('its line does not end with CRLF');
  return parseFields(line.toString('latin1', LINE_START.length, end), end + 2);
}

function parseFields(text: string, length: number): ProxyHeader {
  const [protocol, ...fields] = text.split(' ');
  if (protocol === 'UNKNOWN') return { kind: 'header', length, source: null };
  const parse = protocol === 'TCP4' ? parseIpv4 : protocol === 'TCP6' ? parseIpv6 : null;
  if (parse === null) return malformed('its protocol is none of TCP4, TCP6 and UNKNOWN');
  const [from = '', to = '', fromPort = '', toPort = ''] = fields;
  if (fields.length !== 4) return malformed('it does not hold two addresses and two ports');
  const address = parse(from);
  if (address === null || parse(to) === null) return malformed('an address in it is none');
  if (!isPort(fromPort) || !isPort(toPort)) return malformed('a port in it is none');
  return { kind: 'header', length, source: { address: unmapped(address), port: Number(fromPort) } };
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 0xffff;
}

/** `octets` hold the fixed part. */
function parseBinary(octets: Buffer): ProxyHeader {
  const command = octets.readUInt8(12) & 0xf;
  const family = octets.readUInt8(13) >> 4;
  const transport = octets.readUInt8(13) & 0xf;
  const length = FIXED_PART + octets.readUInt16BE(14);
  if (octets.readUInt8(12) >> 4 !== VERSION) return malformed('its version is not 2');
  if (command !== LOCAL && command !== PROXY) return malformed('its command is neither LOCAL nor PROXY');
  if (length > LONGEST_BINARY) return malformed(`it is longer than ${LONGEST_BINARY} octets`);
  const whole = octets.length >= length;
  // Of a LOCAL header nothing counts but its length.
  if (command === LOCAL) return whole ? { kind: 'header', length, source: null } : INCOMPLETE;
  if (family > UNIX || transport > DATAGRAM) return malformed('its address family or transport is none that there is');
  // What an unspecified family or transport is followed by is unspecified too.
  if (family === UNSPECIFIED || transport === UNSPECIFIED) {
    return whole ? { kind: 'header', length, source: null } : INCOMPLETE;
  }
  const addressesEnd = FIXED_PART + (ADDRESSES[family] ?? 0);
  if (length < addressesEnd) return malformed('it is too short for its addresses');
  if (!whole) return INCOMPLETE;
  const header = octets.subarray(0, length);
  const fault = faultOf(header, addressesEnd);
  if (fault !== null) return malformed(fault);
  return { kind: 'header', length, source: transport === STREAM ? sourceOf(header, family) : null };
}

function sourceOf(header: Buffer, family: number): ProxiedSource | null {
  const at = FIXED_PART;
  switch (family) {
    case INET:
      return { address: header.subarray(at, at + 4).join('.'), port: header.readUInt16BE(at + 8) };
    case INET6: {
      const groups = Array.from({ length: 8 }, (_, index) => header.readUInt16BE(at + index * 2).toString(16));
      const address = parseIpv6(groups.join(':'));
      return address === null ? null : { address: unmapped(address), port: header.readUInt16BE(at + 32) };
    }
    default:
      return null;
  }
}

/** What is wrong with the TLVs from `start` to the end, or `null`. Only the checksum's meaning matters here. */
function faultOf(header: Buffer, start: number): string | null {
  let checksumAt: number | null = null;
  for (let at = start, end = start; at < header.length; at = end) {
    if (header.length - at < TLV_START) return 'its last TLV is cut off';
    end = at + TLV_START + header.readUInt16BE(at + 1);
    if (end > header.length) return 'a TLV goes beyond its end';
    if (header.readUInt8(at) !== TLV_CRC32C) continue;
    if (checksumAt !== null) return 'it holds two checksums';
    if (end - at !== TLV_START + CRC32C_LENGTH) return 'its checksum does not have four octets';
    checksumAt = at + TLV_START;
  }
  if (checksumAt === null) return null;
  const zeroed = Buffer.from(header).fill(0, checksumAt, checksumAt + CRC32C_LENGTH);
  return crc32c(zeroed) === header.readUInt32BE(checksumAt) ? null : 'its checksum is wrong';
}

function malformed(reason: string): Malformed {
  return { kind: 'malformed', reason };
}
