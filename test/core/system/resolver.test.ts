/** The resolver port against a real DNS server on loopback, one failure at a time. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemResolver } from '../../../core/system/resolver.ts';
import { type DnsZones, dnsServer } from '../../support/dns-server.ts';

async function setup(zones: DnsZones, { timeout = 2000, tries = 1 } = {}) {
  const server = await dnsServer(zones);
  onTestFinished(server.close);
  const resolver = systemResolver({ servers: [server.address], timeout, tries });
  return { server, resolver };
}

describe('what DNS has', () => {
  test('MX records come with preference and exchange, over UDP', async () => {
    const { server, resolver } = await setup({
      'example.test': {
        MX: [
          [20, 'mx2.example.test'],
          [10, 'mx1.example.test'],
        ],
      },
    });

    const answer = await resolver.mx('example.test');

    expect(answer).toMatchObject({ kind: 'found' });
    expect(answer.kind === 'found' && [...answer.records].sort((a, b) => a.preference - b.preference)).toEqual([
      { preference: 10, exchange: 'mx1.example.test' },
      { preference: 20, exchange: 'mx2.example.test' },
    ]);
    expect(server.queries).toEqual(['MX example.test']);
  });

  test('a null MX has the empty exchange', async () => {
    const { resolver } = await setup({ 'nomail.test': { MX: [[0, '']] } });
    expect(await resolver.mx('nomail.test')).toEqual({ kind: 'found', records: [{ preference: 0, exchange: '' }] });
  });

  test('a final dot changes nothing', async () => {
    const { resolver } = await setup({ 'example.test': { MX: [[10, 'mx.example.test']] } });
    expect(await resolver.mx('example.test.')).toMatchObject({ kind: 'found' });
  });

  test('addresses are those of both families', async () => {
    const { resolver } = await setup({ 'mx.test': { A: ['192.0.2.1', '192.0.2.2'], AAAA: ['2001:db8::1'] } });
    const answer = await resolver.addresses('mx.test');
    expect(answer.kind === 'found' && [...answer.records].sort()).toEqual(['192.0.2.1', '192.0.2.2', '2001:db8::1']);
  });

  test('an alias is followed', async () => {
    const { resolver } = await setup({ 'www.test': { CNAME: 'host.test' }, 'host.test': { A: ['192.0.2.1'] } });
    expect(await resolver.addresses('www.test')).toEqual({ kind: 'found', records: ['192.0.2.1'] });
  });

  test('the strings of one TXT record are joined', async () => {
    const { resolver } = await setup({ 'txt.test': { TXT: ['v=spf1 -all', ['one ', 'two']] } });
    const answer = await resolver.txt('txt.test');
    expect(answer.kind === 'found' && [...answer.records].sort()).toEqual(['one two', 'v=spf1 -all']);
  });

  test.each(['192.0.2.7', '2001:db8::7'])('reverse names of %s are found', async address => {
    const { resolver } = await setup({ [address]: { PTR: ['client.test'] } });
    expect(await resolver.reverse(address)).toEqual({ kind: 'found', records: ['client.test'] });
  });

  test('the hosts file of this machine is not asked for reverse names', async () => {
    const { resolver } = await setup({});
    expect(await resolver.reverse('127.0.0.1')).toEqual({ kind: 'no-such-domain' });
  });

  test('a truncated answer is asked for again over TCP', async () => {
    const { server, resolver } = await setup({ 'big.test': { TXT: ['x'.repeat(200)], truncate: true } });
    expect(await resolver.txt('big.test')).toEqual({ kind: 'found', records: ['x'.repeat(200)] });
    expect(server.queries).toEqual(['TXT big.test', 'TXT big.test over TCP']);
  });
});

describe('what DNS has not', () => {
  test('NXDOMAIN is no such domain', async () => {
    const { resolver } = await setup({});
    expect(await resolver.mx('missing.test')).toEqual({ kind: 'no-such-domain' });
    expect(await resolver.addresses('missing.test')).toEqual({ kind: 'no-such-domain' });
    expect(await resolver.txt('missing.test')).toEqual({ kind: 'no-such-domain' });
    expect(await resolver.reverse('192.0.2.1')).toEqual({ kind: 'no-such-domain' });
  });

  test('an empty answer is no records', async () => {
    const { resolver } = await setup({ 'empty.test': {}, '192.0.2.1': {} });
    expect(await resolver.mx('empty.test')).toEqual({ kind: 'no-records' });
    expect(await resolver.addresses('empty.test')).toEqual({ kind: 'no-records' });
    expect(await resolver.txt('empty.test')).toEqual({ kind: 'no-records' });
    expect(await resolver.reverse('192.0.2.1')).toEqual({ kind: 'no-records' });
  });

  test('an alias to a name without such a record is no records', async () => {
    const { resolver } = await setup({ 'www.test': { CNAME: 'host.test' }, 'host.test': {} });
    expect(await resolver.mx('www.test')).toEqual({ kind: 'no-records' });
  });

  test('an alias to a name that does not exist is no such domain', async () => {
    const { resolver } = await setup({ 'www.test': { CNAME: 'host.test' } });
    expect(await resolver.mx('www.test')).toEqual({ kind: 'no-such-domain' });
  });

  test.each([
    '',
    '.',
    'a..b',
    '.test',
    'sp ace.test',
    'back\\slash.test',
    'nul\0.test',
    'a@b.test',
    '[192.0.2.1]',
    '192.0.2.1',
    'ünï.test',
    `${'x'.repeat(64)}.test`,
    `${'x.'.repeat(127)}test`,
  ])('%j is no DNS name and is not asked about', async name => {
    const { server, resolver } = await setup({});
    expect(await resolver.mx(name)).toEqual({ kind: 'no-such-domain' });
    expect(await resolver.addresses(name)).toEqual({ kind: 'no-such-domain' });
    expect(server.queries).toEqual([]);
  });

  test('the reverse name of what is no address does not exist', async () => {
    const { server, resolver } = await setup({});
    expect(await resolver.reverse('example.test')).toEqual({ kind: 'no-such-domain' });
    expect(server.queries).toEqual([]);
  });
});

describe('what nobody can say', () => {
  test.each([
    { failure: 'servfail', want: ': SERVFAIL' },
    { failure: 'refused', want: ': REFUSED' },
    { failure: 'silent', want: 'no answer within' },
    { failure: 'garbage', want: 'no answer within' },
  ] as const)('a server that answers $failure is unavailable', async ({ failure, want }) => {
    const { resolver } = await setup({ 'broken.test': failure }, { timeout: 50 });
    const answer = { kind: 'unavailable', cause: expect.stringContaining(want) };
    expect(await resolver.mx('broken.test')).toEqual(answer);
    expect(await resolver.addresses('broken.test')).toEqual(answer);
    expect(await resolver.txt('broken.test')).toEqual(answer);
  });

  test('a server that is not there is unavailable', async () => {
    const { server, resolver } = await setup({});
    await server.close();
    expect(await resolver.mx('example.test')).toMatchObject({ kind: 'unavailable' });
  });

  test.each([
    { A: ['192.0.2.1'], AAAA: 'servfail', want: { kind: 'found', records: ['192.0.2.1'] } },
    { A: 'silent', AAAA: ['2001:db8::1'], want: { kind: 'found', records: ['2001:db8::1'] } },
    { A: [], AAAA: 'servfail', want: { kind: 'unavailable', cause: expect.any(String) } },
    { A: 'refused', AAAA: [], want: { kind: 'unavailable', cause: expect.any(String) } },
    { A: 'nxdomain', AAAA: [], want: { kind: 'no-records' } },
  ] as const)('A $A and AAAA $AAAA together are $want.kind', async ({ A, AAAA, want }) => {
    const { resolver } = await setup({ 'half.test': { A, AAAA } }, { timeout: 300 });
    expect(await resolver.addresses('half.test')).toEqual(want);
  });

  test('each server is tried as often as was said, and no more', async () => {
    const { server, resolver } = await setup({ 'silent.test': 'silent' }, { timeout: 50, tries: 2 });
    await resolver.mx('silent.test');
    expect(server.queries).toEqual(['MX silent.test', 'MX silent.test']);
  });
});
