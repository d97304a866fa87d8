/**
 * The addresses to try, host by host, in their order. Hosts that came without addresses are looked up on the way. A socket of
 * this machine is one by itself.
 */
import { isIP } from 'node:net';
import type { Deferred } from '../mail/outcome.ts';
import type { Host } from '../mail/route.ts';
import { type Awaitable, whenThere } from '../plugin/awaitable.ts';
import type { Resolver } from '../plugin/dns.ts';
import type { InternetAddress, UnixSocket } from '../plugin/ports.ts';
import { unavailable } from './outcomes.ts';

/** One address of one host. */
export interface Target {
  readonly kind: 'target';
  readonly host: Host;
  readonly at: InternetAddress | UnixSocket;
  /** `name[address]:port` or `name[path]`, as outcomes and logs show it. */
  readonly remote: string;
}

/** A socket of this machine. */
export interface SocketHop extends UnixSocket {
  /** The name of this machine. */
  readonly name: string;
}

/** Where mail is to go: to one host after the other, or through a socket. */
export type Hops = readonly Host[] | SocketHop;

/** A host whose addresses are not known. */
export interface Unresolved {
  readonly kind: 'unresolved';
  readonly outcome: Deferred;
}

/**
 * The addresses of one host after the other, each host's when it is its turn: at once where they are known. A host that does
 * not exist is a mistake in somebody's configuration, so it defers: nobody's mail comes back for it.
 */
export function* targetsOf(hops: Hops, resolver: Resolver): Generator<Awaitable<readonly (Target | Unresolved)[]>> {
  if ('socket' in hops) yield [targetAt(hops)];
  else for (const host of hops) yield whenThere(addressesOf(host, resolver), addresses => targetsAt(host, addresses));
}

function targetAt({ name, socket }: SocketHop): Target {
  const host = { name, port: 0, addresses: [], preference: 0 };
  return { kind: 'target', host, at: { socket }, remote: `${name}[${socket}]` };
}

/** `addresses`: or why there are none. */
function targetsAt(host: Host, addresses: readonly string[] | string): readonly (Target | Unresolved)[] {
  if (typeof addresses === 'string') return [{ kind: 'unresolved', outcome: unavailable('4.4.3', addresses) }];
  const { name, port } = host;
  return addresses.map(address => {
    return { kind: 'target', host, at: { address, port }, remote: `${name}[${address}]:${port}` };
  });
}

function addressesOf({ name, addresses }: Host, resolver: Resolver): Awaitable<readonly string[] | string> {
  if (addresses.length > 0) return addresses;
  return isIP(name) === 0 ? lookUp(name, resolver) : [name];
}

async function lookUp(name: string, resolver: Resolver): Promise<readonly string[] | string> {
  const answer = await resolver.addresses(name);
  if (answer.kind === 'found') return answer.records;
  return answer.kind === 'unavailable' ? `DNS does not answer for ${name}` : `Host ${name} has no address`;
}
