/** How `use:` finds a plugin: a file beside the configuration, a built-in, a package; and what it says where it cannot. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { builtInPlugins, locate } from '../../../core/wiring/locate.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const PLUGIN = `import { definePlugin } from 'mailframe';
export default definePlugin({ name: 'mine', create: () => ({}) });
`;

/** Writes files beside a configuration that need not exist, and looks for a plugin from there. */
async function find(use: string, files: Readonly<Record<string, string>> = {}) {
  const folder = await tempFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const located = await locate(use, join(folder, 'c.yaml'), join(folder, 'built-in'));
  return { folder, located };
}

async function complaint(use: string, files?: Readonly<Record<string, string>>) {
  const { folder, located } = await find(use, files);
  return located.kind === 'refused' ? `${located.code} ${located.message.replaceAll(`${folder}/`, '')}` : 'found';
}

describe('a plugin is found', () => {
  const packaged = (exports: unknown) => JSON.stringify({ name: 'x', type: 'module', exports });

  test.each([
    { as: 'a file', use: './filters/mine.ts', files: { 'filters/mine.ts': PLUGIN } },
    { as: 'a JavaScript module', use: './mine.mjs', files: { 'mine.mjs': PLUGIN } },
    {
      as: 'a CommonJS module',
      use: './mine.cjs',
      files: {
        'mine.cjs': PLUGIN.replace(/import (.*) from '(.*)'/, "const $1 = require('$2')").replace(
          'export default',
          'module.exports =',
        ),
      },
    },
    {
      as: 'a module that a compiler made CommonJS of',
      use: './mine.cjs',
      files: {
        'mine.cjs': PLUGIN.replace(/import (.*) from '(.*)'/, "const $1 = require('$2')").replace(
          'export default',
          'exports.default =',
        ),
      },
    },
    { as: 'a built-in', use: 'mine', files: { 'built-in/mine/index.ts': PLUGIN } },
    {
      as: 'a package by its short name',
      use: 'mine',
      files: {
        'node_modules/mailframe-plugin-mine/package.json': packaged('./index.js'),
        'node_modules/mailframe-plugin-mine/index.js': PLUGIN,
      },
    },
    {
      as: 'a package by its whole name',
      use: 'mailframe-plugin-mine',
      files: {
        'node_modules/mailframe-plugin-mine/package.json': packaged({ '.': { default: './index.js' } }),
        'node_modules/mailframe-plugin-mine/index.js': PLUGIN,
      },
    },
    {
      as: 'a package in a scope',
      use: '@me/mine',
      files: {
        'node_modules/@me/mailframe-plugin-mine/package.json': packaged('./index.js'),
        'node_modules/@me/mailframe-plugin-mine/index.js': PLUGIN,
      },
    },
    {
      as: 'a package of any other name',
      use: 'mine',
      files: { 'node_modules/mine/package.json': packaged('./index.js'), 'node_modules/mine/index.js': PLUGIN },
    },
  ])('as $as', async ({ use, files }) => {
    const { located } = await find(use, files);
    expect(located).toMatchObject({ kind: 'found', plugin: { name: 'mine', apiVersion: 1 } });
  });

  test('a built-in goes before a package of the same name', async () => {
    const { folder, located } = await find('mine', {
      'built-in/mine/index.ts': PLUGIN,
      'node_modules/mine/package.json': '{ "main": "index.js" }',
      'node_modules/mine/index.js': 'throw new Error("not this one")',
    });
    expect(located).toMatchObject({ kind: 'found', file: join(folder, 'built-in/mine/index.ts') });
  });
});

test('the built-ins are the folders that hold a plugin', async () => {
  const { folder } = await find('x', {
    'built-in/b/index.ts': '',
    'built-in/a/index.ts': '',
    'built-in/c/notes.md': '',
  });
  expect(builtInPlugins(join(folder, 'built-in'))).toEqual(['a', 'b']);
  expect(builtInPlugins(join(folder, 'nowhere'))).toEqual([]);
  expect(builtInPlugins()).toContain('relay-policy');
});

describe('a plugin is not found', () => {
  const near = { 'filters/mine.ts': PLUGIN, 'built-in/relay-policy/index.ts': PLUGIN, 'built-in/notes.md': '' };
  test.each([
    { use: './filters/mien.ts', want: 'MF_PLUGIN_NOT_FOUND there is no file filters/mien.ts; did you mean "mine.ts"?' },
    { use: './nowhere/mine.ts', want: 'MF_PLUGIN_NOT_FOUND there is no file nowhere/mine.ts' },
    {
      use: 'relay-polcy',
      want: 'MF_PLUGIN_NOT_FOUND no plugin of this name is built in, and npm package mailframe-plugin-relay-polcy or relay-polcy is not installed here; did you mean "relay-policy"?',
    },
    {
      use: 'filters/mine.ts',
      want: 'MF_PLUGIN_NOT_FOUND for a file beside the configuration, write ./filters/mine.ts',
    },
    {
      use: 'fs',
      want: 'MF_PLUGIN_NOT_FOUND no plugin of this name is built in, and npm package mailframe-plugin-fs is not installed here',
    },
    {
      use: '../built-in/relay-policy',
      want: expect.stringMatching(/^MF_PLUGIN_NOT_FOUND there is no file /),
    },
  ])('$use', async ({ use, want }) => {
    expect(await complaint(use, near)).toEqual(want);
  });

  test('a package that only import can load says what its package.json needs', async () => {
    const files = {
      'node_modules/mailframe-plugin-mine/package.json': '{ "exports": { "import": "./index.js" } }',
      'node_modules/mailframe-plugin-mine/index.js': PLUGIN,
    };
    expect(await complaint('mine', files)).toBe(
      'MF_PLUGIN_LOAD the package mailframe-plugin-mine cannot be loaded by its name: its package.json needs "exports": "./index.js", or a "default" condition',
    );
  });
});

test('a package whose package.json is broken is not said to be missing', async () => {
  const files = { 'node_modules/mailframe-plugin-mine/package.json': '{ "exports": ' };
  expect(await complaint('mine', files)).toMatch(
    /^MF_PLUGIN_LOAD mailframe-plugin-mine cannot be loaded: .*package\.json/,
  );
});

describe('what is found is no plugin', () => {
  test.each([
    { text: 'export const a = 1;', want: 'has no default export: write "export default definePlugin({ ... })"' },
    {
      text: PLUGIN.replace('export default', 'export const mine ='),
      want: 'has no default export: write "export default mine"',
    },
    {
      text: 'export default { name: "mine" };',
      want: 'exports something else than a plugin: write "export default definePlugin({ ... })"',
    },
    {
      text: 'export default () => ({});',
      want: 'exports something else than a plugin: write "export default definePlugin({ ... })"',
    },
    {
      text: 'export default { apiVersion: 2, name: "mine" };',
      want: 'was made for version 2 of the plugin contract, and this mailframe has version 1: install versions that fit',
    },
  ])('$text', async ({ text, want }) => {
    expect(await complaint('./mine.ts', { 'mine.ts': text })).toBe(`MF_PLUGIN_API ./mine.ts ${want}`);
  });
});
