/** DNS out of an object, or out of the text of a zone. What it does not name does not exist: no test depends on the world outside. */
import type { DnsType, Resolver } from '../plugin/dns.ts';
import { zonesIn } from '../system/zone-file.ts';
import { type ZoneRecords, type Zones, zoneResolver } from '../system/zones.ts';

/** What the fake knows of one name. A type that is missing is "no records". */
export type FakeRecords = ZoneRecords;

/** Names in lower case without the final dot. A fault such as `unavailable`: whatever is asked, nobody can say. */
export type FakeZones = Zones;

/** A resolver that remembers what it was asked. */
export interface FakeResolver extends Resolver {
  /** `MX example.test`, in the order of asking. */
  readonly queries: readonly string[];
  /** Replaces what is known: DNS as it is from now on. */
  set(zones: FakeZones | string): void;
}

/**
 * Makes one.
 * @throws MailframeError where the text of a zone is none.
 * @example
 * fakeResolver({ 'example.test': { MX: [[10, 'mx.example.test']] }, 'mx.example.test': { A: ['192.0.2.1'] } })
 * fakeResolver('$ORIGIN example.test.\n@ MX 10 mx\nmx A 192.0.2.1\n$FAULT timeout slow')
 */
export function fakeResolver(initial: FakeZones | string = {}): FakeResolver {
  let known = resolverOf(initial);
  const queries: string[] = [];
  const asked = (type: DnsType, name: string) => queries.push(`${type} ${name}`);
  return {
    queries,
    set(later) {
      known = resolverOf(later);
    },
    mx(domain) {
      asked('MX', domain);
      return known.mx(domain);
    },
    addresses(name) {
      asked('A', name);
      asked('AAAA', name);
      return known.addresses(name);
    },
    reverse(address) {
      asked('PTR', address);
      return known.reverse(address);
    },
    txt(name) {
      asked('TXT', name);
      return known.txt(name);
    },
    lookUp(name, type) {
      asked(type, name);
      return known.lookUp(name, type);
    },
  };
}

function resolverOf(zones: FakeZones | string): Resolver {
  return zoneResolver(typeof zones === 'string' ? zonesIn(zones) : zones);
}
