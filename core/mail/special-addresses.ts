/**
 * Addresses to which mail from the internet never goes: private, local and reserved ones.
 *
 * A domain's owner writes what its MX records lead to. Without this list a stranger could make the gateway talk to
 * machines behind it (server-side request forgery).
 */
import { BlockList, isIPv6 } from 'node:net';

interface Range {
  readonly network: string;
  readonly prefix: number;
  readonly what: string;
}

/** The special-purpose IPv4 ranges of IANA's registry (RFC 6890), and multicast. */
const IPV4: readonly Range[] = [
  { network: '0.0.0.0', prefix: 8, what: 'this network (RFC 791)' },
  { network: '10.0.0.0', prefix: 8, what: 'private (RFC 1918)' },
  { network: '100.64.0.0', prefix: 10, what: 'shared behind a carrier (RFC 6598)' },
  { network: '127.0.0.0', prefix: 8, what: 'loopback (RFC 1122)' },
  { network: '169.254.0.0', prefix: 16, what: 'link-local (RFC 3927)' },
  { network: '172.16.0.0', prefix: 12, what: 'private (RFC 1918)' },
  { network: '192.0.0.0', prefix: 24, what: 'protocol assignments (RFC 6890)' },
  { network: '192.0.2.0', prefix: 24, what: 'documentation (RFC 5737)' },
  { network: '192.88.99.0', prefix: 24, what: '6to4 relays, withdrawn (RFC 7526)' },
  { network: '192.168.0.0', prefix: 16, what: 'private (RFC 1918)' },
  { network: '198.18.0.0', prefix: 15, what: 'benchmarks (RFC 2544)' },
  { network: '198.51.100.0', prefix: 24, what: 'documentation (RFC 5737)' },
  { network: '203.0.113.0', prefix: 24, what: 'documentation (RFC 5737)' },
  { network: '224.0.0.0', prefix: 4, what: 'multicast (RFC 5771)' },
  { network: '240.0.0.0', prefix: 4, what: 'reserved, and broadcast (RFC 1112, RFC 919)' },
];

/** The special-purpose IPv6 ranges of IANA's registry (RFC 6890), multicast, and what was withdrawn. */
const IPV6: readonly Range[] = [
  { network: '::', prefix: 96, what: 'unspecified, loopback or IPv4-compatible (RFC 4291)' },
  { network: '::ffff:0:0', prefix: 96, what: 'IPv4-mapped: not for the wire (RFC 4291)' },
  { network: '64:ff9b:1::', prefix: 48, what: 'local translation (RFC 8215)' },
  { network: '100::', prefix: 64, what: 'discard (RFC 6666)' },
  { network: '2001::', prefix: 23, what: 'protocol assignments, Teredo among them (RFC 2928)' },
  { network: '2001:db8::', prefix: 32, what: 'documentation (RFC 3849)' },
  { network: '2002::', prefix: 16, what: '6to4 (RFC 7526)' },
  { network: '3fff::', prefix: 20, what: 'documentation (RFC 9637)' },
  { network: '5f00::', prefix: 16, what: 'segment identifiers (RFC 9602)' },
  { network: 'fc00::', prefix: 7, what: 'unique local (RFC 4193)' },
  { network: 'fe80::', prefix: 10, what: 'link-local (RFC 4291)' },
  { network: 'fec0::', prefix: 10, what: 'site-local, withdrawn (RFC 3879)' },
  { network: 'ff00::', prefix: 8, what: 'multicast (RFC 4291)' },
];

const IPV4_BITS = 32;
const IPV6_BITS = 128;

/** What NAT64 must not stand for (RFC 6052 section 3.1): the same IPv4 ranges inside the well-known prefix. */
const TRANSLATED: readonly Range[] = IPV4.map(({ network, prefix, what }) => ({
  network: `64:ff9b::${network}`,
  prefix: prefix + IPV6_BITS - IPV4_BITS,
  what: `translated, ${what}`,
}));

const IPV4_LISTS = IPV4.map(range => listed(range, 'ipv4'));
const IPV6_LISTS = [...IPV6, ...TRANSLATED].map(range => listed(range, 'ipv6'));

function listed({ network, prefix, what }: Range, family: 'ipv4' | 'ipv6') {
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return { list, what };
}

/** What is special about an IP address, for a person, or `null` where mail may go to it. */
export function specialUse(address: string): string | null {
  // Each family against its own lists: `BlockList` takes every IPv4 address for a member of `::ffff:0:0/96`.
  const [lists, family] = isIPv6(address) ? ([IPV6_LISTS, 'ipv6'] as const) : ([IPV4_LISTS, 'ipv4'] as const);
  return lists.find(({ list }) => list.check(address, family))?.what ?? null;
}
