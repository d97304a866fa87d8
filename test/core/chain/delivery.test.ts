/** The hooks `route` and `deliver`: every recipient gets an outcome, and only a positive statement counts. */
import { describe, expect, test } from 'vitest';
import {
  defer,
  deliveredTo,
  type Host,
  type PluginInstance,
  type RouteRule,
  reject,
  report,
  routeTo,
} from '../../../core/index.ts';
import { aRecipient } from '../../../core/testing.ts';
import { chainOf, link } from './chain-of.ts';
import { mail } from './subjects.ts';

const boxes = link('boxes', { deliver: () => undefined }, { delivers: 'here' });
const internet = link('internet', { deliver: () => undefined }, { delivers: 'to-hosts' });
const host: Host = { name: 'mx.one.test', port: 25, addresses: ['192.0.2.1'], preference: 10 };
const anywhere = (transport: string, hosts: readonly Host[] | null = null): RouteRule => ({
  when: null,
  transport,
  hosts,
  retry: null,
});

async function routed(plugins: readonly PluginInstance[], rules: readonly RouteRule[], to = 'x@one.test') {
  const { chain } = chainOf([boxes, internet, ...plugins.map((plugin, index) => link(`p${index}`, plugin))], rules);
  const queued = mail([to]);
  const [first] = queued.envelope.recipients;
  if (first === undefined) throw new Error('nobody');
  return (await chain.route(queued, first, 1)).decision;
}

describe('route', () => {
  test('the first matching rule decides', async () => {
    const local: RouteRule = {
      ...anywhere('boxes'),
      when: { kind: 'recipient', patterns: [{ kind: 'domain', domain: 'one.test', subdomains: false }] },
    };
    expect(await routed([], [local, anywhere('internet', [host])])).toMatchObject({
      route: { transport: 'boxes', hosts: [] },
    });
    expect(await routed([], [local, anywhere('internet', [host])], 'y@two.test')).toMatchObject({
      route: { transport: 'internet', hosts: [host] },
    });
  });

  describe('a recipient that an alias leads to a transport', () => {
    const led = async (transport: string) => {
      const { chain } = chainOf([boxes, internet], [anywhere('internet', [host])]);
      const queued = mail(['x@one.test']);
      const recipient = { ...aRecipient('x@one.test'), target: { transport, argument: '/usr/bin/archive' } };
      const { decision } = await chain.route(queued, recipient, 1);
      return { decision, place: await chain.place(queued, recipient) };
    };

    test('is delivered by it, whatever the routes say, and waits as a mailbox does', async () => {
      expect(await led('boxes')).toMatchObject({
        decision: { kind: 'routed', route: { transport: 'boxes', hosts: [] } },
        place: { destination: 'x@one.test', retry: null },
      });
    });

    test.each(['gone', 'internet'])('waits where %s delivers nothing here', async transport => {
      const { decision } = await led(transport);
      expect(decision).toMatchObject({ kind: 'unroutable', outcome: { kind: 'deferred', reply: { status: '4.3.5' } } });
    });
  });

  test('a plugin finds the hosts that a rule leaves open, and knows which transport was chosen', async () => {
    const mx: PluginInstance = {
      route: ({ transport }) => (transport === 'internet' ? routeTo({ hosts: [host] }) : undefined),
    };
    expect(await routed([mx], [anywhere('internet')])).toMatchObject({
      kind: 'routed',
      route: { transport: 'internet', hosts: [host] },
    });
  });

  test('a plugin is not asked where the rule is complete', async () => {
    const never: PluginInstance = { route: () => reject(550, '5.4.4', 'asked') };
    expect(await routed([never], [anywhere('boxes')])).toMatchObject({ kind: 'routed' });
  });

  test('a plugin may choose the transport where no rule matches', async () => {
    expect(await routed([{ route: () => routeTo({ transport: 'boxes' }) }], [])).toMatchObject({
      route: { transport: 'boxes' },
    });
  });

  const broken: readonly { readonly name: string; readonly plugin: PluginInstance; readonly want: object }[] = [
    { name: 'nobody answers', plugin: {}, want: { kind: 'deferred', reply: { status: '4.3.5' } } },
    { name: 'a rejection', plugin: { route: () => reject(550, '5.1.2', 'No such domain') }, want: { kind: 'bounced' } },
    { name: 'a deferral', plugin: { route: () => defer(451, '4.4.3', 'DNS is down') }, want: { kind: 'deferred' } },
    {
      name: 'a crash',
      plugin: { route: () => Promise.reject(new Error('x')) },
      want: { kind: 'deferred', reply: { status: '4.3.0' } },
    },
    {
      name: 'a transport that does not exist',
      plugin: { route: () => routeTo({ transport: 'pigeon' }) },
      want: { kind: 'deferred' },
    },
    {
      name: 'no hosts for one that needs some',
      plugin: { route: () => routeTo({ hosts: [] }) },
      want: { kind: 'deferred' },
    },
  ];
  test.each(broken)('$name', async ({ plugin, want }) => {
    expect(await routed([plugin], [anywhere('internet')])).toMatchObject({ kind: 'unroutable', outcome: want });
  });
});

describe('deliver', () => {
  async function outcomes(instance: PluginInstance, changes = {}) {
    const { chain, clock } = chainOf([link('boxes', instance, { delivers: 'here', ...changes })]);
    const queued = mail(['x@one.test', 'y@one.test']);
    const attempt = { mail: queued, recipients: queued.envelope.recipients, hosts: [], attempt: 1 };
    const walked = chain.deliver('boxes', attempt);
    await clock.advance(600_000);
    await clock.advance(10_000);
    return [...(await walked).decision.outcomes.values()];
  }

  test('a recipient that the report leaves out is deferred', async () => {
    const only: PluginInstance = {
      deliver: ({ recipients }) => report(recipients.slice(0, 1).map(one => [one, deliveredTo('box')])),
    };
    expect(await outcomes(only)).toMatchObject([
      { kind: 'delivered' },
      { kind: 'deferred', reply: { status: '4.3.0' } },
    ]);
  });

  const silent: readonly { readonly name: string; readonly instance: PluginInstance; readonly status: string }[] = [
    { name: 'is silent', instance: { deliver: () => undefined }, status: '4.3.0' },
    { name: 'throws', instance: { deliver: () => Promise.reject(new Error('x')) }, status: '4.3.0' },
    { name: 'hangs', instance: { deliver: () => new Promise(() => undefined) }, status: '4.3.0' },
    {
      name: 'meets a full disk',
      instance: { deliver: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOSPC' })) },
      status: '4.3.1',
    },
  ];
  test.each(silent)('a transport that $name defers all', async ({ instance, status }) => {
    expect(await outcomes(instance)).toMatchObject(Array(2).fill({ kind: 'deferred', reply: { status } }));
  });

  test('a transport whose failures are ignored still loses nothing', async () => {
    expect(await outcomes({ deliver: () => Promise.reject(new Error('x')) }, { onError: 'ignore' })).toMatchObject(
      Array(2).fill({ kind: 'deferred' }),
    );
  });

  test('what a transport reports when its deadline has passed counts, so that nobody gets it twice', async () => {
    const half: PluginInstance = {
      deliver: ({ recipients }, { signal }) =>
        new Promise(resolve => {
          signal.addEventListener('abort', () => {
            resolve(report(recipients.slice(0, 1).map(one => [one, deliveredTo('box')])));
          });
        }),
    };
    expect(await outcomes(half)).toMatchObject([{ kind: 'delivered' }, { kind: 'deferred' }]);
  });

  test('a transport that is gone defers', async () => {
    const { chain } = chainOf([]);
    const queued = mail(['x@one.test']);
    const attempt = { mail: queued, recipients: queued.envelope.recipients, hosts: [], attempt: 2 };
    expect([...(await chain.deliver('boxes', attempt)).decision.outcomes.values()]).toMatchObject([
      { kind: 'deferred', reply: { text: 'There is no transport named boxes' } },
    ]);
  });
});

async function placed(rules: readonly RouteRule[]) {
  const queued = mail(['bob@one.test']);
  const [first] = queued.envelope.recipients;
  if (first === undefined) throw new Error('nobody');
  return chainOf([boxes, internet], rules).chain.place(queued, first);
}

describe('where a recipient waits', () => {
  const relay: Host = { name: 'relay.test', port: 587, addresses: [], preference: 0 };
  const six: Host = { name: '2001:db8::1', port: 25, addresses: [], preference: 0 };
  const elsewhere = {
    ...anywhere('internet'),
    when: { kind: 'sender', patterns: [{ kind: 'null' }] },
  } as const satisfies RouteRule;
  const retry = { first: 1, factor: 2, longest: 3, giveUpAfter: 4, warnAfter: null };

  test.each([
    { what: 'without a route: for the domain', rules: [], want: 'one.test' },
    { what: 'by a route whose hosts DNS names: for the domain', rules: [anywhere('internet')], want: 'one.test' },
    {
      what: 'by a route with hosts: for the first of them',
      rules: [anywhere('internet', [relay, host])],
      want: 'relay.test:587',
    },
    { what: 'with an IPv6 address: in brackets', rules: [anywhere('internet', [six])], want: '[2001:db8::1]:25' },
    { what: 'by a route that delivers here: for the mailbox', rules: [anywhere('boxes')], want: 'bob@one.test' },
    { what: 'a route that does not match says nothing', rules: [elsewhere, anywhere('boxes')], want: 'bob@one.test' },
  ])('$what', async ({ rules, want }) => {
    expect(await placed(rules)).toEqual({ destination: want, retry: null });
  });

  test('by its route it is tried again', async () => {
    expect((await placed([{ ...anywhere('boxes'), retry }])).retry).toEqual(retry);
  });
});
