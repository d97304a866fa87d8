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
