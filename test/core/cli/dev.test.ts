/** `mailframe dev` as a person runs it. The page is tested in `test/core/dev`. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));

const CONFIGURATION = `
hostname: mx.example.test
listeners: [{ id: inbound, port: 0 }]
log: { level: error }
plugins:
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes: [{ deliver: mailboxes }]
`;

async function dev(...args: readonly string[]) {
  const folder = await tempFolder();
  const temporary = await tempFolder();
  await writeFile(join(folder, 'mailframe.config.yaml'), CONFIGURATION);
  const env = { ...process.env, TMPDIR: temporary };
  const child = spawn(process.execPath, [COMMAND, 'dev', ...args], { cwd: folder, env });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  return { folder, temporary, child, said: () => said };
}

async function exitCode(child: ChildProcess): Promise<unknown> {
  return child.exitCode ?? (await once(child, 'exit'))[0];
}

test('says where its page is and what goes wrong; a change mends it; Ctrl-C ends it and leaves nothing behind', async () => {
  const { folder, temporary, child, said } = await dev('--port', '0');
  await until(() => expect(said()).toMatch(/mx\.example\.test runs\n {2}inbound +127\.0\.0\.1:\d+/));
  expect(said()).toMatch(/page {6}http:\/\/127\.0\.0\.1:\d+\/\?key=[\w-]{24}\n/);
  expect(said()).toContain('mutt -f .mailframe-dev/caught.mbox');
  expect(await readdir(temporary)).toHaveLength(1);
  const file = join(folder, 'mailframe.config.yaml');
  await writeFile(file, CONFIGURATION.replace('directory:', 'folder:'));
  await until(() => expect(said()).toContain('The gateway of before goes on. Waiting for a change.'));
  expect(said()).toMatch(/mailframe\.config\.yaml:7:\d+: plugins\[1\]\.options\.folder/);
  await writeFile(file, CONFIGURATION);
  await until(() => expect(said()).toContain('mx.example.test runs (mailframe.config.yaml has changed)'));
  child.kill('SIGINT');
  expect(await exitCode(child)).toBe(0);
  expect(await readdir(temporary)).toEqual([]);
  expect((await readdir(join(folder, '.mailframe-dev'))).sort()).toEqual(['.gitignore', 'key', 'mail']);
}, 90_000);

test('a port of the page that is taken is told, and what to do', async () => {
  const other = createServer();
  onTestFinished(() => void other.close());
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { child, said } = await dev('--port', String(port));
  expect(await exitCode(child)).toBe(1);
  expect(said()).toContain(`the page cannot be served on port ${port}`);
  expect(said()).toContain('choose another one with --port\n(MF_DEV_PAGE: see docs/errors.md#mf_dev_page)');
});
