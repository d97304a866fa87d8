/**
 * IP addresses that stand for all: a range begins or ends nowhere between one of them and the next.
 *
 * Guarantee: for every address there is one among them that lies in the same of the ranges.
 */
import { parseIpAddress } from '../mail/ip-address.ts';
import { inRanges } from '../mail/ip-ranges.ts';

/** For documentation (RFC 5737, RFC 3849): most like a client from anywhere. */
const USUAL = ['203.0.113.7', '2001:db8::7'];
const FIRST = ['0.0.0.0', '::'];

/** Those first that are most like clients from anywhere. */
export function clientClasses(ranges: readonly string[], preferred: readonly string[] = []): readonly string[] {
  const edges = ranges.flatMap(range => {
    const [first, after] = edgesOf(range);
    return [next(first, range), first, ...(after === null ? [] : [after])];
  });
  return [...new Set([...preferred, ...USUAL, ...edges, ...FIRST])].filter(address => !address.startsWith('::ffff:'));
}

/** The range itself in one form, and all wider ones that it lies in. */
export function rangesAround(range: string): readonly string[] {
  const [network = '', written] = range.split('/');
  const bits = familyOf(network) === 'ipv6' ? 128 : 32;
  const prefix = Number(written ?? bits);
  const value = valueOf(network) >> BigInt(bits - prefix);
  return Array.from({ length: prefix + 1 }, (_, wider) => `${bits} ${prefix - wider} ${value >> BigInt(wider)}`);
}

/** The second address of a range looks more like a client than its first, if it is in the range. */
function next(first: string, range: string): string {
  const second = textOf(valueOf(first) + 1n, familyOf(first));
  return second !== null && inRanges([range])(second) ? second : first;
}

type Family = 'ipv4' | 'ipv6';

function familyOf(address: string): Family {
  return address.includes(':') ? 'ipv6' : 'ipv4';
}

/** The first address of a range, and the first one after it: `null` where there is none. */
function edgesOf(range: string): readonly [string, string | null] {
  const [network = '', written] = range.split('/');
  const family = familyOf(network);
  const width = family === 'ipv6' ? 128 : 32;
  const size = 1n << BigInt(width - Number(written ?? width));
  const first = (valueOf(network) / size) * size;
  return [textOf(first, family) ?? network, textOf(first + size, family)];
}

function valueOf(address: string): bigint {
  if (familyOf(address) === 'ipv4') return address.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n);
  const [front = '', back] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(front), groups(back ?? '')];
  const zeros = back === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((value, group) => value * 65_536n + BigInt(`0x${group}`), 0n);
}

/** `null`: there is no such address. */
function textOf(value: bigint, family: Family): string | null {
  const [parts, base] = family === 'ipv6' ? [8, 65_536n] : [4, 256n];
  if (value >= base ** BigInt(parts)) return null;
  const digits = Array.from({ length: parts }, (_, index) => (value / base ** BigInt(parts - 1 - index)) % base);
  return family === 'ipv4' ? digits.join('.') : parseIpAddress(digits.map(one => one.toString(16)).join(':'));
}
