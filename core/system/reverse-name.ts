/** The name below which DNS keeps what an address points to (RFC 1035 section 3.5, RFC 3596 section 2.5). */
import { isIPv4, isIPv6 } from 'node:net';

const GROUPS = 8;

/** `192.0.2.1` becomes `1.2.0.192.in-addr.arpa`; `null` where the text is no IP address. */
export function reverseName(address: string): string | null {
  if (isIPv4(address)) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  if (!isIPv6(address)) return null;
  const digits = groupsOf(address).map(group => group.toLowerCase().padStart(4, '0'));
  return `${digits.join('').split('').reverse().join('.')}.ip6.arpa`;
}

/** The eight groups of an IPv6 address in hexadecimal, however it was abbreviated. A zone (`%eth0`) is dropped. */
function groupsOf(address: string): readonly string[] {
  const [before = '', after] = hexOnly(address.replace(/%.*$/, '')).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  if (after === undefined) return groups(before);
  const missing = GROUPS - groups(before).length - groups(after).length;
  return [...groups(before), ...Array.from({ length: missing }, () => '0'), ...groups(after)];
}

/** Writes a dotted quad at the end, as in `::ffff:192.0.2.1`, as two groups. */
function hexOnly(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a: string, b: string, c: string, d: string) => {
    const group = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
    return `${group(a, b)}:${group(c, d)}`;
  });
}
