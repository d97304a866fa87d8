/**
 * Whom an IP address belongs to: what one customer gets, and the network around it.
 *
 * Who has one address of an IPv6 /64 has all of them (RFC 6177), so that is one client.
 */
import { isIPv6 } from 'node:net';

/** The client: an IPv4 address, or the /64 of an IPv6 address. */
export function clientOf(address: string): string {
  return isIPv6(address) ? `${groups(address).slice(0, 4).join(':')}::/64` : address;
}

/** The network: a /24 of IPv4, or a /48 of IPv6. */
export function networkOf(address: string): string {
  if (isIPv6(address)) return `${groups(address).slice(0, 3).join(':')}::/48`;
  return `${address.split('.').slice(0, 3).join('.')}.0/24`;
}

/** The eight groups of an IPv6 address in canonical form. */
function groups(address: string): readonly string[] {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
}
