/** The addresses to try, host by host, in their order. Hosts that came without addresses are looked up on the way. */
import { isIP } from 'node:net';
import type { Deferred, Host, Resolver } from '../../core/index.ts';
import { unavailable } from './outcomes.ts';

/** One address of one host. */
export interface Target {
  readonly kind: 'target';
  readonly host: Host;
  readonly address: string;
  /** `name[address]:port`, as outcomes and logs show it. */
  readonly remote: string;
}

/** A host whose addresses are not known. */
export interface Unresolved {
  readonly kind: 'unresolved';
  readonly outcome: Deferred;
}

/**
 * Yields the addresses one after the other. A host that does not exist is a mistake in somebody's configuration, so it
 * defers: nobody's mail comes back for it.
 */
export async function* targetsOf(hosts: readonly Host[], resolver: Resolver): AsyncGenerator<Target | Unresolved> {
  for (const host of hosts) {
    const addresses = host.addresses.length > 0 ? host.addresses : await addressesOf(host.name, resolver);
    if (typeof addresses === 'string') {
      yield { kind: 'unresolved', outcome: unavailable('4.4.3', addresses) };
      continue;
    }
    for (const address of addresses) {
      yield { kind: 'target', host, address, remote: `${host.name}[${address}]:${host.port}` };
    }
  }
}

async function addressesOf(name: string, resolver: Resolver): Promise<readonly string[] | string> {
  if (isIP(name) !== 0) return [name];
  const answer = await resolver.addresses(name);
  if (answer.kind === 'found') return answer.records;
  return answer.kind === 'unavailable' ? `DNS does not answer for ${name}` : `Host ${name} has no address`;
}
