/** `mailframe check`, `plan` and `schema`: what they print, and what they leave alone. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { checked } from '../../../core/cli/check.ts';
import { planned } from '../../../core/cli/plan.ts';
import { schemaFor } from '../../../core/cli/schema.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));

const SOUND = `\
hostname: mx.example.test
listeners:
  - { id: inbound, port: 2525 }
plugins:
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: ./filters/mine.ts, mode: shadow, when: { listener: inbound }, options: { colour: red } }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./var/mail } }
routes:
  - { deliver: mailboxes }
`;

/** A plugin whose `create` does something first. */
const mine = (act = '') => `\
import { definePlugin, FILES, LOG, NETWORK, secret, z } from 'mailframe';
export default definePlugin({
  name: 'mine',
  summary: 'Paints mail.',
  options: z.strictObject({ colour: z.enum(['red', 'green']), password: secret().optional() }),
  needs: { files: FILES, network: NETWORK, log: LOG },
  async create({ files, network, log }) {
    ${act}
    return { data: () => undefined };
  },
});
`;

/** A folder with a configuration and what it needs. */
async function gateway(text = SOUND, files: Readonly<Record<string, string>> = {}) {
  const folder = await tempFolder();
  const all = { 'filters/mine.ts': mine(), ...files, 'mailframe.config.yaml': text };
  for (const [name, content] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content, { mode: 0o600 });
  }
  const file = join(folder, 'mailframe.config.yaml');
  const check = async () => (await checked(file)).text.replaceAll(`${folder}/`, '');
  return { folder, file, check };
}

/** Runs the command itself. */
function mailframe(folder: string, ...args: readonly string[]) {
  return new Promise<{ code: number; out: string; err: string }>(resolve => {
    execFile(process.execPath, [COMMAND, ...args], { cwd: folder }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

describe('check', () => {
  test('says that there is nothing to complain about', async () => {
    const { file, check } = await gateway();
    expect(await check()).toBe('mailframe.config.yaml: nothing to complain about\n');
    expect((await checked(file)).ok).toBe(true);
  });

  test('prints every complaint as file:line:column: message', async () => {
    const { check } = await gateway(
      SOUND.replace('inbound,', 'inbuond,').replace('red', 'rde').replace('deliver: mailboxes', 'deliver: mailbox'),
    );
    expect(await check()).toBe(`\
mailframe.config.yaml:6:63: plugins[1].when.listener: there is no listener "inbound"; did you mean "inbuond"?
mailframe.config.yaml:6:93: plugins[1].options.colour: "red" or "green" is expected; did you mean "red"?
mailframe.config.yaml:9:16: routes[0].deliver: no plugin is named "mailbox"; did you mean "mailboxes"?

3 errors; more in docs/errors.md#mf_config_reference, docs/errors.md#mf_config_option, docs/errors.md#mf_transport_unknown
`);
  });

  test('tells of a warning, with which a gateway starts all the same', async () => {
    const { file, check } = await gateway(
      SOUND.replace('{ deliver: mailboxes }', '{ when: { sender: "<>" }, deliver: mailboxes }'),
    );
    expect((await check()).split('\n')).toEqual([
      expect.stringContaining('mailframe.config.yaml:5:52: warning: plugins[0].options.localDomains[0]: '),
      expect.stringContaining('mailframe.config.yaml:8:1: warning: routes: '),
      '',
      '2 warnings; more in docs/errors.md#mf_route_missing',
      'mailframe.config.yaml: can run as it is',
      '',
    ]);
    expect((await checked(file)).ok).toBe(true);
  });

  test('as JSON, for programs', async () => {
    const { file } = await gateway('hostname: 5\n');
    const { ok, text } = await checked(file, { json: true });
    const printed = JSON.parse(text) as { ok: boolean; complaints: readonly unknown[] };
    expect([ok, printed.ok]).toEqual([false, false]);
    expect(printed.complaints).toContainEqual({
      severity: 'error',
      code: 'MF_CONFIG_OPTION',
      path: ['hostname'],
      message: 'a domain name is expected, such as "example.test"',
      file,
      line: 1,
      column: 11,
      page: 'docs/errors.md#mf_config_option',
    });
  });

  test.each([
    {
      act: "await network.connect({ address: '127.0.0.1', port: 1, timeout: 1 }, AbortSignal.timeout(1));",
      want: 'ENETDOWN: connect to 127.0.0.1:1 while only looking (filters/mine.ts:8:',
    },
    {
      act: "await files.open('./mark', 'create');",
      want: 'EROFS: write ./mark while only looking (filters/mine.ts:8:',
    },
    {
      act: "await files.makeDirectory('./mark');",
      want: 'EROFS: write ./mark while only looking (filters/mine.ts:8:',
    },
  ])('a plugin that acts while it is only looked at cannot: $act', async ({ act, want }) => {
    const { folder, check } = await gateway(SOUND, { 'filters/mine.ts': mine(act) });
    expect(await check()).toContain(`plugins[1].use: the plugin mine cannot be created: ${want}`);
    expect(await readdir(folder)).toEqual(['filters', 'mailframe.config.yaml']);
  });

  test('a plugin may read', async () => {
    const act =
      "await files.read('./mailframe.config.yaml'); await (await files.open('./filters/mine.ts', 'read')).close();";
    const { check } = await gateway(SOUND, { 'filters/mine.ts': mine(act) });
    expect(await check()).toBe('mailframe.config.yaml: nothing to complain about\n');
  });
});

describe('plan', () => {
  test('shows the hooks, the routes, and what never runs', async () => {
    const { file } = await gateway(SOUND.replace('routes:', '  - { use: smtp-relay }\nroutes:'));
    expect(await planned(file, false)).toBe(`\
rcpt: all are asked; a refusal ends it
  1. relay-policy: within 30 s, else defer

data: each is given what the one before made of it
  1. mine: in shadow mode; when listener is inbound; within 30 s, else defer

deliver: the one that the route names
  - mailboxes: within 10 min, else defer

routes: the first that matches decides
  1. all mail: mailboxes

never runs
  - smtp-relay at deliver: no route names it
`);
  });

  test('as JSON, for programs', async () => {
    const { file } = await gateway();
    expect(JSON.parse(await planned(file, true))).toMatchObject({
      hooks: [{ hook: 'rcpt' }, { hook: 'data' }, { hook: 'deliver' }],
      silent: [],
    });
  });

  test('there is none of a configuration that cannot run: its complaints are the answer', async () => {
    const { file } = await gateway('hostname: 5\n');
    await expect(planned(file, false)).rejects.toMatchObject({
      code: 'MF_CONFIG_OPTION',
      message: expect.stringContaining(`${file}:1:11: hostname: a domain name is expected`),
    });
  });
});

describe('schema', () => {
  test('holds the options of built-in plugins and of those in files', async () => {
    const { file } = await gateway();
    const schema = JSON.parse(await schemaFor(file)) as { definitions: Record<string, unknown> };
    expect(Object.keys(schema.definitions)).toEqual(
      expect.arrayContaining(['condition', 'options-of-relay-policy', 'options-of-.-filters-mine.ts']),
    );
    expect(schema.definitions['options-of-.-filters-mine.ts']).toMatchObject({
      description: 'Paints mail.',
      properties: { colour: { anyOf: expect.arrayContaining([expect.objectContaining({ enum: ['red', 'green'] })]) } },
    });
  });

  test('is there for editors while the configuration is being written', async () => {
    const { file } = await gateway('plugins:\n  - { use: nope }\n  - use:\nhost: [');
    expect(JSON.parse(await schemaFor(file))).toHaveProperty(['definitions', 'options-of-relay-policy']);
    expect(JSON.parse(await schemaFor(join(file, 'nowhere.yaml')))).toHaveProperty('properties.plugins');
  });
});

test('leak: no verb shows a secret', async () => {
  const text = SOUND.replace('colour: red', 'colour: red, password: !secret ./s');
  const { file } = await gateway(text, { s: 'hunter2' });
  const printed = [
    (await checked(file)).text,
    (await checked(file, { json: true })).text,
    await planned(file, false),
    await planned(file, true),
    await schemaFor(file),
  ];
  expect(printed.filter(one => one.includes('hunter2'))).toEqual([]);
});

test('the command itself: exit code 0 or 1, complaints on standard output, nothing changed', async () => {
  const { folder } = await gateway();
  const sound = await mailframe(folder, 'check');
  expect(sound).toEqual({ code: 0, out: 'mailframe.config.yaml: nothing to complain about\n', err: '' });
  const broken = await mailframe(folder, 'check', 'nowhere.yaml');
  expect(broken).toMatchObject({ code: 1, err: '' });
  expect(broken.out).toContain('nowhere.yaml:1:1: there is no file nowhere.yaml\n');
  const written = await mailframe(folder, 'schema', '--output', 'mailframe.schema.json');
  expect(written).toEqual({ code: 0, out: '', err: '' });
  expect(JSON.parse(await readFile(join(folder, 'mailframe.schema.json'), 'utf8'))).toHaveProperty('definitions');
  expect(await readdir(folder)).toEqual(['filters', 'mailframe.config.yaml', 'mailframe.schema.json']);
});
