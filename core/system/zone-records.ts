/** The data of records as master files write it (RFC 1035 section 3.3, RFC 3596, RFC 6698 section 2.2). */
import { parseIpv4, parseIpv6 } from '../mail/ip-address.ts';
import type { DnsType } from '../plugin/dns.ts';
import type { ZoneWord } from './zone-entries.ts';
import type { ZoneRecords } from './zones.ts';

/** A record, or what is wrong with its data; `null` where that has been told already. */
export type RecordReader<T> = (
  data: readonly ZoneWord[],
  /** A name in full, or `null` after a complaint. */
  nameOf: (word: ZoneWord) => string | null,
) => { readonly value: T } | string | null;

type Entry<K extends DnsType> = Exclude<ZoneRecords[K], string | undefined>[number];

/** Types that nobody asks for here: the older ones, and those of RFC 3597. */
export const UNREAD_TYPES =
  /^(?:SOA|NS|SRV|SPF|HINFO|MINFO|RP|WKS|NAPTR|DNAME|CAA|SSHFP|DS|DNSKEY|RRSIG|NSEC|NSEC3|NSEC3PARAM|CDS|CDNSKEY|SVCB|HTTPS|LOC|URI|OPENPGPKEY|SMIMEA|CERT|TYPE\d{1,5})$/;

const NUMBER = /^\d{1,5}$/;
const PREFERENCES = 0x1_00_00;
const OCTETS = 0x1_00;
const HEXADECIMAL = /^(?:[0-9a-f]{2})+$/i;

export const recordReaders: { readonly [K in DnsType]: RecordReader<Entry<K>> } = {
  A: data => addressOf(data, parseIpv4, 'A needs one IPv4 address'),
  AAAA: data => addressOf(data, parseIpv6, 'AAAA needs one IPv6 address'),
  MX([preference, exchange, ...more], nameOf) {
    const number = preference?.text ?? '';
    const right = NUMBER.test(number) && Number(number) < PREFERENCES && exchange !== undefined && more.length === 0;
    if (!right) return 'MX needs a preference and a name, such as 10 mx.example.test.';
    if (exchange.text !== '.' && parseIpv4(exchange.text) !== null) return 'MX needs a name, not an address';
    const name = nameOf(exchange);
    return name === null ? null : { value: [Number(number), name] };
  },
  TXT: data => (data.length === 0 ? 'TXT needs a string' : { value: data.map(({ text }) => text).join('') }),
  PTR([first, ...more], nameOf) {
    if (first === undefined || more.length > 0) return 'PTR needs one name';
    const name = nameOf(first);
    return name === null ? null : { value: name };
  },
  TLSA([usage, selector, matchingType, ...pieces]) {
    const numbers = [usage, selector, matchingType].map(word => word?.text ?? '');
    const data = pieces.map(({ text }) => text).join('');
    if (!numbers.every(text => NUMBER.test(text) && Number(text) < OCTETS) || !HEXADECIMAL.test(data)) {
      return 'TLSA needs three numbers and hexadecimal digits, such as 3 1 1 ab12';
    }
    const [first = 0, second = 0, third = 0] = numbers.map(Number);
    return { value: { usage: first, selector: second, matchingType: third, data: data.toLowerCase() } };
  },
};

function addressOf(
  [first, ...more]: readonly ZoneWord[],
  parse: (text: string) => string | null,
  otherwise: string,
): { readonly value: string } | string {
  const address = first === undefined || more.length > 0 ? null : parse(first.text);
  return address === null ? otherwise : { value: address };
}
