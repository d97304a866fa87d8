/** What a person is told who runs a plugin that fails: its line, the hook, and the mail; and what becomes of the gateway. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { smtpClient } from '../../../core/testing/smtp-client.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));

interface Line {
  readonly event: string;
  readonly [field: string]: unknown;
}

const lookUp = `// A file that the plugin imports.
export function lookUp(name: string): never {
  throw new Error(\`no table for \${name}\`);
}
`;
/** Each local part brings it down in another way. */
const crooked = `import { accept, definePlugin } from 'mailframe';
import { lookUp } from '../tables/look-up.ts';
import { descend } from 'deep';
interface Found {
  readonly user: string;
}

async function fetchUser(): Promise<Found> {
  await Promise.resolve();
  const cause = new Error('connection refused');
  throw new Error('the directory does not answer', { cause });
}

export default definePlugin({
  name: 'crooked',
  create: () => ({
    async rcpt({ recipient: { forwardPath } }) {
      if (forwardPath.localPart === 'table') lookUp('ann');
      if (forwardPath.localPart === 'directory') return void (await fetchUser());
      if (forwardPath.localPart === 'word') throw 'a word';
      if (forwardPath.localPart === 'promise') void fetchUser();
      if (forwardPath.localPart === 'timer') setTimeout(() => lookUp('later'), 1);
      if (forwardPath.localPart === 'library') descend(20);
      if (forwardPath.localPart === 'nobody') setTimeout(() => { throw 'a word'; }, 1);
      return accept;
    },
  }),
});
`;
const MAPPED = `

import { definePlugin } from 'mailframe';
interface Padding { readonly wide: string }
export default definePlugin({
  name: 'mapped',
  create: () => ({
    rcpt({ recipient }: { recipient: { forwardPath: { localPart: string } } }) {
      const { localPart }: { localPart: string } = recipient.forwardPath;
      if (localPart === 'mapped') throw new Error('from the source');
    },
  }),
});
`;

/** As a compiler writes it that keeps no line where it was. */
function compiled(): string {
  const code = stripTypeScriptTypes(MAPPED, { mode: 'transform', sourceMap: true, sourceUrl: '../src/index.ts' });
  expect(code).toContain('sourceMappingURL=data:');
  return code;
}

const files = {
  'filters/crooked.ts': crooked,
  'tables/look-up.ts': lookUp,
  'node_modules/mailframe-plugin-mapped/package.json': '{ "type": "module", "exports": "./dist/index.js" }',
  'node_modules/deep/package.json': '{ "type": "module", "exports": "./index.js" }',
  'node_modules/deep/index.js': `export function descend(depth) {
  if (depth === 0) throw new Error('far below');
  return descend(depth - 1);
}
`,
  'mailframe.config.yaml': `
hostname: mx.example.test
listeners: [{ id: inbound, port: 0 }]
queue: { directory: ./queue }
plugins:
  - { use: ./filters/crooked.ts, as: crooked }
  - { use: mapped }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes: [{ deliver: mailboxes }]
`,
};

async function gateway() {
  const folder = await tempFolder();
  const all = { ...files, 'node_modules/mailframe-plugin-mapped/dist/index.js': compiled() };
  for (const [name, text] of Object.entries(all)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  const child = spawn(process.execPath, [COMMAND, 'start'], { cwd: folder });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: Line[] = [];
  createInterface({ input: child.stdout }).on('line', line => lines.push(JSON.parse(line) as Line));
  const port = () => (lines.find(({ event }) => event === 'started')?.listeners as { port: number }[])?.[0]?.port ?? 0;
  await until(() => expect(port()).toBeGreaterThan(0));
  const client = await smtpClient(port());
  await client.say('EHLO client.test');
  await client.say('MAIL FROM:<eve@client.test>');
  const failed = (index: number) =>
    until(() => lines.filter(({ event }) => event === 'failed')[index] ?? expect.fail());
  return { child, client, lines, failed };
}

test('a failure in a call: the line of the plugin, the hook and the session; and not a word of it to the client', async () => {
  const { child, client, failed } = await gateway();
  const refusal = { code: 451, text: 'Local error in processing, try again later' };

  expect(await client.say('RCPT TO:<table@example.test>')).toMatchObject(refusal);
  const inFile = { plugin: 'crooked', hook: 'rcpt', session: expect.any(String), at: 'tables/look-up.ts:3:9' };
  expect(await failed(0)).toMatchObject({ ...inFile, cause: 'no table for ann' });
  // What called the plugin is the same each time, and left out.
  expect((await failed(0)).stack).toBe(
    'Error: no table for ann\n    at lookUp (tables/look-up.ts:3:9)\n    at Object.rcpt (filters/crooked.ts:18:46)',
  );

  await client.say('RCPT TO:<directory@example.test>');
  expect(await failed(1)).toMatchObject({
    at: 'filters/crooked.ts:11:9',
    cause: 'the directory does not answer: connection refused',
    stack: `Error: the directory does not answer
    at fetchUser (filters/crooked.ts:11:9)
    at async Object.rcpt (filters/crooked.ts:19:63)
caused by Error: connection refused
    at fetchUser (filters/crooked.ts:10:17)
    at async Object.rcpt (filters/crooked.ts:19:63)`,
  });

  await client.say('RCPT TO:<word@example.test>');
  expect(await failed(2)).toMatchObject({ at: 'filters/crooked.ts', cause: 'a word', hook: 'rcpt' });

  await client.say('RCPT TO:<mapped@example.test>');
  expect(await failed(3)).toMatchObject({
    plugin: 'mapped',
    at: 'node_modules/mailframe-plugin-mapped/src/index.ts:10:41',
    cause: 'from the source',
  });
  // V8 keeps ten frames by itself, and all of them would be the library's.
  await client.say('RCPT TO:<library@example.test>');
  expect(await failed(4)).toMatchObject({ at: 'filters/crooked.ts:23:48', cause: 'far below' });
  await client.say('RSET');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

describe('an error that comes out of no call', () => {
  test('of a plugin: the gateway says whose it is, and goes on', async () => {
    const { child, client, failed } = await gateway();
    expect(await client.say('RCPT TO:<promise@example.test>')).toMatchObject({ code: 250 });
    expect(await failed(0)).toMatchObject({
      outside: 'any call',
      plugin: 'crooked',
      at: 'filters/crooked.ts:11:9',
      cause: 'the directory does not answer: connection refused',
      hint: expect.stringContaining('await the promise'),
    });
    expect(await client.say('RCPT TO:<timer@example.test>')).toMatchObject({ code: 250 });
    expect(await failed(1)).toMatchObject({ outside: 'any call', plugin: 'crooked', at: 'tables/look-up.ts:3:9' });
    expect(await client.say('RCPT TO:<ann@example.test>')).toMatchObject({ code: 250 });
    expect(await client.data('Subject: hello\n\nHello.\n')).toMatchObject({ code: 250 });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('of nobody known: the gateway ends in good order, and says by its exit code that it did not want to', async () => {
    const { child, client, failed, lines } = await gateway();
    expect(await client.say('RCPT TO:<nobody@example.test>')).toMatchObject({ code: 250 });
    expect(await failed(0)).toMatchObject({
      outside: 'any call',
      cause: 'a word',
      hint: expect.stringMatching(/ends/),
    });
    await client.say('RSET');
    expect(await once(child, 'exit')).toEqual([1, null]);
    await until(() => expect(lines.at(-1)).toMatchObject({ event: 'closed' }));
  });
});
