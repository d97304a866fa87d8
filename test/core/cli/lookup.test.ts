import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type LookupFlags, lookedUp } from '../../../core/cli/lookup.ts';
import { run } from '../../support/program.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const COMMAND = fileURLToPath(new URL('../../../core/cli/mailframe.js', import.meta.url));

const PLUGIN = `
import { definePlugin, LOG, TABLES, tableSetting, z } from 'mailframe';
export default definePlugin({
  name: 'mine',
  options: z.strictObject({ table: tableSetting(), more: z.array(tableSetting()).default([]) }),
  needs: { tables: TABLES, log: LOG },
  check: ({ options, tables }) => tables.check(options.table, ['table']),
  create: ({ options, tables, log }) => {
    const table = tables.open(options.table, log);
    return { close: () => table.close(), rcpt: async (_, { signal }) => void (await table.lookup('x', signal)) };
  },
});
`;

const configuration = (options: string) => `
hostname: mx.example.test
listeners: [{ id: inbound, port: 2525 }]
plugins:
  - { use: ./mine.ts, as: people, options: ${options} }
  - { use: relay-policy, options: { localDomains: [example.test] } }
  - { use: mbox-delivery, as: mailboxes, options: { directory: ./mail } }
routes: [{ deliver: mailboxes }]
`;

const ONE = '{ table: { file: ./people } }';
const TWO = '{ table: { file: ./people }, more: [{ map: { ann: [x, y] } }] }';

async function gateway(options = ONE) {
  const folder = await tempFolder();
  const config = join(folder, 'mailframe.config.yaml');
  await writeFile(config, configuration(options));
  await writeFile(join(folder, 'mine.ts'), PLUGIN);
  await writeFile(join(folder, 'people'), 'ann@example.test ann@one.test\n');
  const look = async (key: string | null, flags: Partial<LookupFlags> = {}) => {
    const { text, code } = await lookedUp(key, { config, ...flags });
    return [text.replace(/\(\d+ ms\)/, '(n ms)').replace(/"milliseconds": \d+/, '"milliseconds": 0'), code];
  };
  return { folder, look };
}

describe('a key', () => {
  test('that is there: its values, and where they stand', async () => {
    const { look } = await gateway();
    expect(await look('ANN@example.test')).toEqual(['ANN@example.test: ./people:1 (n ms)\n  ann@one.test\n', 0]);
  });

  test('that is not there: exit code 2', async () => {
    const { look } = await gateway();
    expect(await look('bob')).toEqual(['bob: not in ./people (n ms)\n', 2]);
  });

  test('of which nobody can say: exit code 75', async () => {
    const { look } = await gateway('{ table: { http: { url: "http://127.0.0.1:1/:key" } } }');
    const [text, code] = await look('ann');
    expect(text).toMatch(/^http:\/\/127\.0\.0\.1:1\/:key cannot be asked: .*ECONNREFUSED.* \(n ms\)\n$/);
    expect(code).toBe(75);
  });

  test('as JSON, for programs', async () => {
    const { look } = await gateway();
    const [text] = await look('ann@example.test', { json: true });
    expect(JSON.parse(String(text))).toEqual({
      key: 'ann@example.test',
      table: 'people.table',
      kind: 'found',
      values: ['ann@one.test'],
      source: './people:1',
      milliseconds: 0,
    });
  });
});

describe('which table', () => {
  test('is named by its plugin and its option, where there are several', async () => {
    const { look } = await gateway(TWO);
    expect(await look('ann', { in: 'people.more[0]' })).toEqual(['ann: map:ann (n ms)\n  x\n  y\n', 0]);
    await expect(look('ann')).rejects.toThrow(
      'which table? Name it with --in; there are: people.table, people.more[0]',
    );
    await expect(look('ann', { in: 'people' })).rejects.toThrow('which table?');
    await expect(look('ann', { in: 'people.tabel' })).rejects.toThrow('did you mean "people.table"?');
  });

  test('is listed where no key is given', async () => {
    const { look } = await gateway(TWO);
    expect(await look(null)).toEqual(['people.table: file\npeople.more[0]: map\n', 0]);
  });

  test('may stand in no configuration', async () => {
    const { look } = await gateway();
    expect(await look('ann', { of: '{ map: { ann: bob } }' })).toEqual(['ann: map:ann (n ms)\n  bob\n', 0]);
    await expect(look('ann', { of: '{ mapp: { ann: bob } }' })).rejects.toThrow('--of mapp: unknown key');
    await expect(look('ann', { of: '{ file: ./missing/x }' })).rejects.toThrow('ENOENT');
  });
});

test('the command itself', async () => {
  const { folder } = await gateway();
  const ended = await run(process.execPath, [COMMAND, 'lookup', 'bob', '--of', '{ file: ./people }'], { cwd: folder });
  expect(ended).toMatchObject({
    code: 2,
    stdout: expect.stringContaining('bob: not in ./people') as string,
    stderr: '',
  });
  const found = await run(process.execPath, [COMMAND, 'lookup', 'ann@example.test'], { cwd: folder });
  expect(found).toMatchObject({ code: 0, stderr: '' });
  const wrong = await run(process.execPath, [COMMAND, 'lookup', 'x', '--in', 'nobody'], { cwd: folder });
  expect(wrong).toMatchObject({ code: 1, stderr: 'there is no table nobody; there are: people.table\n' });
});
