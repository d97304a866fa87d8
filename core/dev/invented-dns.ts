/**
 * DNS in which every domain takes mail, so that a gateway can be tried without a network: `partner.example` has the mail
 * exchanger `mx.partner.example`, and every host an address.
 *
 * The addresses are of 1.2.0.0/16, so that they pass for public ones; nobody ever connects to them, for all connections are
 * caught. What ends in `.invalid` does not exist (RFC 6761 section 6.4), to see what becomes of that.
 */
import { isIP } from 'node:net';
import type { DnsAnswer, DnsLookup, DnsRecords, DnsType, Resolver } from '../plugin/dns.ts';

export interface InventedDns extends Resolver {
  /** The host to whom an address was given, or `null`. */
  nameOf(address: string): string | null;
}

const MOST_ADDRESSES = 65_536;
const TTL = 60_000;
const NO_RECORDS = { kind: 'no-records' } as const;
const NO_SUCH_DOMAIN = { kind: 'no-such-domain' } as const;

/** Invents DNS. A name keeps its address. */
export function inventedDns(): InventedDns {
  const addresses = new Map<string, string>();
  const names = new Map<string, string>();
  const addressOf = (name: string): string => {
    const known = addresses.get(name);
    if (known !== undefined) return known;
    const number = (addresses.size + 1) % MOST_ADDRESSES;
    const address = `1.2.${number >> 8}.${number & 0xff}`;
    addresses.set(name, address);
    names.set(address, name);
    return address;
  };
  const ask = <T extends DnsType>(asked: string, type: T): DnsAnswer<DnsRecords[T]> => {
    const name = asked.toLowerCase().replace(/\.$/, '');
    if (/(?:^|\.)invalid$/.test(name)) return NO_SUCH_DOMAIN;
    switch (type) {
      case 'MX':
        return found({ exchange: `mx.${name}`, preference: 10 });
      case 'A':
        return isIP(name) === 0 ? found(addressOf(name)) : NO_RECORDS;
      default:
        return NO_RECORDS;
    }
    function found(record: unknown): DnsAnswer<DnsRecords[T]> {
      return { kind: 'found', records: [record as DnsRecords[T]] };
    }
  };
  return {
    nameOf: address => names.get(address) ?? null,
    mx: domain => Promise.resolve(ask(domain, 'MX')),
    addresses: name => Promise.resolve(ask(name, 'A')),
    reverse: () => Promise.resolve(NO_SUCH_DOMAIN),
    txt: name => Promise.resolve(ask(name, 'TXT')),
    lookUp: <T extends DnsType>(name: string, type: T) => {
      const lookup: DnsLookup<DnsRecords[T]> = { answer: ask(name, type), dnssec: 'insecure', name, ttl: TTL };
      return Promise.resolve(lookup);
    },
  };
}
