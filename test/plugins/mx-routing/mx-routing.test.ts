/** From a domain to the hosts that take its mail (RFC 5321 section 5.1), case by case. */
import { describe, expect, test } from 'vitest';
import type { Host } from '../../../core/index.ts';
import { aRecipient, type FakeZones, faultsIn, harness } from '../../../core/testing.ts';
import mxRouting from '../../../plugins/mx-routing/index.ts';

/** The answer for `bob@domain`, to a transport that the routes of the configuration have chosen. */
async function routed(domain: string, dns: FakeZones, options: object = {}) {
  const plugin = await harness(mxRouting, { privateAddresses: 'allow', ...options }, { dns });
  const recipient = aRecipient('bob@example.test', { forwardPath: { localPart: 'bob', domain } });
  return { ...plugin, answer: await plugin.route(recipient, { transport: 'internet' }) };
}

/** The hosts as `name [addresses]`, in their order. */
async function hostsFor(domain: string, dns: FakeZones, options: object = {}): Promise<readonly string[]> {
  const { answer } = await routed(domain, dns, options);
  if (answer?.kind !== 'route') throw new Error(`no route: ${JSON.stringify(answer)}`);
  return (answer.hosts ?? []).map((host: Host) => `${host.name} [${host.addresses.join(' ')}]`);
}

const THREE_LEVELS: FakeZones = {
  'example.test': {
    MX: [
      [30, 'c.example.test'],
      [10, 'a.example.test'],
      [20, 'b.example.test'],
    ],
  },
  'a.example.test': { A: ['192.0.2.1'] },
  'b.example.test': { A: ['192.0.2.2'], AAAA: ['2001:db8::2'] },
  'c.example.test': { A: ['192.0.2.3'] },
};

describe('hosts', () => {
  test('come in the order of their preference, with all their addresses', async () => {
    expect(await hostsFor('example.test', THREE_LEVELS)).toEqual([
      'a.example.test [192.0.2.1]',
      'b.example.test [192.0.2.2 2001:db8::2]',
      'c.example.test [192.0.2.3]',
    ]);
  });

  test('bear the port and the preference, for the transport that was chosen', async () => {
    const { answer } = await routed('example.test', THREE_LEVELS, { port: 2525, limit: 1 });
    const host = { name: 'a.example.test', port: 2525, addresses: ['192.0.2.1'], preference: 10 };
    expect(answer).toMatchObject({ kind: 'route', transport: 'internet', hosts: [host] });
  });

  test('of equal preference come in any order', async () => {
    const names = ['a', 'b', 'c', 'd'].map(letter => `${letter}.example.test`);
    const dns: FakeZones = {
      'example.test': { MX: names.map(name => [10, name] as const) },
      ...Object.fromEntries(names.map((name, index) => [name, { A: [`192.0.2.${index}`] }])),
    };
    const { route } = await harness(mxRouting, { privateAddresses: 'allow' }, { dns });
    const firsts = new Set<string | undefined>();
    for (let round = 0; round < 100; round += 1) {
      const answer = await route('bob@example.test', { transport: 'internet' });
      firsts.add(answer?.kind === 'route' ? answer.hosts?.[0]?.name : undefined);
    }
    expect(firsts).toEqual(new Set(names));
  });

  test('without MX records are the domain itself (implicit MX)', async () => {
    expect(await hostsFor('example.test', { 'example.test': { A: ['192.0.2.1'] } })).toEqual([
      'example.test [192.0.2.1]',
    ]);
  });

  test('without MX records are not the domain itself where DNS fails on its MX', async () => {
    const { answer } = await routed('example.test', { 'example.test': { MX: 'unavailable', A: ['192.0.2.1'] } });
    expect(answer).toMatchObject({ kind: 'defer', reply: { code: 451, status: '4.4.3' } });
  });

  test('are the address of an address literal, without DNS', async () => {
    expect(await hostsFor('[192.0.2.7]', {})).toEqual(['192.0.2.7 [192.0.2.7]']);
    expect(await hostsFor('[IPv6:2001:db8::7]', {})).toEqual(['2001:db8::7 [2001:db8::7]']);
    expect((await routed('[192.0.2.7]', {})).resolver.queries).toEqual([]);
  });

  test('may be addresses where names should stand', async () => {
    expect(await hostsFor('example.test', { 'example.test': { MX: [[10, '192.0.2.9']] } })).toEqual([
      '192.0.2.9 [192.0.2.9]',
    ]);
  });

  test('that cannot be looked up, or do not exist, are passed over', async () => {
    const dns = { ...THREE_LEVELS, 'a.example.test': 'unavailable', 'b.example.test': {} } as const;
    expect(await hostsFor('example.test', dns)).toEqual(['c.example.test [192.0.2.3]']);
  });

  test.each([
    { addresses: 'any', want: '192.0.2.2 192.0.2.3 2001:db8::2' },
    { addresses: 'ipv4', want: '192.0.2.2 192.0.2.3' },
    { addresses: 'ipv6', want: '2001:db8::2' },
    { addresses: 'ipv4-first', want: '192.0.2.2 192.0.2.3 2001:db8::2' },
    { addresses: 'ipv6-first', want: '2001:db8::2 192.0.2.2 192.0.2.3' },
  ])('have the addresses that the configuration wants: $addresses', async ({ addresses, want }) => {
    const dns = { 'example.test': { A: ['192.0.2.2', '192.0.2.3'], AAAA: ['2001:db8::2'] } };
    expect(await hostsFor('example.test', dns, { addresses })).toEqual([`example.test [${want}]`]);
  });

  test('have so many addresses as the limit allows, all together', async () => {
    const dns = { ...THREE_LEVELS, 'a.example.test': { A: ['192.0.2.1', '192.0.2.11', '192.0.2.12'] } };
    expect(await hostsFor('example.test', dns, { limit: 4 })).toEqual([
      'a.example.test [192.0.2.1 192.0.2.11 192.0.2.12]',
      'b.example.test [192.0.2.2]',
    ]);
    const { resolver } = await routed('example.test', dns, { limit: 3 });
    expect(resolver.queries).not.toContain('A b.example.test');
  });

  test('denial of service: a domain with a thousand exchangers costs twenty look-ups', async () => {
    const MX = Array.from({ length: 1000 }, (_, index) => [index % 7, `h${index}.example.test`] as const);
    const { answer, resolver } = await routed('example.test', { 'example.test': { MX } });
    expect(answer).toMatchObject({ kind: 'reject', reply: { code: 550, status: '5.4.4' } });
    expect(resolver.queries.filter(query => query.startsWith('A '))).toHaveLength(20);
  });
});

describe('a domain gets no mail', () => {
  test.each([
    { about: 'does not exist', zone: undefined, want: { kind: 'reject', reply: { code: 550, status: '5.1.2' } } },
    {
      about: 'says so by a null MX (RFC 7505)',
      zone: { MX: [[0, '']], A: ['192.0.2.1'] },
      want: { kind: 'reject', reply: { code: 556, status: '5.1.10' } },
    },
    {
      about: 'cannot be asked about',
      zone: 'unavailable',
      want: { kind: 'defer', reply: { code: 451, status: '4.4.3' } },
    },
    {
      about: 'has neither exchangers nor an address',
      zone: { TXT: ['x'] },
      want: { kind: 'reject', reply: { code: 550, status: '5.4.4' } },
    },
    {
      about: 'has exchangers that do not exist',
      zone: { MX: [[10, 'gone.test']], A: ['192.0.2.1'] },
      want: { kind: 'reject', reply: { code: 550, status: '5.4.4' } },
    },
    {
      about: 'has exchangers of which one cannot be asked about at the moment',
      zone: {
        MX: [
          [10, 'gone.test'],
          [20, 'silent.test'],
        ],
      },
      want: { kind: 'defer', reply: { code: 451, status: '4.4.3' } },
    },
  ] as const)('that $about', async ({ zone, want }) => {
    const dns: FakeZones = { 'silent.test': 'unavailable', ...(zone === undefined ? {} : { 'example.test': zone }) };
    expect((await routed('example.test', dns)).answer).toMatchObject(want);
  });

  test('but a null MX beside other records means nothing', async () => {
    const dns: FakeZones = {
      'example.test': {
        MX: [
          [0, ''],
          [10, 'a.example.test'],
        ],
      },
      'a.example.test': { A: ['192.0.2.1'] },
    };
    expect(await hostsFor('example.test', dns)).toEqual(['a.example.test [192.0.2.1]']);
  });
});

describe('mail loop: we are among the exchangers', () => {
  const dns: FakeZones = {
    ...THREE_LEVELS,
    'mx.example.test': { A: ['192.0.2.100'] },
    'b.example.test': { A: ['192.0.2.2', '192.0.2.100'] },
  };
  const withUs = (preference: number): FakeZones => ({
    ...THREE_LEVELS,
    'example.test': {
      MX: [
        [10, 'a.example.test'],
        [preference, 'MX.example.test'],
        [30, 'c.example.test'],
      ],
    },
  });

  test('by name: we and all that is not preferred to us are dropped', async () => {
    expect(await hostsFor('example.test', withUs(20))).toEqual(['a.example.test [192.0.2.1]']);
    expect(await hostsFor('example.test', withUs(30))).toEqual(['a.example.test [192.0.2.1]']);
  });

  test('by address: the same', async () => {
    const options = { ourAddresses: ['192.0.2.100'] };
    expect(await hostsFor('example.test', dns, options)).toEqual(['a.example.test [192.0.2.1]']);
  });

  test('by an IPv6 address in another spelling: the same', async () => {
    const zones = { 'example.test': { AAAA: ['2001:db8:0::100'] } };
    const { answer } = await routed('example.test', zones, { ourAddresses: ['2001:DB8::100'] });
    expect(answer).toMatchObject({ kind: 'reject', reply: { code: 554, status: '5.4.6' } });
  });

  test('and the best of them: nobody is left', async () => {
    for (const preference of [5, 10]) {
      const { answer } = await routed('example.test', withUs(preference));
      expect(answer).toMatchObject({ kind: 'reject', reply: { code: 554, status: '5.4.6' } });
    }
  });

  test('and the better ones cannot be looked up: it is tried again later', async () => {
    const { answer } = await routed('example.test', { ...withUs(20), 'a.example.test': 'unavailable' });
    expect(answer).toMatchObject({ kind: 'defer', reply: { status: '4.4.3' } });
  });
});

describe('private and reserved addresses', () => {
  const dns: FakeZones = {
    'example.test': {
      MX: [
        [10, 'inside.example.test'],
        [20, 'outside.example.test'],
      ],
    },
    'inside.example.test': { A: ['10.0.0.1', '127.0.0.1'], AAAA: ['::1'] },
    'outside.example.test': { A: ['10.0.0.2', '8.8.8.8'] },
  };

  test('are passed over', async () => {
    expect(await hostsFor('example.test', dns, { privateAddresses: 'refuse' })).toEqual([
      'outside.example.test [8.8.8.8]',
    ]);
  });

  test('alone are no host, and the log may say why', async () => {
    const { answer } = await routed('inside.example.test', dns, { privateAddresses: 'refuse' });
    expect(answer).toMatchObject({
      kind: 'reject',
      reply: { code: 550, status: '5.4.4', text: 'Domain inside.example.test has no host that can be reached' },
      because: expect.stringContaining('10.0.0.1 private (RFC 1918)') as string,
    });
  });

  test('are refused in an address literal too', async () => {
    const { answer } = await routed('[127.0.0.1]', {}, { privateAddresses: 'refuse' });
    expect(answer).toMatchObject({ kind: 'reject', reply: { status: '5.4.4' } });
  });
});

describe('the transport', () => {
  const dns = { 'example.test': { A: ['8.8.8.8'] } };

  test.each([
    { option: undefined, given: undefined, want: null },
    { option: undefined, given: 'internet', want: 'internet' },
    { option: 'internet', given: undefined, want: 'internet' },
    { option: 'internet', given: 'internet', want: 'internet' },
    { option: 'internet', given: 'other', want: null },
  ])('$option in the options, $given by the routes: $want', async ({ option, given, want }) => {
    const { route } = await harness(mxRouting, option === undefined ? undefined : { transport: option }, { dns });
    const answer = await route('bob@example.test', given === undefined ? {} : { transport: given });
    expect(answer?.kind === 'route' ? answer.transport : null).toBe(want);
  });
});

test.each([
  { options: { port: 0 }, want: /options\.port/ },
  { options: { addresses: 'ipv5' }, want: /options\.addresses/ },
  { options: { limit: 0 }, want: /options\.limit/ },
  { options: { ourAddresses: ['mx.example.test'] }, want: /options\.ourAddresses\.0: an IP address is expected/ },
  { options: { mx: 1 }, want: /mx/ },
])('$options is refused', async ({ options, want }) => {
  expect((await faultsIn(mxRouting, options)).join('\n')).toMatch(want);
});
