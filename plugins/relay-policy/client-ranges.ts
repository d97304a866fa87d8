/** The clients that may relay, as ranges of IP addresses. */
import { BlockList, isIPv6 } from 'node:net';

/** A question to ask of an IP address: whether it lies in one of the ranges, which are in canonical form. */
export function inRanges(ranges: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    if (prefix === undefined) list.addAddress(network, familyOf(network));
    else list.addSubnet(network, Number(prefix), familyOf(network));
  }
  return address => list.check(address, familyOf(address));
}

/** Whether the range holds every address of its family: whoever may relay from there may relay from anywhere. */
export function isEverybody(range: string): boolean {
  return range.endsWith('/0');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
