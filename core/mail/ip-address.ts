/**
 * IP addresses as text, each in its one canonical form (RFC 5321 section 4.1.3, RFC 5952).
 *
 * Strict where leniency is a hole: no leading zeros, no hexadecimal or octal parts, no zone.
 */

const OCTET = '(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])';
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const IPV6_CHARACTERS = /^[0-9A-Fa-f:.]+$/;
/** In canonical form (RFC 4291 section 2.5.5.2). */
const MAPPED = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/;

/** An IPv4 address, or `null` for anything else. */
export function parseIpv4(text: string): string | null {
  return IPV4.test(text) ? text : null;
}

/** An IPv6 address in lower case and shortest form, or `null` for anything else. */
export function parseIpv6(text: string): string | null {
  if (!IPV6_CHARACTERS.test(text) || text.length > 45) return null;
  return URL.parse(`http://[${text}]/`)?.hostname.slice(1, -1) ?? null;
}

/** An IP address of either version, or `null` for anything else. */
export function parseIpAddress(text: string): string | null {
  return parseIpv4(text) ?? parseIpv6(text);
}

/** The IPv4 address that a canonical IPv4-mapped IPv6 address stands for; any other address as it is. */
export function unmapped(address: string): string {
  const [, high, low] = MAPPED.exec(address) ?? [];
  if (high === undefined || low === undefined) return address;
  const octetsOf = (group: string) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff];
  return [...octetsOf(high), ...octetsOf(low)].join('.');
}

/** The address of a peer as sockets give it, in canonical form: IPv4-mapped as IPv4, and without a zone. */
export function peerAddress(text: string): string {
  const address = text.replace(/%.*$/, '');
  return unmapped(parseIpAddress(address) ?? address);
}
