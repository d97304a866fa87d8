/** The addresses of one host, of both families, and what the answers are worth. */
import { isIP } from 'node:net';
import { type DnsAnswer, type DnsLookup, type Dnssec, eitherFamily, type Resolver } from '../../core/index.ts';

export interface HostAddresses {
  readonly answer: DnsAnswer<string>;
  /** `secure` only where all that was found is. */
  readonly dnssec: Dnssec;
  /** The name that aliases led to. */
  readonly name: string;
  /** In milliseconds. */
  readonly ttl: number;
}

/** Looks a host up. An IP address is its own. */
export async function addressesOf(name: string, resolver: Resolver): Promise<HostAddresses> {
  if (isIP(name) !== 0) {
    return { answer: { kind: 'found', records: [name] }, dnssec: 'unknown', name, ttl: Number.MAX_SAFE_INTEGER };
  }
  const both = await Promise.all([resolver.lookUp(name, 'A'), resolver.lookUp(name, 'AAAA')]);
  const [v4, v6] = both;
  const found = both.filter(({ answer }) => answer.kind === 'found');
  const heard: readonly DnsLookup<string>[] = found.length > 0 ? found : both;
  const worst = heard.find(({ dnssec }) => dnssec !== 'secure');
  return {
    answer: eitherFamily(v4.answer, v6.answer),
    dnssec: worst?.dnssec ?? 'secure',
    name: heard[0]?.name ?? name,
    ttl: Math.min(...heard.map(({ ttl }) => ttl)),
  };
}
