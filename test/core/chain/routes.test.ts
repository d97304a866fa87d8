/** What a route may say beside its condition: a map by address, hosts that share the load, another domain, TLS. */
import { describe, expect, test } from 'vitest';
import { inOrder } from '../../../core/chain/load-sharing.ts';
import {
  type Host,
  type PluginInstance,
  type RouteChoice,
  type RouteRule,
  type RouteTls,
  routeTo,
  type TlsDemand,
} from '../../../core/index.ts';
import { findInMap } from '../../../core/mail/route-map.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { chainOf, link } from './chain-of.ts';
import { mail } from './subjects.ts';

const host = (name: string, about: Partial<Host> = {}): Host => ({
  name,
  port: 25,
  addresses: [],
  preference: 0,
  ...about,
});
const to = (name: string): RouteChoice => ({ transport: 'internet', hosts: [host(name)] });
const rule = (about: Partial<RouteRule>): RouteRule => ({
  when: null,
  transport: 'internet',
  hosts: null,
  retry: null,
  ...about,
});
const mapped = (by: 'recipient' | 'sender', entries: Readonly<Record<string, RouteChoice>>): RouteRule =>
  rule({ map: { by, entries: new Map(Object.entries(entries)) } });

async function decided(rules: readonly RouteRule[], address = 'x@one.test', plugins: readonly PluginInstance[] = []) {
  const internet = link('internet', { deliver: () => undefined }, { delivers: 'to-hosts' });
  const { chain } = chainOf([internet, ...plugins.map((plugin, index) => link(`p${index}`, plugin))], rules);
  const queued = mail([address]);
  const [first] = queued.envelope.recipients;
  if (first === undefined) throw new Error('nobody');
  const { decision } = await chain.route(queued, first, 1);
  return { decision, place: await chain.place(queued, first) };
}

async function hostOf(rules: readonly RouteRule[], address: string): Promise<string | null> {
  const { decision } = await decided(rules, address);
  return decision.kind === 'routed' ? (decision.route.hosts[0]?.name ?? null) : null;
}

describe('a map', () => {
  const map = mapped('recipient', {
    '*': to('rest.test'),
    '@.test': to('any-test.test'),
    '@.one.test': to('below.test'),
    '@one.test': to('domain.test'),
    'ann@one.test': to('ann.test'),
    'ann+special@one.test': to('special.test'),
  });

  test.each([
    ['ann@one.test', 'ann.test'],
    ['ann+lists@one.test', 'ann.test'],
    ['ann+special@one.test', 'special.test'],
    ['bob@one.test', 'domain.test'],
    ['bob@a.b.one.test', 'below.test'],
    ['bob@two.test', 'any-test.test'],
    ['bob@two.example', 'rest.test'],
  ])('sends %s to %s: the most specific entry holds', async (address, want) => {
    expect(await hostOf([map], address)).toBe(want);
  });

  test('that does not know an address leaves it to the next route', async () => {
    const small = mapped('recipient', { '@one.test': to('small.test') });
    expect(await hostOf([small, rule({ hosts: [host('next.test')] })], 'x@two.test')).toBe('next.test');
  });

  test('may go by the sender', async () => {
    const queued = mail(['x@one.test']).envelope.reversePath;
    if (queued === null) throw new Error('no sender');
    const bySender = mapped('sender', { [`@${queued.domain}`]: to('of-ours.test'), '<>': to('of-nobody.test') });
    expect(await hostOf([bySender], 'x@one.test')).toBe('of-ours.test');
    expect(findInMap({ by: 'sender', entries: new Map([['<>', to('of-nobody.test')]]) }, null)?.key).toBe('<>');
  });

  test('of a hundred thousand entries answers as one of ten does', () => {
    const entries = new Map(
      Array.from({ length: 100_000 }, (_, index) => [`@d${index}.test`, to('x.test')] as [string, RouteChoice]),
    );
    let asked = 0;
    const counting = { get: (key: string) => (asked++, entries.get(key)) } as ReadonlyMap<string, RouteChoice>;
    const found = findInMap({ by: 'recipient', entries: counting }, { localPart: 'a', domain: 'd99999.test' });
    expect(found?.key).toBe('@d99999.test');
    expect(asked).toBeLessThan(5);
  });
});

describe('hosts', () => {
  test('of lower preference come first, whatever their weight', () => {
    const random = seededRandom('order');
    for (let round = 0; round < 50; round += 1) {
      const order = inOrder([host('b', { preference: 1, weight: 900 }), host('a', { preference: 0 })], random);
      expect(order.map(({ name }) => name)).toEqual(['a', 'b']);
    }
  });

  test('share the load by their weights, and each stands in for the others', () => {
    const random = seededRandom('weights');
    const hosts = [host('heavy', { weight: 3 }), host('light')];
    const firsts = Array.from({ length: 4000 }, () => inOrder(hosts, random));
    const heavy = firsts.filter(([first]) => first?.name === 'heavy').length;
    expect(heavy).toBeGreaterThan(2850);
    expect(heavy).toBeLessThan(3150);
    expect(firsts.every(order => order.length === 2)).toBe(true);
  });
});

describe('a route to the hosts of another domain', () => {
  test('asks the plugins for those, and the mail waits for them', async () => {
    const asked: string[] = [];
    const mx: PluginInstance = {
      route({ domain }) {
        asked.push(domain);
        return routeTo({ hosts: [host(`mx.${domain}`)] });
      },
    };
    const { decision, place } = await decided([rule({ exchangersOf: 'provider.test' })], 'x@one.test', [mx]);
    expect(asked).toEqual(['provider.test']);
    expect(decision).toMatchObject({ route: { hosts: [{ name: 'mx.provider.test' }] } });
    expect(place.destination).toBe('provider.test');
  });
});

describe('TLS of a route', () => {
  const tls = (level: RouteTls['level'], names: readonly string[] = []): RouteTls => ({ level, names });
  const demand = (about: Partial<TlsDemand>): TlsDemand => ({
    level: 'verify',
    measure: 'at-least',
    mode: 'enforce',
    names: [],
    tlsa: [],
    policy: null,
    ...about,
  });
  const STS = { type: 'sts', domain: 'one.test', strings: [], mxHosts: [] } as const;

  test('is put on the hosts that it names', async () => {
    const { decision } = await decided([rule({ hosts: [host('a.test')], tls: tls('verify', ['.a.test']) })]);
    const want = { level: 'verify', measure: 'exactly', mode: 'enforce', names: ['.a.test'] };
    expect(decision).toMatchObject({ route: { hosts: [{ name: 'a.test', tls: want }] } });
  });

  test('goes before what a plugin found', async () => {
    const mx: PluginInstance = {
      route: () => routeTo({ hosts: [host('a.test', { tls: demand({ level: 'dane' }) })] }),
    };
    const { decision } = await decided([rule({ tls: tls('may') })], 'x@one.test', [mx]);
    expect(decision).toMatchObject({ route: { hosts: [{ tls: { level: 'may', measure: 'exactly' } }] } });
  });

  test.each([
    { level: 'dane', found: { level: 'dane' }, want: 'routed' },
    { level: 'dane', found: { level: 'encrypt' }, want: 'unroutable' },
    { level: 'dane', found: null, want: 'unroutable' },
    { level: 'sts', found: { policy: STS }, want: 'routed' },
    { level: 'sts', found: { policy: STS, mode: 'testing' }, want: 'unroutable' },
    { level: 'sts', found: { policy: null }, want: 'unroutable' },
    { level: 'sts', found: { level: 'dane' }, want: 'routed' },
    { level: 'sts', found: null, want: 'unroutable' },
  ] as const)('downgrade: $level with a host for which $found was found is $want', async ({ level, found, want }) => {
    const mx: PluginInstance = {
      route: () => routeTo({ hosts: [host('a.test', found === null ? {} : { tls: demand(found) })] }),
    };
    const { decision } = await decided([rule({ tls: tls(level) })], 'x@one.test', [mx]);
    expect(decision.kind).toBe(want);
    if (decision.kind === 'unroutable') expect(decision.outcome).toMatchObject({ kind: 'deferred' });
  });

  test('of named hosts is looked up by a plugin where it is dane', async () => {
    const mx: PluginInstance = {
      route: ({ hosts, tls: asked }) =>
        routeTo({ hosts: (hosts ?? []).map(one => ({ ...one, tls: demand({ level: asked?.level as 'dane' }) })) }),
    };
    const { decision } = await decided([rule({ hosts: [host('a.test')], tls: tls('dane') })], 'x@one.test', [mx]);
    expect(decision).toMatchObject({ route: { hosts: [{ name: 'a.test', tls: { level: 'dane' } }] } });
    const without = await decided([rule({ hosts: [host('a.test')], tls: tls('dane') })]);
    expect(without.decision).toMatchObject({ kind: 'unroutable', outcome: { kind: 'deferred' } });
  });
});

test('a decision says which route it was', async () => {
  const { decision } = await decided([mapped('recipient', { '@one.test': to('a.test') })]);
  expect(decision.because).toEqual([{ about: 'routes[0]', text: 'its map knows the recipient as "@one.test"' }]);
});
