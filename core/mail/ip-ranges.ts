/** Ranges of IP addresses in CIDR notation, as configurations list them. */
import { BlockList, isIPv6 } from 'node:net';
import { remembered } from './remembered.ts';

/** It is asked about a client at each of its recipients, and clients come again: so many answers are remembered. */
const MOST_REMEMBERED = 1000;

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
  return remembered(MOST_REMEMBERED, address =>
    isIPv6(address) ? six.check(address, 'ipv6') : four.check(address, 'ipv4'),
  );
}

const questions = new WeakMap<readonly string[], InRanges>();

/** Whether an IP address lies in one of the ranges of a list that stays as it is: it is read once. */
export function isInRanges(ranges: readonly string[], address: string): boolean {
  let question = questions.get(ranges);
  if (question === undefined) {
    question = inRanges(ranges);
    questions.set(ranges, question);
  }
  return question(address);
}
