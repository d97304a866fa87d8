/** What the stub resolver adds to asking: what answers are worth, how long they are kept, who is believed. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decode, encode, type Packet } from 'dns-packet';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DnsCache } from '../../../core/system/dns-cache.ts';
import { parseServer, serversIn, systemServers } from '../../../core/system/dns-servers.ts';
import { type ResolverSettings, systemResolver } from '../../../core/system/resolver.ts';
import { ManualClock } from '../../../core/testing.ts';
import { type DnsZones, dnsServer } from '../../support/dns-server.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const TLSA = { usage: 3, selector: 1, matchingType: 1, data: 'ab'.repeat(32) };

async function setup(zones: DnsZones, settings: ResolverSettings = {}) {
  const server = await dnsServer(zones);
  onTestFinished(server.close);
  const clock = new ManualClock();
  const resolver = systemResolver({ servers: [server.address], timeout: 2000, tries: 1, clock, ...settings });
  return { server, clock, resolver };
}

/** A server that answers as the test says: with several datagrams, where it gives several. */
async function oddServer(answers: (query: Packet) => readonly Partial<Packet>[], settings: ResolverSettings = {}) {
  const heard: Packet[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (octets, peer) => {
    const query = decode(octets);
    heard.push(query);
    for (const answer of answers(query)) {
      const { id = 0, questions = [] } = query;
      socket.send(encode({ type: 'response', id, questions, ...answer }), peer.port, peer.address);
    }
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  onTestFinished(() => void socket.close());
  const servers = [`127.0.0.1:${socket.address().port}`];
  return { heard, servers, resolver: systemResolver({ servers, timeout: 300, tries: 1, ...settings }) };
}

const A_RECORD = { type: 'A', name: 'mail.test', ttl: 60, data: '192.0.2.1' } as const;

describe('an answer is', () => {
  const ROOT = { '.': { authentic: true } } as const;

  test.each([
    { about: 'secure where a trusted server says so', dnssec: 'trusted', zone: { authentic: true }, want: 'secure' },
    { about: 'insecure where it does not', dnssec: 'trusted', zone: {}, want: 'insecure' },
    { about: 'unknown where nobody trusts the server', dnssec: 'ignored', zone: { authentic: true }, want: 'unknown' },
  ] as const)('$about', async ({ dnssec, zone, want }) => {
    const { resolver } = await setup({ ...ROOT, '_25._tcp.mail.test': { TLSA: [TLSA], ...zone } }, { dnssec });
    expect(await resolver.lookUp('_25._tcp.mail.test', 'TLSA')).toMatchObject({
      answer: { kind: 'found', records: [TLSA] },
      dnssec: want,
    });
  });

  test('unknown where a trusted server does not validate: it says nothing of the root either', async () => {
    const { resolver, server } = await setup({ '.': {}, 'mail.test': { A: ['192.0.2.1'] } }, { dnssec: 'trusted' });
    expect(await resolver.lookUp('mail.test', 'A')).toMatchObject({ dnssec: 'unknown' });
    expect(server.queries).toEqual(['A mail.test', 'NS .']);
  });

  test('secure too where it says that there is none', async () => {
    const { resolver } = await setup({ 'mail.test': { authentic: true } }, { dnssec: 'trusted' });
    expect(await resolver.lookUp('mail.test', 'MX')).toMatchObject({
      answer: { kind: 'no-records' },
      dnssec: 'secure',
    });
  });

  test('about the name that aliases lead to', async () => {
    const { resolver } = await setup({ 'alias.test': { CNAME: 'real.test' }, 'real.test': { A: ['192.0.2.1'] } });
    expect(await resolver.lookUp('alias.test', 'A')).toMatchObject({ name: 'real.test' });
  });
});

describe('an answer is kept', () => {
  test('as long as its owner says, and no longer', async () => {
    const { resolver, clock, server } = await setup({ 'mail.test': { A: ['192.0.2.1'], ttl: 60 } });
    expect(await resolver.lookUp('mail.test', 'A')).toMatchObject({ ttl: 60_000 });
    await clock.advance(59_000);
    expect(await resolver.lookUp('MAIL.test', 'A')).toMatchObject({ ttl: 1000 });
    expect(server.queries).toHaveLength(1);
    await clock.advance(1000);
    await resolver.lookUp('mail.test', 'A');
    expect(server.queries).toHaveLength(2);
  });

  test('where it is "there is none" too, as long as the zone says (RFC 2308)', async () => {
    const { resolver, clock, server } = await setup({ 'mail.test': { ttl: 30 } });
    expect(await resolver.mx('mail.test')).toEqual({ kind: 'no-records' });
    await clock.advance(29_000);
    expect(await resolver.mx('mail.test')).toEqual({ kind: 'no-records' });
    expect(server.queries).toHaveLength(1);
    await clock.advance(1000);
    await resolver.mx('mail.test');
    expect(server.queries).toHaveLength(2);
  });

  test('not at all where nobody could say, but for a second', async () => {
    const { resolver, clock, server } = await setup({ 'mail.test': 'servfail' });
    await resolver.mx('mail.test');
    await resolver.mx('mail.test');
    expect(server.queries).toHaveLength(1);
    server.set({ 'mail.test': { MX: [[10, 'mx.test']] } });
    await clock.advance(1000);
    expect(await resolver.mx('mail.test')).toMatchObject({ kind: 'found' });
  });

  test('among others of which there are never too many', () => {
    const cache = new DnsCache(new ManualClock());
    const lookup = { answer: { kind: 'no-records' }, dnssec: 'unknown', name: 'x', ttl: 1000 } as const;
    for (let count = 0; count <= 20_000; count += 1) cache.put(`A ${count}`, lookup);
    expect(cache.get('A 0')).toBeNull();
    expect(cache.get('A 1')).not.toBeNull();
  });
});

test('the same question is asked once, however many want to know', async () => {
  const { resolver, server } = await setup({ 'mail.test': { A: ['192.0.2.1'] } });
  await Promise.all(Array.from({ length: 100 }, () => resolver.lookUp('mail.test', 'A')));
  expect(server.queries).toEqual(['A mail.test']);
});

test('a thousand questions at the same time are all answered', async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `h${index}.test`);
  const { resolver } = await setup(Object.fromEntries(names.map(name => [name, { A: ['192.0.2.1'] }])), { tries: 3 });
  const lookups = await Promise.all(names.map(name => resolver.lookUp(name, 'A')));
  expect(lookups.filter(({ answer }) => answer.kind === 'found')).toHaveLength(1000);
});

describe('a forged answer is not listened to:', () => {
  test.each([
    { about: 'one with another id', forged: (query: Packet) => ({ id: ((query.id ?? 0) + 1) % 65_536 }) },
    { about: 'one about another name', forged: () => ({ questions: [{ type: 'A', name: 'other.test' }] as const }) },
    { about: 'one of another type', forged: () => ({ questions: [{ type: 'MX', name: 'mail.test' }] as const }) },
    { about: 'one about nothing', forged: () => ({ questions: [] }) },
  ])('$about', async ({ forged }) => {
    const evil = { ...A_RECORD, data: '192.0.2.66' };
    const { resolver } = await oddServer(query => [
      { ...forged(query), answers: [evil] } as Partial<Packet>,
      { answers: [A_RECORD] },
    ]);
    expect(await resolver.addresses('mail.test')).toEqual({ kind: 'found', records: ['192.0.2.1'] });
  });

  test('records of other names that come along', async () => {
    const { resolver } = await oddServer(() => [{ answers: [{ ...A_RECORD, name: 'other.test' }, A_RECORD] }]);
    expect(await resolver.lookUp('mail.test', 'A')).toMatchObject({ answer: { records: ['192.0.2.1'] } });
  });
});

describe('a server that', () => {
  test('knows no EDNS is asked without', async () => {
    const { resolver, heard } = await oddServer(query =>
      (query.additionals ?? []).length > 0 ? [{ flags: 1 }] : [{ answers: [A_RECORD] }],
    );
    expect(await resolver.lookUp('mail.test', 'A')).toMatchObject({ answer: { kind: 'found' } });
    expect(heard).toHaveLength(2);
  });

  test('only says whom to ask instead has not said that there is none', async () => {
    const referral = { type: 'NS', name: 'test', ttl: 60, data: 'ns.test' } as const;
    const { resolver } = await oddServer(() => [{ authorities: [referral] }]);
    const cause = expect.stringContaining('referral only');
    expect(await resolver.mx('mail.test')).toEqual({ kind: 'unavailable', cause });
  });

  test('fails is passed over, and asked last from then on', async () => {
    const { server } = await setup({ 'a.test': { A: ['192.0.2.1'] }, 'b.test': { A: ['192.0.2.2'] } });
    const { servers, heard } = await oddServer(() => [{ flags: 2 }]);
    const resolver = systemResolver({ servers: [...servers, server.address], timeout: 2000, tries: 1 });
    expect(await resolver.lookUp('a.test', 'A')).toMatchObject({ answer: { kind: 'found' } });
    expect(await resolver.lookUp('b.test', 'A')).toMatchObject({ answer: { kind: 'found' } });
    expect(heard).toHaveLength(1);
  });

  test('has a loop of aliases gives no records', async () => {
    const alias = { type: 'CNAME', name: 'mail.test', ttl: 60, data: 'mail.test' } as const;
    const { resolver } = await oddServer(() => [{ answers: [alias] }]);
    expect(await resolver.mx('mail.test')).toEqual({ kind: 'no-records' });
  });
});

describe('the servers of the system', () => {
  test('are those of resolv.conf', () => {
    const text = '# nameserver 192.0.2.9\nnameserver 192.0.2.1\nsearch test\n nameserver\tfe80::1%eth0\nnameserver x\n';
    expect(serversIn(text)).toEqual([
      { address: '192.0.2.1', port: 53 },
      { address: 'fe80::1%eth0', port: 53 },
    ]);
  });

  test('are this machine where nothing is written, and read again after a while', async () => {
    const file = join(await tempFolder(), 'resolv.conf');
    const clock = new ManualClock();
    const servers = systemServers(clock, file);
    expect(await servers()).toEqual([{ address: '127.0.0.1', port: 53 }]);
    await writeFile(file, 'nameserver 192.0.2.1\n');
    expect(await servers()).toEqual([{ address: '127.0.0.1', port: 53 }]);
    await clock.advance(30_000);
    expect(await servers()).toEqual([{ address: '192.0.2.1', port: 53 }]);
  });

  test.each([
    ['192.0.2.1:5353', '192.0.2.1', 5353],
    ['[2001:db8::1]:53', '2001:db8::1', 53],
    ['192.0.2.1', '192.0.2.1', 53],
  ] as const)('%s is read', (text, address, port) => {
    expect(parseServer(text)).toEqual({ address, port });
  });
});
