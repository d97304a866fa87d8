/** The schema in an editor: yaml-language-server completes, explains and underlines with it. */
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schemaFor } from '../../../core/cli/schema.ts';
import { EDITOR_SETTINGS } from '../../../core/config/for-editors.ts';
import { Editor } from '../../support/language-server.ts';
import { folderForAll } from '../../support/temp-folder.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = folderForAll();
let editor: Editor;

/** A plugin as somebody else would publish it. */
const GREYLIST = `
import { definePlugin, duration, z } from 'mailframe';
export default definePlugin({
  name: 'greylist',
  summary: 'Asks strangers to come again.',
  options: z.strictObject({
    wait: duration().default(300_000).describe('How long a stranger has to wait.'),
    strictness: z.enum(['lenient', 'stern']).default('lenient').describe('Whom it takes for a stranger.'),
  }),
  create: () => ({}),
});
`;
const USES_IT = `hostname: mx.example.test
listeners: [{ id: inbound, port: 2525 }]
plugins:
  - use: greylist
    options: { wait: 5 min }
routes: [{ deliver: mailboxes }]
`;

beforeAll(async () => {
  const installed = join(folder(), 'node_modules/mailframe-plugin-greylist');
  await mkdir(installed, { recursive: true });
  await writeFile(join(installed, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
  await writeFile(join(installed, 'index.js'), GREYLIST);
  await schemaBeside(join(folder(), 'gateway.yaml'), USES_IT);
  editor = await Editor.open({ yaml: { ...EDITOR_SETTINGS, schemaStore: { enable: false } } });
});
afterAll(() => editor?.close());

/** Writes a configuration, and beside it the schema that `mailframe schema` makes of it. */
async function schemaBeside(file: string, text: string): Promise<void> {
  await writeFile(file, text);
  await writeFile(join(dirname(file), 'mailframe.schema.json'), await schemaFor(file));
}

let files = 0;
/** A file that was never opened, beside the schema. */
function newFile(): string {
  files++;
  return join(folder(), `opened-${files}.yaml`);
}

const FIRST_LINE = '# yaml-language-server: $schema=./mailframe.schema.json\n';

/** Opens a text whose cursor stands where the `|` is. */
function opened(marked: string) {
  const file = newFile();
  editor.show(file, `${FIRST_LINE}${marked.replace('|', '')}`);
  const before = marked.slice(0, marked.indexOf('|')).split('\n');
  return { file, position: { line: before.length, character: before.at(-1)?.length ?? 0 } };
}

async function offered(marked: string) {
  const { file, position } = opened(marked);
  const items = await editor.complete(file, position);
  return items.filter(({ label }) => !label.startsWith('!'));
}

async function labels(marked: string) {
  return (await offered(marked)).map(({ label }) => label);
}

async function explained(marked: string) {
  const { file, position } = opened(marked);
  return editor.hover(file, position);
}

/** What is underlined, as `line: message`, the lines of the text counted from 1. */
async function underlined(text: string) {
  const diagnostics = await editor.diagnose(newFile(), `${FIRST_LINE}${text}`);
  return diagnostics.map(({ message, range }) => `${range.start.line}: ${message}`);
}

const NEEDED = 'hostname: a.test\nlisteners: [{ id: a, port: 1 }]\n';

describe('an editor offers', () => {
  test('the keys of the file', async () => {
    expect(await labels('|')).toEqual(
      expect.arrayContaining(['hostname', 'listeners', 'queue', 'plugins', 'routes', 'deadline', 'log']),
    );
  });

  test('plugins by their name, with what they do, those of others too', async () => {
    const items = await offered('plugins:\n  - use: |');
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ label: 'relay-policy' }),
        expect.objectContaining({
          label: 'greylist',
          documentation: 'Asks strangers to come again.',
        }),
      ]),
    );
  });

  test('the options of the plugin that is used, and of no other', async () => {
    const greylist = await labels('plugins:\n  - use: greylist\n    options:\n      |');
    expect(greylist).toEqual(expect.arrayContaining(['wait', 'strictness']));
    expect(greylist).not.toContain('localDomains');
    expect(await labels('plugins:\n  - use: greylist\n    options:\n      strictness: |')).toEqual(
      expect.arrayContaining(['lenient', 'stern']),
    );
  });

  test('the keys of an entry once, before it is said which plugin it is', async () => {
    const items = await offered('plugins:\n  - |');
    expect(items.filter(({ label }) => label === 'options')).toHaveLength(1);
    expect(items.map(({ label }) => label)).toEqual(expect.arrayContaining(['use', 'as', 'when', 'mode', 'onError']));
  });

  test('a key with its colon', async () => {
    const items = await offered('plugins:\n  - use: greylist\n    |');
    const keys = items.filter(({ label }) => ['options', 'when', 'mode'].includes(label));
    expect(keys.map(({ insertText }) => insertText?.split(':').length)).not.toContain(1);
    expect(keys).toHaveLength(3);
  });

  test('no line that says what is so without it', async () => {
    const [listeners] = (await offered('|')).filter(({ label }) => label === 'listeners');
    expect(listeners?.insertText).toBe('listeners:\n  - id: $1\n    port: $2');
  });
});

describe('an editor explains', () => {
  test('a key of the file, with its default', async () => {
    const hover = await explained('plugins:\n  - use: greylist\n    on|Error: defer\n');
    expect(hover).toContain('What becomes of a call that fails or is late. Default: defer.');
  });

  test("an option of somebody else's plugin", async () => {
    const hover = await explained('plugins:\n  - use: greylist\n    options:\n      wa|it: 5 min\n');
    expect(hover).toContain('How long a stranger has to wait.');
  });

  test('what a plugin does, at its name', async () => {
    expect(await explained('plugins:\n  - use: grey|list\n')).toContain('Asks strangers to come again.');
  });
});

describe('an editor underlines', () => {
  test("an unknown key in the options of somebody else's plugin, at its line", async () => {
    const text = `${NEEDED}plugins:\n  - use: greylist\n    options:\n      wait: 5 min\n      strictnes: stern\n`;
    expect(await underlined(text)).toEqual(['7: Property strictnes is not allowed.']);
  });

  test('an option that is missing, and one that no option is', async () => {
    const text = `${NEEDED}plugins:\n  - use: mbox-delivery\n    options: {}\n  - use: greylist\n    optoins: {}\n`;
    expect(await underlined(text)).toEqual(['5: Missing property "directory".', '7: Property optoins is not allowed.']);
  });

  test('a quantity without a unit that there is, and says what one looks like', async () => {
    const text = `${NEEDED}plugins:\n  - use: greylist\n    options: { wait: 5 mni }\n`;
    expect(await underlined(text)).toEqual([
      '5: a duration with its unit is expected, such as "30 s", "5 min", "4 h" or "5 days"',
    ]);
  });

  test('a word that is none of those to choose from', async () => {
    const text = `${NEEDED}plugins:\n  - { use: greylist, options: { strictness: strn } }\n`;
    expect(await underlined(text)).toEqual(['4: Value is not accepted. Valid values: "lenient", "stern".']);
  });

  test('nothing in the place of a number, a word, a mapping or a list that comes from elsewhere', async () => {
    const text = `hostname: !env HOST
listeners: [{ id: inbound, port: !env PORT, auth: !env AUTH, maxSize: !env MOST, tls: !include tls.yaml }]
queue: { retry: { first: !env FIRST, warnAfter: !env WARN_AFTER } }
plugins:
  - { use: greylist, options: { wait: !env WAIT, strictness: !env STRICTNESS } }
  - { use: users, options: !include users.yaml }
  - { use: smtp-relay, options: { auth: { user: !env SMARTHOST_USER, password: !secret ./password } } }
routes: !include routes.yaml
`;
    expect(await underlined(text)).toEqual([]);
  });

  const configurations = ['.', ...readdirSync(join(root, 'examples')).map(name => join('examples', name))].flatMap(
    name =>
      readdirSync(join(root, name))
        .filter(file => file.endsWith('config.yaml'))
        .map(file => join(name, file)),
  );

  test('nothing in the configurations of this project', async () => {
    expect(configurations.length).toBeGreaterThan(10);
    // One schema for all of them. The plugins beside an example are any plugin to it.
    const said = await Promise.all(
      configurations.map(async name => [name, await underlined(readFileSync(join(root, name), 'utf8'))] as const),
    );
    expect(said.filter(([, lines]) => lines.length > 0)).toEqual([]);
  });
});
