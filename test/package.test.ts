/** The package as npm installs it: built JavaScript, no sources, the command and both front doors. */
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { smtpClient } from '../core/testing/smtp-client.ts';
import { buildPlugins, GENERATED, generatePlugins, runTool } from './support/generated-plugins.ts';
import { folderForAll } from './support/temp-folder.ts';
import { until } from './support/until.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const folder = folderForAll();

interface Manifest {
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
}

const CONFIGURATION = `
hostname: mx.example.test
listeners: [{ id: inbound, port: 0 }]
queue: { directory: ./queue }
plugins:
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: ./shout.ts }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes: [{ deliver: mailboxes }]
`;

const PLUGIN = `
import { definePlugin, reject } from 'mailframe';
export default definePlugin({
  name: 'shout',
  create: () => ({
    rcpt({ recipient }: { recipient: { forwardPath: { localPart: string } } }) {
      if (recipient.forwardPath.localPart === 'quiet') return reject(550, '5.7.1', 'LOUDER');
    },
  }),
});
`;

/** Without colours, and knowing nothing of the runner that runs this. */
const PLAIN = { PATH: process.env.PATH, NO_COLOR: '1' };

const NATIVE_TEST = `
import { test } from 'node:test';
import { dialogue, expectTrace, testGateway } from 'mailframe/testing';
test('the gateway of this folder takes mail', async () => {
  await using gateway = await testGateway({ file: './mailframe.config.yaml' });
  await dialogue(gateway, 'S: 220 mx.example.test ...\\nC: QUIT\\nS: (221)');
  const { id } = await gateway.send({ to: 'bob@example.test' });
  await gateway.settled();
  expectTrace(await gateway.trace(id), ['rcpt relay-policy accept', 'settle mailframe delivered']);
});
`;

/** Puts the package where `npm install mailframe` would, with the files that `npm publish` would take. */
beforeAll(async () => {
  const home = folder();
  const installed = join(home, 'node_modules/mailframe');
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', join(installed, 'dist')], {
    cwd: root,
  });
  for (const file of ['package.json', ...manifest.files.filter(name => name !== 'dist')]) {
    await mkdir(dirname(join(installed, file)), { recursive: true });
    await cp(join(root, file), join(installed, file), { recursive: true });
  }
  for (const name of Object.keys(manifest.dependencies)) {
    await mkdir(join(home, 'node_modules', dirname(name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(home, 'node_modules', name));
  }
  await writeFile(join(home, 'package.json'), '{ "type": "module" }');
  await writeFile(join(home, 'mailframe.config.yaml'), CONFIGURATION);
  await writeFile(join(home, 'shout.ts'), PLUGIN);
}, 120_000);

function command(...args: readonly string[]) {
  return [join(folder(), 'node_modules/mailframe/core/cli/mailframe.js'), ...args];
}

describe('an installed package', () => {
  test('checks a configuration that uses a file of TypeScript', async () => {
    const { stdout } = await run(process.execPath, command('check'), { cwd: folder() });
    expect(stdout).toBe('mailframe.config.yaml: nothing to complain about\n');
  });

  test('runs it, and a mail lies in the mailbox', async () => {
    const gateway = spawn(process.execPath, command('start'), { cwd: folder() });
    onTestFinished(() => void gateway.kill('SIGKILL'));
    const lines: string[] = [];
    createInterface({ input: gateway.stdout }).on('line', line => lines.push(line));
    const port = () => Number(/"port":(\d+)/.exec(lines[0] ?? '')?.[1] ?? 0);
    await until(() => expect(port()).toBeGreaterThan(0));
    const client = await smtpClient(port());
    await client.say('EHLO client.test');
    await client.say('MAIL FROM:<eve@client.test>');
    expect(await client.say('RCPT TO:<quiet@example.test>')).toMatchObject({ code: 550, text: 'LOUDER' });
    await client.say('RCPT TO:<ann@example.test>');
    expect(await client.data('Subject: hello\n\nHello.\n')).toMatchObject({ code: 250 });
    await until(async () => expect(await readFile(join(folder(), 'mail/ann'), 'utf8')).toContain('\n\nHello.\n\n'));
    const over = new Promise(resolve => {
      gateway.on('exit', resolve);
    });
    gateway.kill('SIGTERM');
    expect(await over).toBe(0);
  });

  test('has the page of mailframe dev, and the process of its gateway', async () => {
    const dev = spawn(process.execPath, command('dev', '--port', '0', '--json'), { cwd: folder() });
    onTestFinished(() => void dev.kill('SIGKILL'));
    const lines: string[] = [];
    createInterface({ input: dev.stdout }).on('line', line => lines.push(line));
    await until(() => expect(lines.join('\n')).toContain('"running":"running"'));
    const { url } = JSON.parse(lines[0] ?? '') as { readonly url: string };
    const entered = await fetch(url, { redirect: 'manual' });
    const headers = { cookie: entered.headers.get('set-cookie')?.split(';')[0] ?? '' };
    const page = await (await fetch(new URL('/', url), { headers })).text();
    expect(page).toContain('src="/page/app.js"');
    expect((await fetch(new URL('/page/app.js', url), { headers })).status).toBe(200);
    const over = new Promise(resolve => {
      dev.on('exit', resolve);
    });
    dev.kill('SIGTERM');
    expect(await over).toBe(0);
  });

  test('can be imported, and so can its test kit', async () => {
    const program = `
      import { createEngine, definePlugin } from 'mailframe';
      import { harness } from 'mailframe/testing';
      const plugin = await harness(definePlugin({ name: 'x', create: () => ({ mail: () => undefined }) }));
      console.log(typeof createEngine, await plugin.mail('<>'));
    `;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], { cwd: folder() });
    expect(stdout).toBe('function undefined\n');
  });

  test('has a test kit that works as docs/testing.md says, with vitest and with node:test', async () => {
    const tests = join(folder(), 'tests');
    await mkdir(join(tests, 'node_modules'), { recursive: true });
    for (const name of ['mailframe.config.yaml', 'aliases']) await cp(join(root, name), join(tests, name));
    await symlink(join(root, 'node_modules/vitest'), join(tests, 'node_modules/vitest'));
    const blocks = [...(await readFile(join(root, 'docs/testing.md'), 'utf8')).matchAll(/^```ts\n(.*?)^```/gms)];
    for (const [index, [, code = '']] of blocks.entries()) {
      const local = /from '\.\/([\w-]+)\.ts'/.exec(code)?.[1];
      if (local !== undefined) await writeFile(join(tests, `${local}.ts`), blocks[index - 1]?.[1] ?? '');
      if (code.includes("from 'vitest'")) await writeFile(join(tests, `block-${index}.test.ts`), code);
    }
    const vitest = await run(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), 'run'], {
      cwd: tests,
      env: PLAIN,
    });
    expect(vitest.stdout).toMatch(/Test Files .*\b[6-9] passed/);
    await writeFile(join(tests, 'native.mjs'), NATIVE_TEST);
    const native = await run(process.execPath, ['--test', 'native.mjs'], { cwd: tests, env: PLAIN });
    expect(native.stdout).toMatch(/pass 1\b[^]*fail 0\b/);
  }, 120_000);
});

describe('the plugins that npm create mailframe-plugin writes', () => {
  beforeAll(() => generatePlugins(folder()), 60_000);

  test('compile as strictly as they say, and are built', async () => {
    expect(await buildPlugins(folder())).toEqual({ code: 0, said: '' });
  });

  test('pass their own tests', async () => {
    const { code, said } = await runTool(folder(), 'vitest', 'run', '--root', 'plugins');
    expect(said).toMatch(new RegExp(`Test Files +${GENERATED.length} passed`));
    expect(code).toBe(0);
  });

  test('stand in a gateway by their name, and as the example uses them', async () => {
    const examples = GENERATED.map(kind => `plugins/${kind}/example/mailframe.config.yaml`);
    const texts = await Promise.all(examples.map(file => readFile(join(folder(), file), 'utf8')));
    const built = texts.map((text, index) => {
      const name = `by-name-${index}.yaml`;
      return { name, text: text.replace('../src/index.ts', `a-${GENERATED[index]}`).replaceAll('2525', '0') };
    });
    await Promise.all(built.map(({ name, text }) => writeFile(join(folder(), name), text)));
    const files = [...examples, ...built.map(({ name }) => name)];
    const program = `
      import { createEngine } from 'mailframe';
      for (const file of ${JSON.stringify(files)}) {
        const { configuration } = await createEngine({ file });
        console.log(configuration.plugins[0].use, configuration.plugins[0].id);
      }
    `;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], { cwd: folder() });
    expect(stdout.trimEnd().split('\n')).toEqual([
      ...GENERATED.map(kind => `../src/index.ts a-${kind}`),
      ...GENERATED.map(kind => `a-${kind} a-${kind}`),
    ]);
  });
});
