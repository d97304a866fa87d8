/** Tells whether a mail exchanger is this gateway: sending to it would be a mail loop (RFC 5321 section 5.1). */
import { inRanges } from '../../core/index.ts';

/** The names and addresses under which the gateway is reached. */
export interface Ourselves {
  hasName(name: string): boolean;
  hasAddress(address: string): boolean;
}

/** Names are compared without case, addresses by value: `2001:db8::1` is `2001:DB8:0::1`. */
export function ourselves(names: readonly string[], addresses: readonly string[]): Ourselves {
  const known = new Set(names.map(name => name.toLowerCase()));
  return {
    hasName: name => known.has(name.toLowerCase()),
    hasAddress: inRanges(addresses),
  };
}
