/** What is different between two configurations, for people, and without a secret. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { differences } from '../../../core/config/difference.ts';
import { loadConfiguration } from '../../../core/config/load.ts';
import { fileSchema } from '../../../core/config/schema.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const BASE: Readonly<Record<string, string>> = {
  hostname: 'mx.example.test',
  listeners: '[{ id: in, port: 25 }, { id: sub, port: 587 }]',
  queue: '{ directory: ./queue, destinations: [{ match: ["@slow.test"], rate: 1 / s }] }',
  plugins:
    '[{ use: one, options: { list: [a, b], on: true, size: 3, password: 1234, url: "x://u:hush@h" } }, { use: two }]',
  tlsReports: '{ organization: Us, contact: us@example.test }',
  routes: '[{ when: { recipient: "@example.test" }, deliver: two }, { deliver: two, hosts: [relay.test] }]',
};

async function between(changes: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const folder = await tempFolder();
  const file = join(folder, 'c.yaml');
  const secret = join(folder, 'secret');
  const load = async (keys: Readonly<Record<string, string>>, hush: string) => {
    await writeFile(secret, hush);
    await chmod(secret, 0o600);
    await writeFile(
      file,
      Object.entries(keys)
        .map(([key, value]) => `${key}: ${value}`)
        .join('\n'),
    );
    const loaded = await loadConfiguration(file, { env: {}, now: new Date() });
    const draft = loaded.kind === 'ok' ? loaded : loaded.draft;
    if (draft === null) throw new Error(JSON.stringify(loaded.complaints));
    return draft.configuration;
  };
  return differences(await load(BASE, 'hush one'), await load({ ...BASE, ...changes }, 'hush two'));
}

test('nothing is different in the same file', async () => {
  expect(await between({})).toEqual([]);
});

test.each([
  {
    what: 'another name',
    changes: { hostname: 'mx2.example.test' },
    want: 'hostname: mx.example.test → mx2.example.test',
  },
  {
    what: 'a size',
    changes: { listeners: '[{ id: in, port: 25, maxSize: 50 MiB }, { id: sub, port: 587 }]' },
    want: 'listener in: maxSize: 25 MiB → 50 MiB',
  },
  {
    what: 'a time',
    changes: { listeners: '[{ id: in, port: 25, limits: { idle: 1 min } }, { id: sub, port: 587 }]' },
    want: 'listener in: limits.idle: 5 min → 1 min',
  },
  { what: 'a listener less', changes: { listeners: '[{ id: in, port: 25 }]' }, want: 'listener sub removed' },
  {
    what: 'a listener more',
    changes: { listeners: '[{ id: in, port: 25 }, { id: sub, port: 587 }, { id: six, port: 24, address: "::1" }]' },
    want: 'listener six added: [::1]:24',
  },
  {
    what: 'a retry policy',
    changes: {
      queue: '{ directory: ./queue, retry: { first: 1 min }, destinations: [{ match: ["@slow.test"], rate: 1 / s }] }',
    },
    want: 'queue.retry.first: 5 min → 1 min',
  },
  {
    what: 'a rule less',
    changes: { queue: '{ directory: ./queue }' },
    want: 'queue.destinations 1 removed: @slow.test',
  },
  {
    what: 'a plugin more',
    changes: { plugins: `${BASE.plugins?.slice(0, -1) ?? ''}, { use: ./filters/new.ts, mode: shadow }]` },
    want: 'plugin new added: ./filters/new.ts, in shadow mode',
  },
  {
    what: 'another mode',
    changes: { plugins: BASE.plugins?.replace('use: two', 'use: two, mode: shadow') ?? '' },
    want: 'plugin two: mode: enforce → shadow',
  },
  {
    what: 'a condition',
    changes: { plugins: BASE.plugins?.replace('use: two', 'use: two, when: { listener: in }') ?? '' },
    want: 'plugin two: when: none → listener is in',
  },
  {
    what: 'a list in options',
    changes: { plugins: BASE.plugins?.replace('[a, b]', '[a, c, d]') ?? '' },
    want: 'plugin one: options.list: 2 added, 1 removed',
  },
  {
    what: 'the order of a list in options',
    changes: { plugins: BASE.plugins?.replace('[a, b]', '[b, a]') ?? '' },
    want: 'plugin one: options.list: in another order',
  },
  {
    what: 'a switch in options',
    changes: { plugins: BASE.plugins?.replace('on: true', 'on: false') ?? '' },
    want: 'plugin one: options.on: true → false',
  },
  {
    what: 'an option less',
    changes: { plugins: BASE.plugins?.replace('size: 3, ', '') ?? '' },
    want: 'plugin one: options.size removed',
  },
  {
    what: 'a route more',
    changes: { routes: BASE.routes?.replace('[', '[{ when: { sender: "@x.test" }, deliver: one }, ') ?? '' },
    want: 'route 1 added: sender is @x.test → one',
  },
  {
    what: 'a route less',
    changes: { routes: '[{ when: { recipient: "@example.test" }, deliver: two }]' },
    want: 'route 2 removed: all mail → two at relay.test:25',
  },
  {
    what: 'routes in another order',
    changes: {
      routes: '[{ deliver: two, hosts: [relay.test] }, { when: { recipient: "@example.test" }, deliver: two }]',
    },
    want: 'routes stand in another order',
  },
  { what: 'TLS reports off', changes: { tlsReports: 'off' }, want: /^tlsReports: .* → off$/ },
  { what: 'the log', changes: { log: '{ level: debug }' }, want: 'log.level: info → debug' },
  {
    what: 'the resolver',
    changes: { resolver: '{ servers: ["127.0.0.1:53"] }' },
    want: 'resolver.servers: none → 127.0.0.1:53',
  },
])('$what', async ({ changes, want }) => {
  const [said, ...others] = await between(changes);
  if (typeof want === 'string') expect(said).toBe(want);
  else expect(said).toMatch(want);
  expect(others).toEqual([]);
});

test('the order of plugins is told', async () => {
  const [one, two] = [/\[(\{.*\}), (\{ use: two \})\]/.exec(BASE.plugins ?? '')].flatMap(
    found => found?.slice(1) ?? [],
  );
  expect(await between({ plugins: `[${two}, ${one}]` })).toEqual(['plugins are asked in another order: two, one']);
});

test('deadlines of all calls are told for each plugin', async () => {
  expect(await between({ deadline: '20 s' })).toEqual([
    'plugin one: deadline: 30 s → 20 s',
    'plugin two: deadline: 30 s → 20 s',
  ]);
});

describe('no secret is told', () => {
  test.each([
    { what: 'a number under the name of a secret', from: 'password: 1234', to: 'password: 5678', hush: '5678' },
    { what: 'a password in an address', from: 'u:hush@h', to: 'u:psst@h', hush: 'psst' },
    { what: 'one that is added', from: 'size: 3', to: 'size: 3, more: psst', hush: 'psst' },
    { what: 'one in a list', from: '[a, b]', to: '[a, psst]', hush: 'psst' },
    { what: 'one in a mapping in a list', from: '[a, b]', to: '[a, { key: psst }]', hush: 'psst' },
    { what: 'one that takes the place of a mapping', from: 'on: true', to: 'on: { deep: psst }', hush: 'psst' },
  ])('$what', async ({ from, to, hush }) => {
    const said = await between({ plugins: BASE.plugins?.replace(from, to) ?? '' });
    expect(said).toHaveLength(1);
    expect(said.join()).not.toContain(hush);
    expect(said.join()).not.toMatch(/1234|hush/);
  });

  test('a secret of a file is seen to have changed, and not shown', async () => {
    const plugins = BASE.plugins?.replace('password: 1234', 'password: !secret ./secret') ?? '';
    const folder = await tempFolder();
    const load = async (hush: string) => {
      await writeFile(join(folder, 'secret'), hush);
      await writeFile(
        join(folder, 'c.yaml'),
        Object.entries({ ...BASE, plugins })
          .map(([key, value]) => `${key}: ${value}`)
          .join('\n'),
      );
      const loaded = await loadConfiguration(join(folder, 'c.yaml'), { env: {}, now: new Date() });
      const draft = loaded.kind === 'ok' ? loaded : loaded.draft;
      if (draft === null) throw new Error(JSON.stringify(loaded.complaints));
      return draft.configuration;
    };
    const [one, same, other] = [await load('hush'), await load('hush'), await load('psst')];
    expect(differences(one, same)).toEqual([]);
    expect(differences(one, other)).toEqual(['plugin one: options.password changed']);
  });
});

test('every section of the file is compared', async () => {
  const changed: Readonly<Record<string, string>> = {
    hostname: 'mx2.example.test',
    listeners: '[{ id: in, port: 26 }]',
    queue: '{ directory: ./queue, concurrency: 7 }',
    resolver: '{ dnssec: trusted }',
    tlsReports: 'off',
    deadline: '7 s',
    deliveryDeadline: '7 s',
    log: '{ level: warn }',
    reload: 'watch',
    plugins: '[{ use: two }]',
    routes: '[{ deliver: two }]',
  };
  expect(Object.keys(changed).sort()).toEqual(Object.keys(fileSchema.shape).sort());
  for (const [key, value] of Object.entries(changed)) {
    expect([key, (await between({ [key]: value })).length]).toEqual([
      key,
      expect.toSatisfy((count: number) => count > 0),
    ]);
  }
});
