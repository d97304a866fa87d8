/**
 * `mailframe` means the running copy wherever a plugin lies, and a plugin that cannot be loaded says why and where. In a
 * Node of its own, because the test runner has its own way to load modules.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { tempFolder } from '../../support/temp-folder.ts';

const core = new URL('../../../core/', import.meta.url);

/** Runs a module in a process of its own and gives what it prints. */
async function run(program: string, files: Readonly<Record<string, string>>) {
  const folder = await tempFolder();
  for (const [name, text] of Object.entries({ ...files, 'main.mjs': program })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'main.mjs')], { cwd: folder });
  return stdout.replaceAll(`${folder}/`, '').replaceAll(pathToFileURL(`${folder}/`).href, '');
}

const LOCATE = (...uses: readonly string[]) => `
  import { resolve } from 'node:path';
  import { locate } from '${new URL('wiring/locate.ts', core).href}';
  for (const use of ${JSON.stringify(uses)}) {
    const located = await locate(use, resolve('c.yaml'));
    console.log(located.kind === 'found' ? located.plugin.name : located.code + ' ' + located.message);
  }
`;

describe('the front door', () => {
  test('a plugin gets the classes of the running copy, from TypeScript and CommonJS alike', async () => {
    const program = `
      import { openFrontDoor } from '${new URL('wiring/front-door.ts', core).href}';
      import { Failure } from '${new URL('mail/failure.ts', core).href}';
      openFrontDoor();
      openFrontDoor();
      const { default: one } = await import('./far/away/one.ts');
      const { default: two } = await import('./two.cjs');
      console.log(one === Failure, two === Failure);
    `;
    const files = {
      'far/away/one.ts':
        "import { Failure } from 'mailframe';\nimport type {} from 'mailframe/testing';\nexport default Failure;",
      'two.cjs': "module.exports = require('mailframe').Failure;",
    };
    expect(await run(program, files)).toBe('true true\n');
  });

  test('a copy that is installed beside the plugin is not taken', async () => {
    const files = {
      'mine.ts':
        "import { definePlugin } from 'mailframe';\nexport default definePlugin({ name: 'mine', create: () => ({}) });",
      'node_modules/mailframe/package.json': '{ "type": "module", "exports": "./index.js" }',
      'node_modules/mailframe/index.js':
        'export const definePlugin = () => ({ name: "the wrong copy", apiVersion: 1 });',
    };
    expect(await run(LOCATE('./mine.ts'), files)).toBe('mine\n');
  });
});

describe('a plugin that cannot be loaded says why, and where', () => {
  const STRIPPED =
    'Node runs TypeScript by leaving its types away, so enums, namespaces, parameter properties and decorators cannot be used';
  const cases = [
    {
      file: 'syntax.ts',
      text: "import 'mailframe';\n\nexport default { name: 'x',, };\n",
      want: /^syntax\.ts:3:28: ./,
    },
    { file: 'syntax.mjs', text: 'export default {\n  a: 1\n  b: 2,\n};\n', want: /^syntax\.mjs:3:3: ./ },
    { file: 'enum.ts', text: '\nexport enum A { x }\n', want: new RegExp(`^enum\\.ts:2:8: .*; ${STRIPPED}$`) },
    {
      file: 'decorator.ts',
      text: '\n\n@dec\nexport class A {}\n',
      want: new RegExp(`^decorator\\.ts:3:1: .*; ${STRIPPED}$`),
    },
    {
      file: 'import.ts',
      text: "import x from 'nothing-here';\nexport default x;",
      want: /^import\.ts:1:15: Cannot find package 'nothing-here'/,
    },
    {
      file: 'export.ts',
      text: "\nimport { nope } from 'mailframe';\nexport default nope;",
      want: /^export\.ts:2:10: .*'nope'/,
    },
    { file: 'throws.ts', text: "\n\nthrow new Error('the moon is full');", want: /^throws\.ts:3:7: the moon is full$/ },
    { file: 'neighbour.ts', text: "export * from './syntax.ts';", want: /^syntax\.ts:3:28: ./ },
    {
      file: 'missing.ts',
      text: "import 'mailframe';\nimport { a } from './nowhere.ts';",
      want: /^missing\.ts:2:19: Cannot find module/,
    },
    {
      file: 'misuse.ts',
      text: "import { definePlugin } from 'mailframe';\nexport default definePlugin();",
      want: /^misuse\.ts:2:16: ./,
    },
  ];

  test('in one sentence each', async () => {
    const files = Object.fromEntries(cases.map(({ file, text }) => [file, text]));
    const printed = await run(LOCATE(...cases.map(({ file }) => `./${file}`)), files);
    const lines = printed.trimEnd().split('\n');
    expect(lines).toHaveLength(cases.length);
    cases.forEach(({ file, want }, index) => {
      const prefix = `MF_PLUGIN_LOAD ./${file} cannot be loaded: `;
      expect(lines[index]?.slice(0, prefix.length)).toBe(prefix);
      expect(lines[index]?.slice(prefix.length)).toMatch(want);
    });
  });

  test('because the package.json above it makes it CommonJS, says what to write there', async () => {
    const files = {
      'package.json': '{ "type": "commonjs" }',
      'mine.ts':
        "import { definePlugin } from 'mailframe';\nexport default definePlugin({ name: 'x', create: () => ({}) });",
    };
    expect(await run(LOCATE('./mine.ts'), files)).toMatch(/write "type": "module" there, or end the file in \.mts$/m);
  });
});
