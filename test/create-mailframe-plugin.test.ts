/** `npm create mailframe-plugin`: what it takes, what it refuses, and that it leaves alone what is there. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { EDITOR_SETTINGS } from '../core/config/for-editors.ts';
import { builtInPlugins } from '../core/wiring/locate.ts';
import { answersFrom } from '../create-mailframe-plugin/answers.js';
import { BUILT_IN, parseName } from '../create-mailframe-plugin/name.js';
import { tempFolder } from './support/temp-folder.ts';

const folder = fileURLToPath(new URL('../create-mailframe-plugin/', import.meta.url));

/** Runs it with nobody at the terminal. */
function create(cwd: string, ...args: readonly string[]): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise(resolve => {
    execFile(process.execPath, [join(folder, 'create.js'), ...args], { cwd }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: stdout + stderr });
    });
  });
}

describe('a name', () => {
  test.each([
    { written: 'greylist', use: 'greylist', package: 'mailframe-plugin-greylist' },
    { written: 'mailframe-plugin-greylist', use: 'greylist', package: 'mailframe-plugin-greylist' },
    { written: '@me/greylist', use: '@me/greylist', package: '@me/mailframe-plugin-greylist' },
    { written: '@me/mailframe-plugin-x.y', use: '@me/x.y', package: '@me/mailframe-plugin-x.y' },
    { written: '@me/users', use: '@me/users', package: '@me/mailframe-plugin-users' },
  ])('$written', ({ written, ...want }) => {
    expect(parseName(written)).toMatchObject(want);
  });

  test.each([
    { written: '', want: /^a name is expected/ },
    { written: 'mailframe-plugin-', want: /^a name is expected/ },
    { written: 'Greylist', want: /can be no name/ },
    { written: 'grey list', want: /can be no name/ },
    { written: '../greylist', want: /can be no name/ },
    { written: '.greylist', want: /can be no name/ },
    { written: '@/greylist', want: /can be no name/ },
    { written: '@me/x/y', want: /can be no name/ },
    { written: 'x"; rm', want: /can be no name/ },
    { written: 'x'.repeat(200), want: /longer than the 214/ },
    { written: 'relay-policy', want: /comes with mailframe/ },
  ])('$written is none', ({ written, want }) => {
    expect(parseName(written)).toMatch(want);
  });

  test('of a plugin that comes with mailframe is known', () => {
    expect(BUILT_IN).toEqual(builtInPlugins());
  });
});

test('what is asked for is made, and help for who asks for that', async () => {
  const here = await tempFolder();
  expect(await answersFrom(['x', '--kind', 'content', '--folder', here], process)).toMatchObject({
    name: { use: 'x' },
    kind: 'content',
    folder: here,
  });
  expect(await answersFrom(['--help'], process)).toBeNull();
  await expect(answersFrom(['x', '--kind', 'rcpt'], process)).rejects.toThrow('there are: recipient, content');
  await expect(answersFrom(['x', 'y'], process)).rejects.toThrow('one name is expected');
});

test('a folder that is not empty stays as it is', async () => {
  const here = await tempFolder();
  await mkdir(join(here, 'mailframe-plugin-x'));
  await writeFile(join(here, 'mailframe-plugin-x/mine'), 'of mine');
  const { code, said } = await create(here, 'x', '--yes');
  expect({ code, said }).toEqual({
    code: 1,
    said: expect.stringContaining('is not empty, and nothing in it is touched'),
  });
  expect(await readdir(join(here, 'mailframe-plugin-x'))).toEqual(['mine']);
});

test('a name that is missing is said to be, where nobody can be asked', async () => {
  expect(await create(await tempFolder())).toEqual({ code: 1, said: expect.stringContaining('a name is expected') });
});

test('what it writes asks for the versions that this project is tested with', async () => {
  interface Manifest {
    readonly version: string;
    readonly devDependencies: Readonly<Record<string, string>>;
    readonly peerDependencies: Readonly<Record<string, string>>;
  }
  const read = async (path: string) => JSON.parse(await readFile(join(folder, path), 'utf8')) as Manifest;
  const [ours, creator, written] = [
    await read('../package.json'),
    await read('package.json'),
    await read('template/all/package.json'),
  ];
  const major = (name: string) => `^${ours.devDependencies[name]?.split('.')[0]}.0.0`;
  expect(creator.version).toBe(ours.version);
  expect(written.peerDependencies).toEqual({ mailframe: `^${ours.version}` });
  expect(written.devDependencies).toEqual({
    mailframe: `^${ours.version}`,
    '@types/node': major('@types/node'),
    typescript: major('typescript'),
    vitest: major('vitest'),
  });
});

test('the settings for an editor that it writes are those that its schema needs', async () => {
  const text = await readFile(join(folder, 'template/all/.vscode/settings.json'), 'utf8');
  const settings = Object.entries(EDITOR_SETTINGS).map(([name, value]) => [`yaml.${name}`, value]);
  expect(JSON.parse(text)).toEqual(Object.fromEntries(settings));
});
