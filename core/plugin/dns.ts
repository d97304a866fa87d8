/** The DNS port: what may be asked, what the answer is, and what it is worth. */
import type { TlsaRecord } from '../mail/tls-demand.ts';

/** What DNS said. "There is none" and "nobody could say" are different answers, not different exceptions. */
export type DnsAnswer<T> =
  | { readonly kind: 'found'; readonly records: readonly T[] }
  /** The name does not exist (NXDOMAIN). */
  | { readonly kind: 'no-such-domain' }
  /** The name exists and has no record of this type. */
  | { readonly kind: 'no-records' }
  /** Time-out, SERVFAIL, refused: ask again later. */
  | { readonly kind: 'unavailable'; readonly cause: string };

/** An MX record (RFC 5321 section 5.1). An `exchange` of `''` is the null MX (RFC 7505). */
export interface MxRecord {
  readonly exchange: string;
  readonly preference: number;
}

/** The types of records that may be asked for, and what each is read into. */
export interface DnsRecords {
  readonly MX: MxRecord;
  readonly A: string;
  readonly AAAA: string;
  readonly TXT: string;
  readonly PTR: string;
  readonly TLSA: TlsaRecord;
}

export type DnsType = keyof DnsRecords;

/**
 * Whether DNSSEC vouches for an answer. `secure`: a resolver that the configuration trusts has validated it. `insecure`:
 * it says that the zone is not signed. `unknown`: nobody whom we trust says anything.
 */
export type Dnssec = 'secure' | 'insecure' | 'unknown';

/** An answer, and what it is worth. */
export interface DnsLookup<T> {
  readonly answer: DnsAnswer<T>;
  readonly dnssec: Dnssec;
  /** The name that aliases (CNAME) led to: the one that was asked about, where there are none. */
  readonly name: string;
  /** How long it holds, in milliseconds. */
  readonly ttl: number;
}

/** DNS. Names are given and come back without the final dot; A-labels only. */
export interface Resolver {
  mx(domain: string): Promise<DnsAnswer<MxRecord>>;
  /** IPv4 and IPv6 addresses as text. */
  addresses(name: string): Promise<DnsAnswer<string>>;
  /** Names that the address points to, unconfirmed. */
  reverse(address: string): Promise<DnsAnswer<string>>;
  txt(name: string): Promise<DnsAnswer<string>>;
  /**
   * One question, with what the others leave out.
   * @example const { answer, dnssec } = await resolver.lookUp('_25._tcp.mail.example.test', 'TLSA')
   */
  lookUp<T extends DnsType>(name: string, type: T): Promise<DnsLookup<DnsRecords[T]>>;
}
