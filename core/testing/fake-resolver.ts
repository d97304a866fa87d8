/** DNS out of an object. What the object does not name does not exist: no test depends on the world outside. */
import type { DnsAnswer, MxRecord, Resolver } from '../plugin/ports.ts';
import { eitherFamily, mapRecords } from '../system/dns-answer.ts';

/** What the fake knows of one name. A type that is missing is "no records". */
export interface FakeRecords {
  /** Preference and exchange; `''` is the null MX (RFC 7505). */
  readonly MX?: readonly (readonly [preference: number, exchange: string])[] | 'unavailable';
  readonly A?: readonly string[] | 'unavailable';
  readonly AAAA?: readonly string[] | 'unavailable';
  readonly TXT?: readonly string[] | 'unavailable';
  /** Below the address itself: `{ '192.0.2.1': { PTR: ['client.test'] } }`. */
  readonly PTR?: readonly string[] | 'unavailable';
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
  const ask = <K extends keyof FakeRecords>(name: string, type: K): DnsAnswer<Entry<K>> => {
    queries.push(`${type} ${name}`);
    const records = zones[name.toLowerCase().replace(/\.$/, '')];
    if (records === undefined) return { kind: 'no-such-domain' };
    const found = records === 'unavailable' ? records : records[type];
    if (found === 'unavailable') return { kind: 'unavailable', cause: `the test made ${type} ${name} unavailable` };
    if (found === undefined || found.length === 0) return { kind: 'no-records' };
    return { kind: 'found', records: found };
  };
  return {
    queries,
    set(later) {
      zones = later;
    },
    mx: domain => Promise.resolve(mapRecords(ask(domain, 'MX'), toMx)),
    addresses: name => Promise.resolve(eitherFamily(ask(name, 'A'), ask(name, 'AAAA'))),
    reverse: address => Promise.resolve(ask(address, 'PTR')),
    txt: name => Promise.resolve(ask(name, 'TXT')),
  };
}

type Entry<K extends keyof FakeRecords> = Exclude<FakeRecords[K], string | undefined>[number];

function toMx([preference, exchange]: Entry<'MX'>): MxRecord {
  return { preference, exchange };
}
