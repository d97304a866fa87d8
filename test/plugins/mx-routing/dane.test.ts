/** DANE (RFC 7672): which records count, and what forged or missing ones can do. */
import { describe, expect, test } from 'vitest';
import type { Host } from '../../../core/index.ts';
import { type FakeRecords, type FakeZones, harness } from '../../../core/testing.ts';
import mxRouting from '../../../plugins/mx-routing/index.ts';

const RECORD = { usage: 3, selector: 1, matchingType: 1, data: 'ab'.repeat(32) };
const TLSA: FakeRecords = { TLSA: [RECORD], dnssec: 'secure' };
const SIGNED: FakeZones = {
  'example.test': { MX: [[10, 'mail.example.test']], dnssec: 'secure' },
  'mail.example.test': { A: ['192.0.2.1'], dnssec: 'secure' },
  '_25._tcp.mail.example.test': TLSA,
};

async function routed(
  changes: FakeZones = {},
  about: {
    readonly options?: object;
    readonly tls?: { readonly level: 'dane' | 'may' };
    readonly hosts?: readonly Host[];
  } = {},
) {
  const { options = {}, tls, hosts } = about;
  const zones = { ...SIGNED, ...changes };
  const plugin = await harness(mxRouting, { privateAddresses: 'allow', ...options }, { dns: zones });
  const answer = await plugin.route('bob@example.test', {
    transport: 'internet',
    ...(tls === undefined ? {} : { tls: { ...tls, names: [] } }),
    ...(hosts === undefined ? {} : { hosts }),
  });
  return { ...plugin, answer, hosts: answer?.kind === 'route' ? (answer.hosts ?? []) : [] };
}

const tlsaQueries = (queries: readonly string[]) => queries.filter(query => query.startsWith('TLSA'));

test('a host whose records are all signed must show the certificate that they name', async () => {
  const { hosts, answer } = await routed();
  expect(hosts[0]?.tls).toEqual({
    level: 'dane',
    measure: 'at-least',
    mode: 'enforce',
    names: ['mail.example.test', 'example.test'],
    tlsa: [RECORD],
    policy: {
      type: 'tlsa',
      domain: 'example.test',
      strings: [`3 1 1 ${'ab'.repeat(32)}`],
      mxHosts: ['mail.example.test'],
    },
  });
  expect(answer).toMatchObject({
    because: expect.arrayContaining([
      { about: 'TLSA _25._tcp.mail.example.test', text: expect.stringContaining('DNSSEC vouches for it') },
    ]),
  });
});

describe('forged TLSA without AD: nothing is demanded', () => {
  test.each([
    { about: 'the records are not signed', changes: { '_25._tcp.mail.example.test': { TLSA: [RECORD] } } },
    {
      about: 'the resolver is not trusted',
      changes: { '_25._tcp.mail.example.test': { TLSA: [RECORD], dnssec: 'unknown' } },
    },
    { about: 'the addresses are not signed', changes: { 'mail.example.test': { A: ['192.0.2.1'] } } },
    { about: 'the MX records are not signed', changes: { 'example.test': { MX: [[10, 'mail.example.test']] } } },
  ] satisfies readonly { about: string; changes: FakeZones }[])('where $about', async ({ changes }) => {
    const { hosts } = await routed(changes);
    expect(hosts).toMatchObject([{ name: 'mail.example.test' }]);
    expect(hosts[0]?.tls).toBeUndefined();
  });

  test('and nobody is even asked where the way there is not signed', async () => {
    const { resolver } = await routed({ 'mail.example.test': { A: ['192.0.2.1'] } });
    expect(tlsaQueries(resolver.queries)).toEqual([]);
  });
});

describe('downgrade: who makes the look-up of TLSA records fail', () => {
  const failing: FakeZones = { '_25._tcp.mail.example.test': { TLSA: 'unavailable', dnssec: 'secure' } };

  test('does not get the mail without them: it is deferred, and counted', async () => {
    const { answer, tlsReports } = await routed(failing);
    expect(answer).toMatchObject({ kind: 'defer', reply: { code: 451, status: '4.4.3' } });
    expect(tlsReports.sessions).toMatchObject([
      {
        policy: { type: 'tlsa', domain: 'example.test' },
        failure: { type: 'dnssec-invalid', host: 'mail.example.test' },
      },
    ]);
  });

  test('does not keep it from another host', async () => {
    const { hosts } = await routed({
      ...failing,
      'example.test': {
        MX: [
          [10, 'mail.example.test'],
          [20, 'mail2.example.test'],
        ],
        dnssec: 'secure',
      },
      'mail2.example.test': { A: ['192.0.2.2'], dnssec: 'secure' },
    });
    expect(hosts.map(({ name }) => name)).toEqual(['mail2.example.test']);
  });
});

test('an alias has its records where it leads to, or else where it stands (RFC 7672 section 2.2.3)', async () => {
  const alias: FakeZones = {
    'mail.example.test': { CNAME: 'real.example.test', dnssec: 'secure' },
    'real.example.test': { A: ['192.0.2.1'], dnssec: 'secure' },
  };
  const there = await routed({ ...alias, '_25._tcp.real.example.test': TLSA });
  expect(there.hosts[0]?.tls?.names[0]).toBe('real.example.test');
  expect(tlsaQueries(there.resolver.queries)).toEqual(['TLSA _25._tcp.real.example.test']);
  const here = await routed(alias);
  expect(here.hosts[0]?.tls?.names[0]).toBe('mail.example.test');
});

test.each([
  { about: 'usage 0', record: { ...RECORD, usage: 0 } },
  { about: 'usage 1', record: { ...RECORD, usage: 1 } },
  { about: 'an unknown selector', record: { ...RECORD, selector: 7 } },
  { about: 'an unknown matching type', record: { ...RECORD, matchingType: 9 } },
  { about: 'a digest that is too short', record: { ...RECORD, data: 'abcd' } },
])('records of which none can be used demand TLS all the same: $about', async ({ record }) => {
  const { hosts } = await routed({ '_25._tcp.mail.example.test': { TLSA: [record], dnssec: 'secure' } });
  expect(hosts[0]?.tls).toMatchObject({ level: 'encrypt', tlsa: [] });
});

test('without records nothing is demanded', async () => {
  const { hosts } = await routed({ '_25._tcp.mail.example.test': { dnssec: 'secure' } });
  expect(hosts[0]?.tls).toBeUndefined();
});

test('records of another port do not count', async () => {
  const { hosts, resolver } = await routed({}, { options: { port: 2525 } });
  expect(hosts[0]?.tls).toBeUndefined();
  expect(tlsaQueries(resolver.queries)).toEqual(['TLSA _2525._tcp.mail.example.test']);
});

describe('nobody asks', () => {
  test('where dane is off', async () => {
    const { resolver } = await routed({}, { options: { dane: 'off' } });
    expect(tlsaQueries(resolver.queries)).toEqual([]);
  });

  test('where the route says what TLS it wants', async () => {
    const { resolver } = await routed({}, { tls: { level: 'may' } });
    expect(resolver.queries).toEqual(['MX example.test', 'A mail.example.test', 'AAAA mail.example.test']);
  });

  test('but where the route demands DANE, although dane is off', async () => {
    const { hosts } = await routed({}, { options: { dane: 'off' }, tls: { level: 'dane' } });
    expect(hosts[0]?.tls?.level).toBe('dane');
  });
});

describe('hosts that the configuration names, and whose route demands DANE', () => {
  const smarthost = { name: 'out.provider.test', port: 587, addresses: [], preference: 0 };
  const provider: FakeZones = {
    'out.provider.test': { A: ['192.0.2.7'], dnssec: 'secure' },
    '_587._tcp.out.provider.test': TLSA,
  };

  test('get their records', async () => {
    const { hosts } = await routed(provider, { hosts: [smarthost], tls: { level: 'dane' } });
    expect(hosts).toMatchObject([
      { name: 'out.provider.test', addresses: ['192.0.2.7'], tls: { level: 'dane', names: ['out.provider.test'] } },
    ]);
  });

  test.each([
    { about: 'they are not signed', changes: { 'out.provider.test': { A: ['192.0.2.7'] } } },
    { about: 'they have none', changes: { '_587._tcp.out.provider.test': { dnssec: 'secure' } } },
    { about: 'DNS does not answer', changes: { '_587._tcp.out.provider.test': 'unavailable' } },
  ] satisfies readonly { about: string; changes: FakeZones }[])('are left out where $about', async ({ changes }) => {
    const { hosts } = await routed({ ...provider, ...changes }, { hosts: [smarthost], tls: { level: 'dane' } });
    expect(hosts).toEqual([]);
  });
});

test('the log says once that nobody can tell what is signed', async () => {
  const zones: FakeZones = { 'example.test': { MX: [[10, 'mail.example.test']], dnssec: 'unknown' } };
  const { route, log } = await routed(zones);
  await route('ann@example.test', { transport: 'internet' });
  expect(log.of('skipped')).toMatchObject([{ level: 'info', fields: { what: 'DANE' } }]);
  expect((await routed()).log.of('skipped')).toEqual([]);
});
