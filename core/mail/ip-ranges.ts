/** Ranges of IP addresses in CIDR notation, as configurations list them. */
import { BlockList, isIPv6 } from 'node:net';

/** Whether an IP address is meant. */
export type InRanges = (address: string) => boolean;

/**
 * A question to ask of an IP address in canonical form: whether it lies in one of the ranges. An IPv4 address lies in no
 * range of IPv6.
 * @example inRanges(['192.0.2.0/24', '2001:db8::1'])('192.0.2.7') // true
 */
export function inRanges(ranges: readonly string[]): InRanges {
  // Asked for every client that comes, mostly of lists that nobody has filled.
  if (ranges.length === 0) return () => false;
  const four = new BlockList();
  const six = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    const family = isIPv6(network) ? 'ipv6' : 'ipv4';
    const list = family === 'ipv6' ? six : four;
    if (prefix === undefined) list.addAddress(network, family);
    else list.addSubnet(network, Number(prefix), family);
  }
  return address => (isIPv6(address) ? six.check(address, 'ipv6') : four.check(address, 'ipv4'));
}
