/** The resolver port over the DNS servers of the system, or those that the configuration names. */
import type { DnsAnswer, DnsLookup, DnsRecords, DnsType, Resolver } from '../plugin/dns.ts';
import { eitherFamily } from '../plugin/dns-answer.ts';
import type { Clock, Random } from '../plugin/ports.ts';
import { systemClock } from './clock.ts';
import { parseServer, systemServers } from './dns-servers.ts';
import { systemRandom } from './random.ts';
import { reverseName } from './reverse-name.ts';
import { StubResolver } from './stub-resolver.ts';

/** How DNS is asked. */
export interface ResolverSettings {
  /** `127.0.0.1:5353`, `[::1]:53`. Without them: those of the system. */
  readonly servers?: readonly string[];
  /** `trusted`: these servers validate, and what they say reaches us as they said it. */
  readonly dnssec?: 'ignored' | 'trusted';
  /** How long the first try at a server may take, in milliseconds; later tries take twice as long. */
  readonly timeout?: number;
  /** How often each server is tried. */
  readonly tries?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

const LABEL = /^[a-z0-9_-]{1,63}$/i;
const LONGEST_NAME = 253;

/** Asks the DNS servers of the system, or those given. */
export function systemResolver(settings: ResolverSettings = {}): Resolver {
  const { servers = [], dnssec = 'ignored', timeout = 3000, tries = 2 } = settings;
  const { clock = systemClock, random = systemRandom } = settings;
  const named = servers.map(parseServer);
  const stub = new StubResolver({
    servers: named.length > 0 ? () => Promise.resolve(named) : systemServers(clock),
    dnssec,
    timeout,
    tries,
    clock,
    random,
  });
  const lookUp = <T extends DnsType>(name: string, type: T): Promise<DnsLookup<DnsRecords[T]>> => {
    const bare = name.replace(/\.$/, '');
    return isDnsName(bare) ? stub.lookUp(bare, type) : Promise.resolve(noSuchName(name));
  };
  const answer = async <T extends DnsType>(name: string, type: T): Promise<DnsAnswer<DnsRecords[T]>> =>
    (await lookUp(name, type)).answer;
  return {
    mx: domain => answer(domain, 'MX'),
    async addresses(name) {
      return eitherFamily(...(await Promise.all([answer(name, 'A'), answer(name, 'AAAA')])));
    },
    reverse: address => answer(reverseName(address) ?? '', 'PTR'),
    txt: name => answer(name, 'TXT'),
    lookUp,
  };
}

function noSuchName(name: string): DnsLookup<never> {
  return { answer: { kind: 'no-such-domain' }, dnssec: 'unknown', name, ttl: Number.MAX_SAFE_INTEGER };
}

/** Whether DNS can hold the name. A last label of digits only is an IP address, not a name. */
function isDnsName(name: string): boolean {
  const labels = name.split('.');
  return name.length <= LONGEST_NAME && labels.every(label => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1) ?? '');
}
