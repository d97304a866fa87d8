import { expect, test } from 'vitest';
import { definePlugin, LOG, reject, TABLES, TableUnavailable, tableSetting, z } from '../../../core/index.ts';
import { fakeTable, fakeTables, faultsIn, harness, provide } from '../../../core/testing.ts';

/** Refuses whom its table names, with the reason that stands there. */
const banned = definePlugin({
  name: 'banned',
  options: z.strictObject({ table: tableSetting() }),
  needs: { tables: TABLES, log: LOG },
  check: ({ options, tables }) => tables.check(options.table, ['table']),
  create({ options, tables, log }) {
    const table = tables.open(options.table, log);
    return {
      async rcpt({ recipient: { forwardPath } }, { signal }) {
        const entry = await table.lookup(forwardPath.localPart, signal);
        return entry === null ? undefined : reject(550, '5.7.1', entry.values[0]);
      },
      close: () => table.close(),
    };
  },
});

test('a plugin in the harness looks things up in what lies beside its configuration', async () => {
  const options = { table: { file: './banned' } };
  const { rcpt } = await harness(banned, options, { files: { banned: 'ann too loud\n' } });
  expect(await rcpt('ann@example.test')).toEqual(reject(550, '5.7.1', 'too loud'));
  expect(await rcpt('bob@example.test')).toBeUndefined();
  expect(await faultsIn(banned, options, { files: { banned: 'ann\n' } })).toEqual([
    'options.table.file: ./banned:1: ann has no value: write it behind the key',
  ]);
});

test('a fake table answers as the test says, and remembers what it was asked', async () => {
  const table = fakeTable({ ann: ['too loud', 'too late'], sick: { unavailable: 'no such disk' }, empty: [] });
  const plugin = await harness(banned, { table: { map: {} } }, { provide: [provide(TABLES, fakeTables(table))] });
  expect(await plugin.rcpt('ann@example.test')).toEqual(reject(550, '5.7.1', 'too loud'));
  expect(await plugin.rcpt('Ann@example.test')).toBeUndefined();
  expect(await plugin.rcpt('empty@example.test')).toBeUndefined();
  await expect(plugin.rcpt('sick@example.test')).rejects.toThrow(TableUnavailable);
  table.set('the server is down');
  await expect(plugin.rcpt('ann@example.test')).rejects.toThrow('fake cannot be asked: the server is down');
  table.set({});
  expect(await plugin.rcpt('ann@example.test')).toBeUndefined();
  expect(table.lookups).toEqual(['ann', 'Ann', 'empty', 'sick', 'ann', 'ann']);
  await plugin.close();
  expect(table.isClosed).toBe(true);
});

test('several tables are opened in their order', () => {
  const [first, second] = [fakeTable(), fakeTable()];
  const tables = fakeTables(first, second);
  const setting = tableSetting().parse({ map: {} });
  const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
  expect([1, 2, 3].map(() => tables.open(setting, log))).toEqual([first, second, second]);
});
