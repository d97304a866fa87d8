/**
 * The name of a client: what reverse DNS says and forward DNS confirms (RFC 1912 section 2.1).
 *
 * Anybody may point reverse DNS of his addresses to any name, so an unconfirmed name is no name. Names from DNS may hold
 * any octets: only what is a host name is taken.
 */
import { isIPv6 } from 'node:net';
import { parseIpv6 } from '../mail/ip-address.ts';
import type { Resolver } from '../plugin/ports.ts';

/** An address with more names than these is a web host, and the others are no more telling. */
const MOST_NAMES = 4;
const LONGEST_NAME = 253;
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** What DNS says of a client's name. */
export type FoundName =
  /** `null`: it has none. */
  { readonly kind: 'known'; readonly name: string | null } | { readonly kind: 'unavailable' };

/** Looks the name up. */
export async function confirmedName(resolver: Resolver, address: string): Promise<FoundName> {
  const reverse = await resolver.reverse(address);
  if (reverse.kind === 'unavailable') return { kind: 'unavailable' };
  if (reverse.kind !== 'found') return NAMELESS;
  const names = reverse.records.map(name => name.toLowerCase().replace(/\.$/, '')).filter(isHostName);
  let doubtful = false;
  for (const name of names.slice(0, MOST_NAMES)) {
    const forward = await resolver.addresses(name);
    doubtful ||= forward.kind === 'unavailable';
    const confirmed = forward.kind === 'found' && forward.records.some(one => canonical(one) === canonical(address));
    if (confirmed) return { kind: 'known', name };
  }
  return doubtful ? { kind: 'unavailable' } : NAMELESS;
}

const NAMELESS: FoundName = { kind: 'known', name: null };

function isHostName(name: string): boolean {
  return name.length <= LONGEST_NAME && HOST_NAME.test(name);
}

function canonical(address: string): string {
  return isIPv6(address) ? (parseIpv6(address) ?? address) : address;
}
