/**
 * DNS messages, written and read (RFC 1035 section 4, RFC 6891).
 *
 * The AD bit of a question asks the server to say whether it has validated the answer (RFC 6840 section 5.7); the
 * signatures themselves (DO) are not asked for, since nothing here checks them.
 */
import { type Answer, decode, encode, type Packet, type TlsaData } from 'dns-packet';
import { parseIpAddress } from '../mail/ip-address.ts';
import type { DnsAnswer, DnsRecords, DnsType, MxRecord } from '../plugin/dns.ts';

/** `NS` is asked of the root alone: see `StubResolver`. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: DnsType | 'NS';
}

/** What a server said. */
export interface DnsReply {
  /** `failed`: nothing about the question; `why` names the reason, such as `SERVFAIL`. */
  readonly answer: DnsAnswer<unknown> | { readonly kind: 'failed'; readonly why: string; readonly rcode: number };
  readonly truncated: boolean;
  /** The AD bit. */
  readonly authentic: boolean;
  /** Where the aliases led. */
  readonly name: string;
  /** In seconds. */
  readonly ttl: number;
}

const RECURSION_DESIRED = 0x01_00;
const AUTHENTIC_DATA = 0x00_20;
/** What fits everywhere without fragments: more comes over TCP. In octets. */
const UDP_SIZE = 1232;
const LONGEST_ALIAS_CHAIN = 16;

/** Writes a question. `edns`: some old servers understand nothing with an OPT record in it. */
export function writeQuestion(id: number, { name, type }: DnsQuestion, edns: 'with' | 'without'): Buffer {
  return encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ name, type }],
    ...(edns === 'with'
      ? { additionals: [{ type: 'OPT', name: '.', udpPayloadSize: UDP_SIZE, flags: 0, options: [] } as never] }
      : {}),
  });
}

/**
 * Reads an answer. @returns `null` for what is none to this question, or none at all: it may come from somebody else. Never
 * throws, whatever the octets are.
 */
export function readReply(octets: Buffer, id: number, question: DnsQuestion): DnsReply | null {
  try {
    const packet: Decoded = decode(octets);
    const [asked, ...others] = packet.questions ?? [];
    if (packet.type !== 'response' || packet.id !== id || others.length > 0) return null;
    const same = asked?.type === question.type && asked.name.toLowerCase() === question.name.toLowerCase();
    return same ? replyOf(packet, question) : null;
  } catch {
    return null;
  }
}

/** With what the typings leave out. */
type Decoded = Packet & { readonly flag_ad?: boolean };

/** Some codes of RFC 1035 section 4.1.1. */
const RCODES: Readonly<Record<number, string>> = { 1: 'FORMERR', 2: 'SERVFAIL', 4: 'NOTIMP', 5: 'REFUSED' };
const NO_ERROR = 0;
const NO_SUCH_NAME = 3;

function replyOf(packet: Decoded, question: DnsQuestion): DnsReply {
  const { flags = 0, flag_ad: authentic = false, answers = [], authorities = [], additionals = [] } = packet;
  const opt = additionals.find(({ type }) => type === 'OPT') as { readonly extendedRcode?: number } | undefined;
  const rcode = (flags & 0xf) | ((opt?.extendedRcode ?? 0) << 4);
  const { name, records, ttl } = collected(answers, question);
  const about = { truncated: (flags & 0x02_00) !== 0, authentic, name };
  if (records.length > 0 && rcode === NO_ERROR) return { ...about, answer: { kind: 'found', records }, ttl };
  const soa = authorities.find(one => one.type === 'SOA');
  // RFC 2308 section 5. Without an SOA record it must not be kept.
  const negative = soa?.type === 'SOA' ? Math.min(ttl, soa.ttl ?? 0, soa.data.minimum ?? 0) : 0;
  if (rcode === NO_SUCH_NAME) return { ...about, answer: { kind: 'no-such-domain' }, ttl: negative };
  // "Ask those over there" says nothing of the question, and least of all that there are no records.
  const referral = (flags & 0x04_00) === 0 && soa === undefined && authorities.some(({ type }) => type === 'NS');
  if (rcode === NO_ERROR && !referral) return { ...about, answer: { kind: 'no-records' }, ttl: negative };
  const why = referral ? 'referral only: it does not look names up for others' : (RCODES[rcode] ?? `RCODE ${rcode}`);
  return { ...about, answer: { kind: 'failed', why, rcode }, ttl: 0 };
}

interface Collected {
  readonly name: string;
  readonly records: readonly unknown[];
  readonly ttl: number;
}

/** The records of the name to which the aliases lead. What else stands in the answer is nobody's business. */
function collected(answers: readonly Answer[], { name: asked, type }: DnsQuestion): Collected {
  let name = asked;
  let ttl = Number.MAX_SAFE_INTEGER;
  for (let step = 0; step < LONGEST_ALIAS_CHAIN; step += 1) {
    const own = answers.filter(one => one.name.toLowerCase() === name.toLowerCase());
    const wanted = own.filter(one => one.type === type);
    for (const one of wanted) ttl = Math.min(ttl, ttlOf(one));
    if (wanted.length > 0) return { name, records: wanted.flatMap(one => recordOf(one)), ttl };
    const alias = own.find(one => one.type === 'CNAME');
    if (alias?.type !== 'CNAME') break;
    ttl = Math.min(ttl, ttlOf(alias));
    name = alias.data;
  }
  return { name, records: [], ttl };
}

function ttlOf(answer: Answer): number {
  const { ttl = 0 } = answer as { readonly ttl?: number };
  // RFC 2181 section 8: with its highest bit set it is zero.
  return ttl > 0x7f_ff_ff_ff ? 0 : ttl;
}

/** None where the data cannot be what the type says. */
function recordOf(answer: Answer): readonly DnsRecords[DnsType][] {
  switch (answer.type) {
    case 'MX':
      return [mxOf(answer.data)];
    case 'A':
    case 'AAAA':
      return [parseIpAddress(answer.data) ?? answer.data];
    case 'PTR':
    case 'NS':
      return [bare(answer.data)];
    case 'TXT':
      return [joined(answer.data)];
    case 'TLSA':
      return [tlsaOf(answer.data)];
    default:
      return [];
  }
}

function mxOf({
  exchange,
  preference = 0,
}: {
  readonly exchange: string;
  readonly preference?: number | undefined;
}): MxRecord {
  return { exchange: bare(exchange), preference };
}

function tlsaOf({ usage, selector, matchingType, certificate }: TlsaData): DnsRecords['TLSA'] {
  return { usage, selector, matchingType, data: certificate.toString('hex') };
}

function joined(data: string | Buffer | readonly (string | Buffer)[]): string {
  const strings = Array.isArray(data) ? data : [data];
  return Buffer.concat(strings.map(one => Buffer.from(one))).toString();
}

/** The root, which stands for "none" in MX records, is the empty name. */
function bare(name: string): string {
  return name.replace(/\.$/, '');
}
