/** Mounting a plugin: options validated, needs met, an instance that keeps the contract. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { accept, deliveredTo, reportAll } from '../../../core/index.ts';
import { definePlugin, type Plugin } from '../../../core/plugin/plugin.ts';
import { token } from '../../../core/plugin/token.ts';
import { create, inspect, type Step } from '../../../core/wiring/mount.ts';
import { Scope } from '../../../core/wiring/scope.ts';

const STORE = token<{ readonly name: string }>('greylist-store');
const MISSPELT = token<unknown>('greylist-stroe');

async function mount(plugin: Plugin, options?: unknown, scope = Scope.root().value(STORE, { name: 'memory' })) {
  const inspected = await inspect({ plugin, id: 'mine', options, scope });
  return inspected.kind === 'sound' ? create(inspected.value) : inspected;
}

function faults(step: Step<unknown>): readonly string[] {
  if (step.kind === 'sound') return [];
  return step.faults.map(({ code, path, message }) => `${code} ${path.join('.')}: ${message}`);
}

/** A plugin whose instance is what a careless author made. */
function making(instance: unknown, delivers?: 'here'): Plugin {
  const create = () => instance as object;
  return delivers === undefined
    ? definePlugin({ name: 'odd', create })
    : definePlugin({ name: 'odd', delivers, create });
}

test('a plugin is created with its options as the schema made them, and with its services', async () => {
  const plugin = definePlugin({
    name: 'good',
    options: z.strictObject({ domain: z.string().transform(text => text.toLowerCase()), limit: z.int().default(3) }),
    needs: { store: STORE },
    create: ({ options, store }) => ({
      rcpt: ({ recipient }) => {
        expect([options, store.name]).toEqual([{ domain: 'example.test', limit: 3 }, 'memory']);
        return recipient.forwardPath.domain === options.domain ? accept : undefined;
      },
    }),
  });
  const mounted = await mount(plugin, { domain: 'Example.Test' });
  if (mounted.kind === 'faulty') throw new Error(faults(mounted).join());
  expect(mounted.value).toMatchObject({
    id: 'mine',
    plugin: { name: 'good' },
    options: { domain: 'example.test', limit: 3 },
  });
  expect(mounted.value.instance.rcpt).toBeTypeOf('function');
});

describe('options', () => {
  const strict = definePlugin({
    name: 'strict',
    options: z.strictObject({ file: z.string(), mode: z.enum(['a', 'b']).default('a') }),
    create: () => ({}),
  });
  const lax = definePlugin({ name: 'lax', options: z.strictObject({ x: z.int().default(1) }), create: () => ({}) });
  const none = definePlugin({ name: 'none', create: () => ({}) });

  test.each([
    { plugin: strict, options: undefined, want: ['MF_CONFIG_OPTION options.file: is missing: text is expected'] },
    { plugin: strict, options: null, want: ['MF_CONFIG_OPTION options.file: is missing: text is expected'] },
    { plugin: strict, options: 'x', want: ['MF_CONFIG_OPTION options: a mapping is expected, but this is text'] },
    {
      plugin: strict,
      options: { fiel: 'x', mode: 'c' },
      want: [
        'MF_CONFIG_OPTION options.file: is missing: text is expected',
        'MF_CONFIG_OPTION options.mode: "a" or "b" is expected',
        'MF_CONFIG_OPTION options.fiel: unknown key; did you mean "file"?',
      ],
    },
    { plugin: lax, options: undefined, want: [] },
    { plugin: lax, options: null, want: [] },
    { plugin: none, options: undefined, want: [] },
    { plugin: none, options: null, want: [] },
    { plugin: none, options: {}, want: ['MF_CONFIG_OPTION options: the plugin none takes no options'] },
  ])('$plugin.name with $options', async ({ plugin, options, want }) => {
    expect(faults(await mount(plugin, options)).filter(fault => !fault.includes('MF_PLUGIN'))).toEqual(want);
  });
});

test('a missing service names the plugin and the service; wrong options are told at the same time', async () => {
  const plugin = definePlugin({
    name: 'greylist',
    options: z.strictObject({ file: z.string() }),
    needs: { store: MISSPELT, other: token<unknown>('weather') },
    create: () => ({}),
  });
  expect(faults(await mount(plugin))).toEqual([
    'MF_CONFIG_OPTION options.file: is missing: text is expected',
    'MF_SERVICE_MISSING use: the plugin greylist needs the service "greylist-stroe", which nothing provides; did you mean "greylist-store"?',
    'MF_SERVICE_MISSING use: the plugin greylist needs the service "weather", which nothing provides; there are: greylist-store',
  ]);
});

describe("a plugin's own check", () => {
  test('has its complaints collected, and nothing is created', async () => {
    const plugin = definePlugin({
      name: 'table',
      options: z.strictObject({ rules: z.array(z.string()) }),
      check: ({ options }) =>
        options.rules.map((rule, index) => ({ path: ['rules', index], message: `no such rule ${rule}` })),
      create: () => expect.fail('created in spite of complaints'),
    });
    expect(faults(await mount(plugin, { rules: ['x', 'y'] }))).toEqual([
      'MF_CONFIG_OPTION options.rules.0: no such rule x',
      'MF_CONFIG_OPTION options.rules.1: no such rule y',
    ]);
  });

  test('that throws is a complaint, not a crash', async () => {
    const plugin = definePlugin({
      name: 'table',
      check: () => Promise.reject(new Error('ENOENT')),
      create: () => ({}),
    });
    expect(faults(await mount(plugin))).toEqual([
      expect.stringMatching(
        /^MF_PLUGIN_CREATE use: the plugin table cannot be checked: ENOENT \(.*mount\.test\.ts:\d+:\d+\)$/,
      ),
    ]);
  });

  test('is a complaint too where the schema of its options throws', async () => {
    const options = z.strictObject({ x: z.unknown().transform(x => (x as { y: { z: unknown } }).y.z) });
    const plugin = definePlugin({ name: 'table', options, create: () => ({}) });
    expect(faults(await mount(plugin, { x: {} }))).toEqual([
      expect.stringContaining('MF_PLUGIN_CREATE use: the plugin table cannot be checked: Cannot read properties'),
    ]);
  });

  test('is not asked about options that are wrong already', async () => {
    const plugin = definePlugin({
      name: 'table',
      options: z.strictObject({}),
      check: () => expect.fail('asked'),
      create: () => ({}),
    });
    expect(faults(await mount(plugin, { x: 1 }))).toEqual(['MF_CONFIG_OPTION options.x: unknown key']);
  });
});

describe('an instance keeps the contract', () => {
  const deliver = () => reportAll([], deliveredTo(''));
  test.each([
    { what: 'nothing', instance: undefined, want: ['created no instance'] },
    {
      what: 'a misspelt hook',
      instance: { rctp: () => accept },
      want: [': there is no hook "rctp"; did you mean "rcpt"?'],
    },
    {
      what: 'a hook that does not exist',
      instance: { teleport: () => accept },
      want: [': there is no hook "teleport"; there are: connect, helo, auth, secret, mail, rcpt'],
    },
    { what: 'a hook that is no function', instance: { rcpt: accept }, want: [': rcpt is no function'] },
    {
      what: 'middleware around a hook that does not exist',
      instance: { around: () => undefined, surrounds: ['deliver', 'teleport'] },
      want: [': surrounds must list hooks; there are: connect, helo'],
    },
    {
      what: 'a list of hooks to surround and nothing to surround them with',
      instance: { surrounds: ['deliver'] },
      want: [': surrounds says whose calls `around` wraps, and there is no `around`'],
    },
    {
      what: 'transports that are led to, without the option that names them',
      instance: { leadsTo: ['scripts'] },
      want: [': leadsTo must list transports'],
    },
    {
      what: 'a misspelt happening',
      instance: { observe: { deliverd: () => {} } },
      want: [': there is no happening "deliverd"; did you mean "delivered"?'],
    },
    {
      what: 'an observer that is a function',
      instance: { observe: () => {} },
      want: [': observe must hold one function for each happening'],
    },
    { what: 'an observer', instance: { observe: { delivered: () => {} } }, want: [] },
    {
      what: 'an unannounced transport',
      instance: { deliver },
      want: [": it answers deliver, so its definition must say delivers: 'here' or delivers: 'to-hosts'"],
    },
    {
      what: 'an announced transport that is none',
      instance: {},
      delivers: 'here' as const,
      want: [': its definition says that it delivers, but it does not answer deliver'],
    },
    { what: 'an announced transport', instance: { deliver }, delivers: 'here' as const, want: [] },
    { what: 'hooks that are undefined', instance: { rcpt: undefined, mail: () => undefined }, want: [] },
  ])('$what', async ({ instance, delivers, want }) => {
    const found = faults(await mount(making(instance, delivers)));
    expect(found).toHaveLength(want.length);
    want.forEach((text, index) => expect(found[index]).toContain(text));
    for (const fault of found) expect(fault).toMatch(/^MF_PLUGIN_HOOK use: the plugin odd/);
  });

  test('a class may have methods of its own', async () => {
    class Filter {
      readonly #domain = 'example.test';
      rcpt() {
        return this.lookUp() === '' ? undefined : accept;
      }
      lookUp() {
        return this.#domain;
      }
    }
    expect(faults(await mount(making(new Filter())))).toEqual([]);
  });

  test('a create that throws is a complaint, not a crash', async () => {
    const plugin = definePlugin({
      name: 'odd',
      create: () => {
        throw new Error('out of tune');
      },
    });
    expect(faults(await mount(plugin))).toEqual([
      expect.stringMatching(
        /^MF_PLUGIN_CREATE use: the plugin odd cannot be created: out of tune \(.*mount\.test\.ts:\d+:\d+\)$/,
      ),
    ]);
  });
});
