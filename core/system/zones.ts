/**
 * DNS out of data, behind the resolver port: for trying and for tests. What the data does not name does not exist.
 *
 * Wildcards (RFC 4592), aliases and names that exist only because others lie below them (RFC 8020) are answered as a name
 * server would. Nothing is asked of anybody, so that the same question has the same answer for ever.
 */
import type { TlsaRecord } from '../mail/tls-demand.ts';
import type { DnsAnswer, DnsLookup, DnsRecords, Dnssec, DnsType, MxRecord, Resolver } from '../plugin/dns.ts';
import { eitherFamily, mapRecords } from '../plugin/dns-answer.ts';
import { reverseName } from './reverse-name.ts';

/**
 * Why nobody can say. `unavailable`: for no reason that matters; `servfail`: the servers of the zone are broken; `timeout`:
 * they do not answer; `bogus`: DNSSEC forbids to believe them, which a resolver that validates tells as SERVFAIL.
 */
export type ZoneFault = 'unavailable' | 'servfail' | 'timeout' | 'bogus';

/** What is known of one name. A type that is missing is "no records". */
export interface ZoneRecords {
  /** Preference and exchange; `''` is the null MX (RFC 7505). */
  readonly MX?: readonly (readonly [preference: number, exchange: string])[] | ZoneFault;
  readonly A?: readonly string[] | ZoneFault;
  readonly AAAA?: readonly string[] | ZoneFault;
  readonly TXT?: readonly string[] | ZoneFault;
  /** Below the address itself, `{ '192.0.2.1': { PTR: ['client.test'] } }`, or below `1.2.0.192.in-addr.arpa`. */
  readonly PTR?: readonly string[] | ZoneFault;
  readonly TLSA?: readonly TlsaRecord[] | ZoneFault;
  /** The name that it is an alias of: all other records are those of that one. */
  readonly CNAME?: string;
  /** What DNSSEC says of the name. Without it `insecure`. */
  readonly dnssec?: Dnssec;
  /** How long its records hold, in milliseconds. Five minutes without it. */
  readonly ttl?: number;
}

/**
 * Names in lower case without the final dot. A fault: whatever is asked about the name, nobody can say. `nxdomain`: there is
 * no such name, though a wildcard may be for it.
 */
export type Zones = Readonly<Record<string, ZoneRecords | ZoneFault | 'nxdomain'>>;

type Entry<K extends DnsType> = Exclude<ZoneRecords[K], string | undefined>[number];
type Zone = Zones[string] | undefined;

/** In milliseconds. */
const TTL = 300_000;
const LONGEST_ALIAS_CHAIN = 16;

const CAUSES: Readonly<Record<ZoneFault, string>> = {
  unavailable: 'nobody can say',
  servfail: 'SERVFAIL',
  timeout: 'no answer in time',
  bogus: 'SERVFAIL: the signatures of DNSSEC do not hold',
};

/**
 * Answers out of zones.
 * @example zoneResolver({ 'example.test': { MX: [[10, 'mx.example.test']] }, 'mx.example.test': { A: ['192.0.2.1'] } })
 */
export function zoneResolver(zones: Zones): Resolver {
  const ask = <K extends DnsType>(name: string, type: K): DnsLookup<Entry<K>> => lookUp(zones, bare(name), type);
  const answer = <K extends DnsType>(name: string, type: K) => ask(name, type).answer;
  return {
    mx: domain => Promise.resolve(mapRecords(answer(domain, 'MX'), toMx)),
    addresses: name => Promise.resolve(eitherFamily(answer(name, 'A'), answer(name, 'AAAA'))),
    reverse(address) {
      const name = Object.hasOwn(zones, address) ? address : (reverseName(address) ?? address);
      return Promise.resolve(answer(name, 'PTR'));
    },
    txt: name => Promise.resolve(answer(name, 'TXT')),
    lookUp<T extends DnsType>(name: string, type: T) {
      const { answer: found, ...about } = ask(name, type);
      const read = mapRecords(found, entry => (type === 'MX' ? toMx(entry as Entry<'MX'>) : entry));
      return Promise.resolve({ ...about, answer: read as DnsAnswer<DnsRecords[T]> });
    },
  };
}

/** Follows aliases. An answer is worth what the weakest link of them is worth. */
function lookUp<K extends DnsType>(zones: Zones, asked: string, type: K): DnsLookup<Entry<K>> {
  let [name, dnssec, ttl] = [asked, 'secure' as Dnssec, Number.MAX_SAFE_INTEGER];
  for (let step = 0; step < LONGEST_ALIAS_CHAIN; step += 1) {
    const zone = zoneOf(zones, name);
    const records: ZoneRecords = typeof zone === 'object' ? zone : {};
    dnssec = dnssec === 'secure' ? (records.dnssec ?? 'insecure') : dnssec;
    ttl = Math.min(ttl, records.ttl ?? TTL);
    if (records.CNAME === undefined) return { answer: answerOf(zone, name, type), dnssec, name, ttl };
    name = bare(records.CNAME);
  }
  const cause = `${type} ${asked}: its aliases lead nowhere`;
  return { answer: { kind: 'unavailable', cause }, dnssec: 'unknown', name: asked, ttl };
}

/** What is known of the name itself, or the wildcard that stands for it (RFC 4592 section 3.3). */
function zoneOf(zones: Zones, name: string): Zone {
  if (Object.hasOwn(zones, name)) return zones[name];
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const above = name.slice(dot + 1);
    if (Object.hasOwn(zones, `*.${above}`)) return zones[`*.${above}`];
    if (Object.hasOwn(zones, above)) return undefined;
  }
  return zones['*'];
}

function answerOf<K extends DnsType>(zone: Zone, name: string, type: K): DnsAnswer<Entry<K>> {
  if (zone === undefined || zone === 'nxdomain') return { kind: 'no-such-domain' };
  const found: readonly Entry<K>[] | ZoneFault | undefined = typeof zone === 'string' ? zone : zone[type];
  if (typeof found === 'string') return { kind: 'unavailable', cause: `${type} ${name}: ${CAUSES[found]}` };
  if (found === undefined || found.length === 0) return { kind: 'no-records' };
  return { kind: 'found', records: found };
}

function bare(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function toMx([preference, exchange]: Entry<'MX'>): MxRecord {
  return { preference, exchange };
}
