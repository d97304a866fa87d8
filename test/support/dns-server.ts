/**
 * A DNS server on loopback, over UDP and TCP, that answers out of an object. A name that the object does not hold does
 * not exist; a type that a name does not hold is an empty answer.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, isIP, type Server, type Socket } from 'node:net';
import { type Answer, decode, encode, type Packet, type Question } from 'dns-packet';
import type { TlsaRecord } from '../../core/mail/tls-demand.ts';
import { reverseName } from '../../core/system/reverse-name.ts';

/** How a question may fail. `silent`: no answer at all. `garbage`: octets that are no DNS message. */
export type DnsFailure = 'nxdomain' | 'servfail' | 'refused' | 'silent' | 'garbage';

/** The records of one name. */
export interface DnsRecords {
  /** Preference and exchange; `''` is the null MX (RFC 7505). */
  readonly MX?: readonly (readonly [preference: number, exchange: string])[] | DnsFailure;
  readonly A?: readonly string[] | DnsFailure;
  readonly AAAA?: readonly string[] | DnsFailure;
  /** A list of strings is one record in several strings. */
  readonly TXT?: readonly (string | readonly string[])[] | DnsFailure;
  readonly PTR?: readonly string[] | DnsFailure;
  readonly TLSA?: readonly TlsaRecord[] | DnsFailure;
  readonly CNAME?: string;
  /** The answer says that it was validated (AD). */
  readonly authentic?: true;
  /** How long its records hold, and that there are none; in seconds. 1 without it. */
  readonly ttl?: number;
  /** Over UDP the answer is empty and says that it is truncated, so that the client comes again over TCP. */
  readonly truncate?: true;
}

/** By name in lower case without the final dot, or by IP address for PTR. */
export type DnsZones = Readonly<Record<string, DnsRecords | DnsFailure>>;

/** A running server. */
export interface DnsServer {
  /** As the resolver wants it: `127.0.0.1:40123`. */
  readonly address: string;
  /** What was asked, as `MX example.test`, or `MX example.test over TCP`. */
  readonly queries: readonly string[];
  /** Replaces all that is known. */
  set(zones: DnsZones): void;
  readonly close: () => Promise<void>;
}

const TYPES = ['MX', 'A', 'AAAA', 'TXT', 'PTR', 'TLSA'] as const;
const RCODES = { nxdomain: 3, servfail: 2, refused: 5 } as const;
const AUTHORITATIVE = 0x04_00;
const TRUNCATED = 0x02_00;
const AUTHENTIC = 0x00_20;
const LONGEST_ALIAS_CHAIN = 8;

/** Starts one on a free port. */
export async function dnsServer(initial: DnsZones): Promise<DnsServer> {
  let zones = byName(initial);
  const queries: string[] = [];
  const answer = (message: Buffer, over: 'UDP' | 'TCP'): Buffer | null => {
    const query = decode(message);
    const question = query.questions?.[0];
    if (question === undefined) return null;
    queries.push(`${question.type} ${question.name}${over === 'TCP' ? ' over TCP' : ''}`);
    return reply(zones, query, question, over);
  };
  const { udp, tcp, port } = await bind();
  udp.on('message', (message, peer) => {
    const octets = answer(message, 'UDP');
    if (octets !== null) udp.send(octets, peer.port, peer.address);
  });
  let closed: Promise<void> | null = null;
  const sockets = new Set<Socket>();
  tcp.on('connection', socket => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    serveTcp(socket, message => answer(message, 'TCP'));
  });
  return {
    address: `127.0.0.1:${port}`,
    queries,
    set(later) {
      zones = byName(later);
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      closed ??= Promise.all([
        new Promise(resolve => tcp.close(resolve)),
        new Promise<void>(resolve => udp.close(resolve)),
      ]).then(() => undefined);
      return closed;
    },
  };
}

/** Both sockets on one port: the one that TCP got by chance may be taken for UDP, then another is tried. */
async function bind(): Promise<{ readonly udp: UdpSocket; readonly tcp: Server; readonly port: number }> {
  for (;;) {
    const tcp = createServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    const udp = createSocket('udp4');
    try {
      udp.bind(port, '127.0.0.1');
      await once(udp, 'listening');
      return { udp, tcp, port };
    } catch {
      udp.close();
      tcp.close();
    }
  }
}

/** DNS over TCP: each message has its length in two octets before it (RFC 1035 section 4.2.2). */
function serveTcp(socket: Socket, answer: (message: Buffer) => Buffer | null): void {
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
      const end = 2 + pending.readUInt16BE(0);
      const octets = answer(pending.subarray(2, end));
      pending = pending.subarray(end);
      if (octets === null) continue;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(octets.length);
      socket.write(Buffer.concat([length, octets]));
    }
  });
}

function byName(zones: DnsZones): ReadonlyMap<string, DnsRecords | DnsFailure> {
  return new Map(
    Object.entries(zones).map(([name, zone]) => [isIP(name) > 0 ? (reverseName(name) ?? name) : name, zone]),
  );
}

function reply(
  zones: ReadonlyMap<string, DnsRecords | DnsFailure>,
  query: Packet,
  question: Question,
  over: 'UDP' | 'TCP',
): Buffer | null {
  const found = lookUp(zones, question);
  if (found.failure === 'silent') return null;
  if (found.failure === 'garbage') return Buffer.from('not a DNS message');
  const truncated = found.truncate && over === 'UDP';
  const code = found.failure === null ? 0 : RCODES[found.failure];
  return encode({
    type: 'response',
    id: query.id ?? 0,
    flags: AUTHORITATIVE | (truncated ? TRUNCATED : 0) | (found.authentic ? AUTHENTIC : 0) | code,
    questions: [question],
    answers: truncated ? [] : found.answers,
    authorities: found.negative === null ? [] : [soaOf(question.name, found.negative)],
  });
}

interface Found {
  readonly failure: DnsFailure | null;
  readonly answers: Answer[];
  readonly truncate: boolean;
  readonly authentic: boolean;
  /** How long "there is none" holds, where it may be kept at all. */
  readonly negative: number | null;
}

function soaOf(name: string, ttl: number): Answer {
  const data = { mname: name, rname: name, serial: 1, refresh: 1, retry: 1, expire: 1, minimum: ttl };
  return { type: 'SOA', name, ttl, data };
}

/** The records of the name itself or of that to which its aliases lead. */
function lookUp(zones: ReadonlyMap<string, DnsRecords | DnsFailure>, { name, type }: Question): Found {
  const answers: Answer[] = [];
  let truncate = false;
  let authentic = true;
  let owner = name;
  const failed = (failure: DnsFailure): Found => ({ failure, answers, truncate, authentic: false, negative: null });
  for (let step = 0; step < LONGEST_ALIAS_CHAIN; step += 1) {
    const zone = zones.get(owner.toLowerCase()) ?? 'nxdomain';
    if (typeof zone === 'string') return failed(zone);
    truncate ||= zone.truncate === true;
    authentic &&= zone.authentic === true;
    if (zone.CNAME === undefined) {
      const own = recordsOf(zone, owner, type);
      if (typeof own === 'string') return failed(own);
      const negative = own.length === 0 ? (zone.ttl ?? null) : null;
      return { failure: null, answers: [...answers, ...own], truncate, authentic, negative };
    }
    answers.push({ type: 'CNAME', name: owner, ttl: zone.ttl ?? 1, data: zone.CNAME });
    owner = zone.CNAME;
  }
  return failed('servfail');
}

function recordsOf(zone: DnsRecords, name: string, asked: Question['type']): Answer[] | DnsFailure {
  const type = TYPES.find(one => one === asked);
  const known = type === undefined ? [] : (zone[type] ?? []);
  if (type === undefined || typeof known === 'string') return typeof known === 'string' ? known : [];
  return known.map(record => ({ type, name, ttl: zone.ttl ?? 1, data: dataOf(type, record) }) as Answer);
}

function dataOf(type: (typeof TYPES)[number], record: string | TlsaRecord | readonly (string | number)[]): unknown {
  if (type === 'TLSA') {
    const { data, ...numbers } = record as TlsaRecord;
    return { ...numbers, certificate: Buffer.from(data, 'hex') };
  }
  if (type !== 'MX') return record;
  const [preference, exchange] = record as readonly (string | number)[];
  return { preference, exchange: exchange === '' ? '.' : exchange };
}
