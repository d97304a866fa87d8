/** DNS out of an object. What the object does not name does not exist: no test depends on the world outside. */

import type { TlsaRecord } from '../mail/tls-demand.ts';
import type { DnsAnswer, DnsLookup, DnsRecords, Dnssec, DnsType, MxRecord, Resolver } from '../plugin/dns.ts';
import { eitherFamily, mapRecords } from '../plugin/dns-answer.ts';

/** What the fake knows of one name. A type that is missing is "no records". */
export interface FakeRecords {
  /** Preference and exchange; `''` is the null MX (RFC 7505). */
  readonly MX?: readonly (readonly [preference: number, exchange: string])[] | 'unavailable';
  readonly A?: readonly string[] | 'unavailable';
  readonly AAAA?: readonly string[] | 'unavailable';
  readonly TXT?: readonly string[] | 'unavailable';
  /** Below the address itself: `{ '192.0.2.1': { PTR: ['client.test'] } }`. */
  readonly PTR?: readonly string[] | 'unavailable';
  readonly TLSA?: readonly TlsaRecord[] | 'unavailable';
  /** The name that it is an alias of: all other records are those of that one. */
  readonly CNAME?: string;
  /** What DNSSEC says of the name. Without it `insecure`. */
  readonly dnssec?: Dnssec;
}

/** Names in lower case without the final dot. `unavailable`: whatever is asked about the name, nobody can say. */
export type FakeZones = Readonly<Record<string, FakeRecords | 'unavailable'>>;

/** A resolver that remembers what it was asked. */
export interface FakeResolver extends Resolver {
  /** `MX example.test`, in the order of asking. */
  readonly queries: readonly string[];
  /** Replaces what is known: DNS as it is from now on. */
  set(zones: FakeZones): void;
}

/**
 * Makes one.
 * @example fakeResolver({ 'example.test': { MX: [[10, 'mx.example.test']] }, 'mx.example.test': { A: ['192.0.2.1'] } })
 */
export function fakeResolver(initial: FakeZones = {}): FakeResolver {
  let zones = initial;
  const queries: string[] = [];
  const ask = <K extends DnsType>(name: string, type: K): DnsLookup<Entry<K>> => {
    queries.push(`${type} ${name}`);
    return find(zones, name.toLowerCase().replace(/\.$/, ''), type);
  };
  const answer = <K extends DnsType>(name: string, type: K) => ask(name, type).answer;
  return {
    queries,
    set(later) {
      zones = later;
    },
    mx: domain => Promise.resolve(mapRecords(answer(domain, 'MX'), toMx)),
    addresses: name => Promise.resolve(eitherFamily(answer(name, 'A'), answer(name, 'AAAA'))),
    reverse: address => Promise.resolve(answer(address, 'PTR')),
    txt: name => Promise.resolve(answer(name, 'TXT')),
    lookUp: <T extends DnsType>(name: string, type: T) => {
      const { answer: found, ...about } = ask(name, type);
      const read = mapRecords(found, entry => (type === 'MX' ? toMx(entry as Entry<'MX'>) : entry));
      return Promise.resolve({ ...about, answer: read as DnsAnswer<DnsRecords[T]> });
    },
  };
}

type Entry<K extends DnsType> = Exclude<FakeRecords[K], string | undefined>[number];

/** In milliseconds. */
const TTL = 300_000;

function find<K extends DnsType>(
  zones: FakeZones,
  name: string,
  type: K,
  soFar: Dnssec = 'secure',
): DnsLookup<Entry<K>> {
  const zone = zones[name];
  const { CNAME, dnssec: own = 'insecure' } = typeof zone === 'object' ? zone : {};
  const dnssec = soFar === 'secure' ? own : soFar;
  if (CNAME !== undefined) return find(zones, CNAME, type, dnssec);
  return { answer: answerOf(zone, name, type), dnssec, name, ttl: TTL };
}

function answerOf<K extends DnsType>(zone: FakeZones[string] | undefined, name: string, type: K): DnsAnswer<Entry<K>> {
  if (zone === undefined) return { kind: 'no-such-domain' };
  const found = zone === 'unavailable' ? zone : zone[type];
  if (found === 'unavailable') return { kind: 'unavailable', cause: `the test made ${type} ${name} unavailable` };
  if (found === undefined || found.length === 0) return { kind: 'no-records' };
  return { kind: 'found', records: found };
}

function toMx([preference, exchange]: Entry<'MX'>): MxRecord {
  return { preference, exchange };
}
