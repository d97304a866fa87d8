/** Plugins beside the configuration are loaded anew where they have changed, and only there. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';

interface Loaded {
  readonly exports: Readonly<Record<string, unknown>>;
  /** The files of the module. */
  readonly files: readonly string[];
}

let loader: ChildProcess;
let orders = 0;
beforeAll(() => {
  loader = fork(fileURLToPath(new URL('./module-loader.ts', import.meta.url)), { execArgv: [] });
  loader.setMaxListeners(0);
});
afterAll(() => void loader.kill());

/** Loads a module as a reload does. */
function loadIn(folder: string, name: string): Promise<Loaded> {
  const id = (orders += 1);
  return new Promise((resolve, reject) => {
    loader.once('exit', () => reject(new Error('the loader has ended')));
    loader.on('message', (said: Loaded & { readonly id: number; readonly error?: string }) => {
      if (said.id !== id) return;
      if (said.error === undefined) resolve(said);
      else reject(new Error(said.error));
    });
    loader.send({ id, file: join(folder, name) });
  });
}

async function folderWith(files: Readonly<Record<string, string>>) {
  const folder = await tempFolder();
  const write = async (name: string, text: string) => {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text);
  };
  await write('package.json', '{ "type": "module" }');
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return {
    folder,
    write,
    load: async (name: string) => (await loadIn(folder, name)).exports,
    filesOf: async (name: string) => (await loadIn(folder, name)).files,
  };
}

test('a file that has not changed is the same module', async () => {
  const { load } = await folderWith({ 'a.ts': 'export const it: object = {};' });
  expect((await load('a.ts')).it).toBe((await load('a.ts')).it);
});

test('a file that has changed is loaded anew, every time', async () => {
  const { load, write } = await folderWith({ 'a.ts': 'export const it = 1 as number;' });
  expect((await load('a.ts')).it).toBe(1);
  await write('a.ts', 'export const it = 2 as number;');
  expect((await load('a.ts')).it).toBe(2);
  await write('a.ts', 'export const it = 3 as number;');
  expect((await load('a.ts')).it).toBe(3);
});

test('so is one whose imports have changed, however far away', async () => {
  const { load, write, folder, filesOf } = await folderWith({
    'a.ts': "export { it } from './b.ts';",
    'b.ts': "export { it } from './deep/c.ts';",
    'deep/c.ts': 'export const it = 1;',
  });
  expect((await load('a.ts')).it).toBe(1);
  expect([...(await filesOf('a.ts'))].sort()).toEqual(['a.ts', 'b.ts', 'deep/c.ts'].map(one => join(folder, one)));
  await write('deep/c.ts', 'export const it = 2;');
  expect((await load('a.ts')).it).toBe(2);
});

test('what has not changed is shared still, with the state that it keeps', async () => {
  const { load, write } = await folderWith({
    'a.ts': "export { state } from './shared.ts'; export const version = 1;",
    'b.ts': "export { state } from './shared.ts';",
    'shared.ts': 'export const state = { count: 0 };',
  });
  const [a, b] = [await load('a.ts'), await load('b.ts')];
  await write('a.ts', "export { state } from './shared.ts'; export const version = 2;");
  const again = await load('a.ts');
  expect(again.version).toBe(2);
  expect(again.state).toBe(a.state);
  expect(again.state).toBe(b.state);
});

test('one that could not be loaded is tried again, also where what was missing has come without a change of its own', async () => {
  const { load, write } = await folderWith({ 'a.ts': "export { it } from './missing.ts';" });
  await expect(load('a.ts')).rejects.toThrow('missing.ts');
  await write('missing.ts', 'export const it = 1;');
  expect((await load('a.ts')).it).toBe(1);
});

test('one that threw while it was loaded is run again', async () => {
  const { load, folder } = await folderWith({
    'a.ts': "import './b.ts'; export const it = 1;",
    'b.ts': "import { readFileSync } from 'node:fs'; readFileSync(new URL('./wanted', import.meta.url));",
  });
  await expect(load('a.ts')).rejects.toThrow('ENOENT');
  await writeFile(join(folder, 'wanted'), '');
  expect((await load('a.ts')).it).toBe(1);
});

test('a mistake in new source is told, and the next version is loaded', async () => {
  const { load, write } = await folderWith({ 'a.ts': 'export const it = 1;' });
  await load('a.ts');
  await write('a.ts', 'export const it = ;');
  await expect(load('a.ts')).rejects.toThrow();
  await write('a.ts', 'export const it = 1;');
  expect((await load('a.ts')).it).toBe(1);
});

test('packages are loaded once', async () => {
  const { load, write, folder, filesOf } = await folderWith({
    'a.ts': "export { it } from 'pack';",
    'node_modules/pack/package.json': '{ "name": "pack", "type": "module", "exports": "./index.js" }',
    'node_modules/pack/index.js': 'export const it = 1;',
  });
  expect((await load('a.ts')).it).toBe(1);
  await write('node_modules/pack/index.js', 'export const it = 2;');
  await write('a.ts', "export { it } from 'pack'; export const more = 1;");
  expect(await load('a.ts')).toMatchObject({ it: 1, more: 1 });
  expect(await filesOf('a.ts')).toEqual([join(folder, 'a.ts')]);
});

test('a file that is gone is missed', async () => {
  const { load, folder } = await folderWith({ 'a.ts': 'export const it = 1;' });
  await load('a.ts');
  await rm(join(folder, 'a.ts'));
  await expect(load('a.ts')).rejects.toThrow();
});
