/** A configuration compiles: plugins are mounted, and what they and the routes say of each other is checked. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type Compiled, compile } from '../../core/compile.ts';
import { bootError, formatComplaint } from '../../core/config/complaint.ts';
import {
  accept,
  authenticated,
  defineFact,
  definePlugin,
  deliveredTo,
  IDENTITY,
  LOG,
  reportAll,
  routeTo,
  secret,
  token,
  z,
} from '../../core/index.ts';
import type { PluginInstance } from '../../core/plugin/plugin.ts';
import { recordingLog } from '../../core/testing/recording-log.ts';
import { Scope } from '../../core/wiring/scope.ts';
import { tempFolder } from '../support/temp-folder.ts';

const COLOUR = defineFact('colour', z.enum(['red', 'green']));
const SCORE = defineFact('score', z.number());

function simple(name: string, instance: PluginInstance, delivers?: 'here' | 'to-hosts') {
  const create = () => instance;
  return delivers === undefined ? definePlugin({ name, create }) : definePlugin({ name, delivers, create });
}

const deliver = () => reportAll([], deliveredTo(''));

/** Plugins that do next to nothing, each with another shape. */
const PLUGINS = [
  simple('policy', { rcpt: () => accept }),
  simple('here', { deliver }, 'here'),
  simple('there', { deliver }, 'to-hosts'),
  simple('router', { route: () => routeTo({}) }),
  simple('login', { auth: () => authenticated('ann') }),
  simple('keeper', { secret: () => undefined }),
  simple('reader', { data: () => undefined }),
  simple('early', { connect: () => undefined }),
  simple('early-and-late', { connect: () => undefined, data: () => undefined }),
  simple('nothing', {}),
  simple('wrapper', { around: (_, next) => next() }),
  simple('watcher', { observe: { delivered: () => {} } }),
  simple('server', { start: () => {} }),
  simple('leader', {
    rcpt: () => accept,
    leadsTo: [
      { transport: 'there', path: ['to'] },
      { transport: 'moon', path: ['to'] },
    ],
  }),
  simple('good-leader', { rcpt: () => accept, leadsTo: [{ transport: 'boxes', path: [] }] }),
  definePlugin({
    name: 'painter',
    facts: [COLOUR, SCORE],
    create: () => ({ data: () => COLOUR.is('red') && undefined }),
  }),
  definePlugin({ name: 'early-painter', facts: [COLOUR], create: () => ({ mail: () => undefined }) }),
  definePlugin({
    name: 'picky',
    options: z.strictObject({ file: z.string(), password: secret().optional() }),
    check: ({ options }) => (options.file === 'x' ? [] : [{ path: ['file'], message: 'only x will do' }]),
    create: () => ({}),
  }),
  definePlugin({ name: 'needy', needs: { moon: token<unknown>('moon') }, create: () => ({}) }),
  definePlugin({ name: 'clumsy', create: () => ({ rctp: () => accept }) as PluginInstance }),
];

interface Parts {
  readonly plugins?: readonly string[];
  /** YAML below `routes:`; `null` leaves the section out. */
  readonly routes?: readonly string[] | null;
  readonly listener?: string;
  readonly more?: string;
}

/** A configuration: its plugins start on line 5. */
function yaml({ plugins = ['use: policy', 'use: here'], routes = ['deliver: here'], listener = '', more = '' }: Parts) {
  return [
    'hostname: mx.example.test',
    'listeners:',
    `  - { id: inbound, port: 2525${listener} }`,
    'plugins:',
    ...plugins.map(plugin => `  - { ${plugin} }`),
    ...(routes === null ? [] : ['routes:', ...routes.map(route => `  - { ${route} }`)]),
    more,
  ].join('\n');
}

async function compiled(text: string, files: Readonly<Record<string, string>> = {}) {
  const folder = await tempFolder();
  for (const [name, content] of Object.entries({ ...files, 'c.yaml': text })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content, { mode: 0o600 });
  }
  const log = recordingLog();
  const result = await compile(join(folder, 'c.yaml'), {
    env: {},
    now: new Date(),
    plugins: PLUGINS,
    scope: () => Scope.root().value(LOG, log),
  });
  return { folder, log, result };
}

function complaintsOf(result: Compiled) {
  return result.kind === 'compiled' ? result.warnings : result.complaints;
}

async function complaints(parts: Parts) {
  const { folder, result } = await compiled(yaml(parts));
  return complaintsOf(result).map(one => formatComplaint(one).replace(`${folder}/`, ''));
}

test('a sound configuration compiles to links and routes in their order', async () => {
  const { result } = await compiled(
    yaml({
      plugins: [
        'use: policy, mode: shadow, onError: reject',
        'use: policy, as: second, deadline: 5 s',
        'use: here, as: boxes',
      ],
      routes: ['when: { sender: "<>" }, deliver: boxes', 'deliver: boxes'],
    }),
  );
  if (result.kind === 'refused') throw bootError(result.complaints);
  expect(result.warnings).toEqual([]);
  expect(result.mounted).toMatchObject([
    { id: 'policy', mode: 'shadow', onError: 'reject', deadline: 30_000, deliveryDeadline: 600_000, delivers: null },
    { id: 'second', mode: 'enforce', onError: 'defer', deadline: 5000, deliveryDeadline: 5000 },
    { id: 'boxes', delivers: 'here' },
  ]);
  expect(result.mounted[0]?.instance.rcpt).toBeTypeOf('function');
  expect(result.routes).toEqual([
    { when: { kind: 'sender', patterns: [{ kind: 'null' }] }, transport: 'boxes', hosts: null, retry: null },
    { when: null, transport: 'boxes', hosts: null, retry: null },
  ]);
});

test('each instance has its own identity and its own log', async () => {
  const seen: unknown[] = [];
  const speaker = definePlugin({
    name: 'speaker',
    needs: { identity: IDENTITY, log: LOG },
    create: ({ identity, log }) => {
      seen.push(identity);
      log.info('created');
      return { rcpt: () => accept };
    },
  });
  const folder = await tempFolder();
  await writeFile(join(folder, 'c.yaml'), yaml({ plugins: ['use: speaker', 'use: speaker, as: other', 'use: here'] }));
  const log = recordingLog();
  const scope = () => Scope.root().value(LOG, log);
  const plugins = [...PLUGINS, speaker];
  const result = await compile(join(folder, 'c.yaml'), { env: {}, now: new Date(), plugins, scope });
  expect(complaintsOf(result)).toEqual([]);
  expect(seen).toEqual([
    { hostname: 'mx.example.test', plugin: 'speaker' },
    { hostname: 'mx.example.test', plugin: 'other' },
  ]);
  expect(log.of('created').map(({ fields }) => fields)).toEqual([{ plugin: 'speaker' }, { plugin: 'other' }]);
});

test('a plugin in a file beside the configuration, with options of its own', async () => {
  const file = `import { accept, definePlugin, domainName, z } from 'mailframe';
export default definePlugin({
  name: 'mine',
  options: z.strictObject({ domain: domainName() }),
  create: ({ options }) => ({ rcpt: ({ recipient }) => recipient.forwardPath.domain === options.domain ? accept : undefined }),
});
`;
  const text = yaml({ plugins: ['use: ./filters/mine.ts, options: { domain: Example.Test }', 'use: here'] });
  const { result } = await compiled(text, { 'filters/mine.ts': file });
  expect(complaintsOf(result)).toEqual([]);
  expect(result).toMatchObject({ mounted: [{ id: 'mine', plugin: { name: 'mine' } }, { id: 'here' }] });
});

describe('plugins are complained about where they stand', () => {
  test.each<{ what: string } & Parts & { want: readonly unknown[] }>([
    {
      what: 'one that is not found',
      plugins: ['use: polcy', 'use: here'],
      want: [expect.stringContaining('c.yaml:5:12: plugins[0].use: no plugin of this name is built in')],
    },
    {
      what: 'one whose options are wrong',
      plugins: ['use: policy', 'use: here', 'use: picky, options: { fiel: x }'],
      want: [
        'c.yaml:7:28: plugins[2].options.file: is missing: text is expected',
        'c.yaml:7:30: plugins[2].options.fiel: unknown key; did you mean "file"?',
      ],
    },
    {
      what: 'one whose options are left out',
      plugins: ['use: policy', 'use: here', 'use: picky'],
      want: ['c.yaml:7:5: plugins[2].options.file: is missing: text is expected'],
    },
    {
      what: 'one that does not like what its options refer to',
      plugins: ['use: policy', 'use: here', 'use: picky, options: { file: y }'],
      want: ['c.yaml:7:36: plugins[2].options.file: only x will do'],
    },
    {
      what: 'one that takes no options',
      plugins: ['use: policy, options: { a: 1 }', 'use: here'],
      want: ['c.yaml:5:20: plugins[0].options: the plugin policy takes no options'],
    },
    {
      what: 'one whose service is missing',
      plugins: ['use: policy', 'use: here', 'use: needy'],
      want: [
        'c.yaml:7:12: plugins[2].use: the plugin needy needs the service "moon", which nothing provides; there are: identity, log',
      ],
    },
    {
      what: 'one with a hook that there is not',
      plugins: ['use: policy', 'use: here', 'use: clumsy'],
      want: ['c.yaml:7:12: plugins[2].use: the plugin clumsy: there is no hook "rctp"; did you mean "rcpt"?'],
    },
    {
      what: 'several, and the frame too: all at once',
      plugins: ['use: picky, options: { file: y }', 'use: needy', 'use: here, mode: shadwo'],
      more: 'log: { level: loud }',
      want: [
        'c.yaml:5:36: plugins[0].options.file: only x will do',
        expect.stringContaining('c.yaml:6:12: plugins[1].use: the plugin needy needs the service "moon"'),
        'c.yaml:7:24: plugins[2].mode: "enforce" or "shadow" is expected; did you mean "shadow"?',
        expect.stringContaining('c.yaml:10:15: log.level: '),
      ],
    },
  ])('$what', async ({ want, ...parts }) => {
    expect(await complaints(parts)).toEqual(want);
  });
});

describe('routes and transports', () => {
  const twoTransports = ['use: policy', 'use: here, as: boxes', 'use: there, as: internet'];
  test.each<{ what: string } & Parts & { want: readonly unknown[] }>([
    {
      what: 'a transport that nobody is',
      plugins: twoTransports,
      routes: ['deliver: intrenet, hosts: [a.test]', 'deliver: moon'],
      want: [
        'c.yaml:9:16: routes[0].deliver: no plugin is named "intrenet"; did you mean "internet"?',
        'c.yaml:10:16: routes[1].deliver: no plugin is named "moon"; there are: boxes, internet',
      ],
    },
    {
      what: 'a plugin that does not deliver',
      routes: ['deliver: policy'],
      want: ['c.yaml:8:16: routes[0].deliver: "policy" does not deliver: it does not answer that hook'],
    },
    {
      what: 'transports that an option names, past the routes',
      plugins: ['use: leader', 'use: here', 'use: there'],
      want: [
        'c.yaml:5:5: plugins[0].options.to: "there" delivers to hosts, and here none are known: name a plugin that delivers on this machine',
        'c.yaml:5:5: plugins[0].options.to: no plugin is named "moon"; there are: here, there',
      ],
    },
    {
      what: 'a transport that only an option names',
      plugins: ['use: policy', 'use: here, as: boxes', 'use: here', 'use: good-leader'],
      want: [],
    },
    {
      what: 'a transport in shadow mode',
      plugins: ['use: policy', 'use: here, mode: shadow'],
      want: ['c.yaml:8:16: routes[0].deliver: "here" is in shadow mode, so it delivers nothing'],
    },
    {
      what: 'hosts for a transport that delivers here',
      routes: ['deliver: here, hosts: [a.test]'],
      want: ['c.yaml:8:22: routes[0].hosts: "here" delivers on this machine: leave the hosts out'],
    },
    {
      what: 'no hosts for a transport that needs them',
      plugins: ['use: policy', 'use: there'],
      routes: ['deliver: there'],
      want: [
        'c.yaml:8:16: routes[0].deliver: "there" delivers to hosts: name them here, or add a plugin that finds them, such as mx-routing',
      ],
    },
    {
      what: 'hosts in the route',
      plugins: ['use: policy', 'use: there'],
      routes: ['deliver: there, hosts: [a.test]'],
      want: [],
    },
    {
      what: 'hosts by a plugin',
      plugins: ['use: policy', 'use: router', 'use: there'],
      routes: ['deliver: there'],
      want: [],
    },
    {
      what: 'hosts by a plugin in shadow mode',
      plugins: ['use: policy', 'use: router, mode: shadow', 'use: there'],
      routes: ['deliver: there'],
      want: [expect.stringContaining('"there" delivers to hosts')],
    },
    {
      what: 'no routes',
      plugins: ['use: policy'],
      routes: null,
      want: [
        'c.yaml:1:1: routes: there are no routes, so no mail could be delivered: add one, such as { deliver: mailboxes }',
      ],
    },
    {
      what: 'no routes, but a plugin that finds them',
      plugins: ['use: policy', 'use: router', 'use: here'],
      routes: null,
      want: [],
    },
    {
      what: 'routes that let mail through',
      routes: ['when: { recipient: "@example.test" }, deliver: here'],
      want: [
        'c.yaml:7:1: warning: routes: no route matches mail to <someone@elsewhere.example>: such mail waits until it bounces; end the list with a route without when',
      ],
    },
    {
      what: 'a route below one for all mail',
      routes: ['deliver: here', 'when: { recipient: "@example.test" }, deliver: here'],
      want: ['c.yaml:9:5: warning: routes[1]: never asked: the route above it matches all mail'],
    },
  ])('$what', async ({ want, ...parts }) => {
    expect(await complaints(parts)).toEqual(want);
  });
});

describe('somebody has to answer', () => {
  test.each<{ what: string } & Parts & { want: readonly unknown[] }>([
    {
      what: 'nobody accepts recipients',
      plugins: ['use: here'],
      want: [
        'c.yaml:4:1: plugins: no plugin accepts recipients, so all mail would be refused: add one, such as relay-policy',
      ],
    },
    {
      what: 'only a plugin in shadow mode accepts recipients',
      plugins: ['use: policy, mode: shadow', 'use: here'],
      want: [expect.stringContaining('no plugin accepts recipients')],
    },
    {
      what: 'nobody knows users',
      listener: ', auth: optional, allowPlaintextAuth: true',
      want: [
        'c.yaml:3:38: listeners[0].auth: no plugin knows any user, so nobody could authenticate: add one, such as users',
      ],
    },
    {
      what: 'somebody knows users',
      listener: ', auth: optional, allowPlaintextAuth: true',
      plugins: ['use: policy', 'use: login', 'use: here'],
      want: [],
    },
    {
      what: 'nobody stores what a proof is checked against',
      listener: ', auth: optional, mechanisms: [CRAM-MD5, SCRAM-SHA-256]',
      plugins: ['use: policy', 'use: login', 'use: here'],
      want: [
        'c.yaml:3:60: listeners[0].mechanisms: no plugin stores anything to check CRAM-MD5 and SCRAM-SHA-256 against: add one that answers secret, such as users',
      ],
    },
    {
      what: 'nobody judges tokens, but somebody stores keys',
      listener: ', auth: optional, allowPlaintextAuth: true, mechanisms: [SCRAM-SHA-256, XOAUTH2]',
      plugins: ['use: policy', 'use: keeper', 'use: here'],
      want: [expect.stringContaining('listeners[0].auth: no plugin knows any user')],
    },
    {
      what: 'somebody stores keys, and nothing else is offered',
      listener: ', auth: optional, mechanisms: [SCRAM-SHA-256]',
      plugins: ['use: policy', 'use: keeper', 'use: here'],
      want: [],
    },
  ])('$what', async ({ want, ...parts }) => {
    expect(await complaints(parts)).toEqual(want);
  });

  test('what may be in a plugin that could not be mounted is not said to be missing', async () => {
    expect(await complaints({ plugins: ['use: needy'], routes: ['deliver: needy'] })).toEqual([
      expect.stringContaining('needs the service "moon"'),
    ]);
  });
});

describe('facts in conditions', () => {
  const readers = (when: string, ...above: readonly string[]) => ({
    plugins: ['use: policy', 'use: here', ...above, `use: reader, when: { facts: ${when} }`],
  });
  test.each<{ what: string } & Parts & { want: readonly unknown[] }>([
    { what: 'one that is written above', ...readers('{ colour: [red, green] }', 'use: painter'), want: [] },
    { what: 'one that may say anything', ...readers('{ score: 5 }', 'use: painter'), want: [] },
    {
      what: 'one that nobody writes',
      ...readers('{ color: red }', 'use: painter'),
      want: ['c.yaml:8:37: plugins[3].when.facts.color: no plugin writes the fact "color"; did you mean "colour"?'],
    },
    {
      what: 'one that never says that',
      ...readers('{ colour: [red, gren] }', 'use: painter'),
      want: [
        'c.yaml:8:51: plugins[3].when.facts.colour[1]: the fact "colour" is never "gren": it is "red" or "green"; did you mean "green"?',
      ],
    },
    {
      what: 'one whose writer is in shadow mode',
      ...readers('{ colour: red }', 'use: painter, mode: shadow'),
      want: [
        'c.yaml:8:37: plugins[3].when.facts.colour: the fact "colour" is written by "painter" alone, which is in shadow mode',
      ],
    },
    {
      what: 'one whose writer stands below',
      plugins: ['use: policy', 'use: here', 'use: reader, when: { facts: { colour: red } }', 'use: painter'],
      want: [
        'c.yaml:7:37: plugins[2].when.facts.colour: the fact "colour" is written by "painter", which stands below: move it up',
      ],
    },
    {
      what: 'one whose writer stands below, but is asked at an earlier hook',
      plugins: ['use: policy', 'use: here', 'use: reader, when: { facts: { colour: red } }', 'use: early-painter'],
      want: [],
    },
    {
      what: 'one in a route',
      plugins: ['use: policy', 'use: here', 'use: painter'],
      routes: ['when: { facts: { colour: blue } }, deliver: here', 'deliver: here'],
      want: ['c.yaml:9:32: routes[0].when.facts.colour: the fact "colour" is never "blue": it is "red" or "green"'],
    },
  ])('$what', async ({ want, ...parts }) => {
    expect(await complaints(parts)).toEqual(want);
  });
});

describe('plugins that never run', () => {
  const also = (plugin: string) => ({ plugins: ['use: policy', 'use: here', plugin] });
  test.each<{ what: string } & Parts & { want: readonly unknown[] }>([
    { what: 'one that answers nothing', ...also('use: nothing'), want: ['never asked: it answers no hook'] },
    {
      what: 'one that looks at the recipient before there is one',
      ...also('use: early, when: { recipient: "@example.test" }'),
      want: ['never asked: its when can never hold at connect: the recipient is not known there'],
    },
    {
      what: 'one that looks at header and size, and at the listener, before there is content',
      ...also('use: early, when: { header: { A: present }, not: { size: { over: 1 MiB } }, listener: inbound }'),
      want: ['never asked: its when can never hold at connect: the header and the size are not known there'],
    },
    {
      what: 'one that may hold by another way',
      ...also('use: early, when: { any: [{ recipient: "*" }, { tls: false }] }'),
      want: [],
    },
    {
      what: 'one that is asked at another hook',
      ...also('use: early-and-late, when: { header: { A: present } }'),
      want: [],
    },
    { what: 'a transport that no route names', ...also('use: there'), want: ['never asked: no route names it'] },
    {
      what: 'a transport that a plugin may name',
      plugins: ['use: policy', 'use: here', 'use: there', 'use: router'],
      want: [],
    },
    { what: 'users without AUTH', ...also('use: login'), want: ['never asked: no listener has auth'] },
    { what: 'stored keys without AUTH', ...also('use: keeper'), want: ['never asked: no listener has auth'] },
    {
      what: 'stored keys where passwords are said',
      listener: ', auth: optional, allowPlaintextAuth: true',
      plugins: ['use: policy', 'use: here', 'use: login', 'use: keeper'],
      want: ['never asked: no listener offers CRAM-MD5 or SCRAM-SHA-256'],
    },
    {
      what: 'users where no password is said',
      listener: ', auth: optional, mechanisms: [SCRAM-SHA-256]',
      plugins: ['use: policy', 'use: here', 'use: login', 'use: keeper'],
      want: ['never asked: no listener offers anything but CRAM-MD5 or SCRAM-SHA-256'],
    },
    { what: 'middleware', ...also('use: wrapper'), want: [] },
    {
      what: 'middleware in shadow mode',
      ...also('use: wrapper, mode: shadow'),
      want: ['never asked: its middleware is left out in shadow mode'],
    },
    { what: 'an observer', ...also('use: watcher'), want: [] },
    { what: 'a plugin with work of its own', ...also('use: server'), want: [] },
    {
      what: 'a condition on a transport',
      plugins: ['use: policy', 'use: here, when: { tls: true }'],
      want: ['its when means nothing: the routes say when a transport is used'],
    },
  ])('$what: a warning with the reason', async ({ want, ...parts }) => {
    const found = await complaints(parts);
    expect(found.map(one => one.replace(/^c\.yaml:\d+:12: warning: plugins\[\d\]\.use: /, ''))).toEqual(want);
  });
});

test('leak: a secret shows in no complaint, error, or inspected configuration', async () => {
  const text = yaml({ plugins: ['use: picky, options: { file: !secret s, password: !secret s }', 'use: here'] });
  const { result } = await compiled(text, { s: 'hunter2' });
  if (result.kind !== 'refused') throw new Error('compiled');
  expect(complaintsOf(result)).toMatchObject([
    { message: 'a secret cannot stand here: text is expected, which may be shown in logs', line: 5, column: 44 },
  ]);
  expect(inspect(result, { depth: 20 })).not.toContain('hunter2');

  const sound = yaml({
    plugins: ['use: policy', 'use: picky, options: { file: x, password: !secret s }', 'use: here'],
  });
  const { result: compiledResult } = await compiled(sound, { s: 'hunter2' });
  expect(compiledResult.kind).toBe('compiled');
  expect(inspect(compiledResult, { depth: 20 })).not.toContain('hunter2');
  expect(JSON.stringify(compiledResult, (key, value: unknown) => (key === 'schema' ? null : value))).not.toContain(
    'hunter2',
  );
});

test('the error that ends a boot holds every complaint, and the code and position of the first', async () => {
  const { folder, result } = await compiled(yaml({ plugins: ['use: needy', 'use: clumsy'] }));
  if (result.kind !== 'refused') throw new Error('compiled');
  const error = bootError(result.complaints);
  expect(error).toMatchObject({
    name: 'MailframeError',
    code: 'MF_SERVICE_MISSING',
    position: { file: join(folder, 'c.yaml'), line: 5, column: 12 },
    page: 'docs/errors.md#mf_service_missing',
  });
  expect(error.message.split('\n')).toHaveLength(3);
});
