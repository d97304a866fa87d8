/**
 * The name of a client: what reverse DNS says and forward DNS confirms (RFC 1912 section 2.1).
 *
 * Anybody may point reverse DNS of his addresses to any name, so an unconfirmed name is no name. Names from DNS may hold
 * any octets: only what is a host name is taken.
 */
import { isIPv6 } from 'node:net';
import { describeError } from '../mail/failure.ts';
import { parseIpv6 } from '../mail/ip-address.ts';
import type { Resolver } from '../plugin/ports.ts';
import type { Reception } from './reception.ts';

type Ports = Pick<Reception, 'resolver' | 'clock' | 'log'>;

/** How long a name is worth waiting for, in milliseconds. */
const PATIENCE = 300;
/** An address with more names than these is a web host, and the others are no more telling. */
const MOST_NAMES = 4;
const LONGEST_NAME = 253;
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/**
 * Looks the name up in parallel with everything else. `known` hears it, however late.
 * @returns when the name is known, or when nobody should wait for it any longer. Does not reject.
 */
export function findName(
  { resolver, clock, log }: Ports,
  address: string,
  known: (name: string) => void,
): Promise<void> {
  const found = confirmedName(resolver, address).then(
    name => {
      if (name !== null) known(name);
    },
    error => log.warn('failed', { looking: `up the name of ${address}`, cause: describeError(error) }),
  );
  const timer = new AbortController();
  const late = clock.sleep(PATIENCE, timer.signal).catch(() => undefined);
  return Promise.race([found, late]).finally(() => timer.abort('it is over'));
}

/** Looks for the name of one client after the other. What is found too late is not the name of the next one. */
export class NameSearch {
  readonly #ports: Ports;
  readonly #known: (name: string) => void;
  #current: symbol | null = null;
  #settled: Promise<void> = Promise.resolve();

  constructor(ports: Ports, known: (name: string) => void) {
    this.#ports = ports;
    this.#known = known;
  }

  /** Resolves when the name is known, or when nobody should wait for it any longer. Does not reject. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  begin(address: string): void {
    const search = Symbol(address);
    this.#current = search;
    this.#settled = findName(this.#ports, address, name => {
      if (this.#current === search) this.#known(name);
    });
  }

  /** There is nothing to be found any more. */
  stop(): void {
    this.#current = null;
    this.#settled = Promise.resolve();
  }
}

/** Looks the name up. `null` where there is none, or nobody can say. */
export async function confirmedName(resolver: Resolver, address: string): Promise<string | null> {
  const reverse = await resolver.reverse(address);
  if (reverse.kind !== 'found') return null;
  const names = reverse.records.map(name => name.toLowerCase().replace(/\.$/, '')).filter(isHostName);
  for (const name of names.slice(0, MOST_NAMES)) {
    const forward = await resolver.addresses(name);
    if (forward.kind === 'found' && forward.records.some(one => canonical(one) === canonical(address))) return name;
  }
  return null;
}

function isHostName(name: string): boolean {
  return name.length <= LONGEST_NAME && HOST_NAME.test(name);
}

function canonical(address: string): string {
  return isIPv6(address) ? (parseIpv6(address) ?? address) : address;
}
