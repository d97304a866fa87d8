/** The page of the plugin tells the truth: its examples are taken, and it names every key that there is. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { faultsIn } from '../../../core/testing.ts';
import { action } from '../../../plugins/mime-rewrite/action-schema.ts';
import mimeRewrite from '../../../plugins/mime-rewrite/index.ts';

const page = readFileSync(fileURLToPath(new URL('../../../docs/plugins/mime-rewrite.md', import.meta.url)), 'utf8');

const blocks = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => text);

/** The examples in the tables: the last cell of each row. */
const rows = [...page.matchAll(/^\| `(\w+)` \|.*\| `(.+)` \|$/gm)].map(([, key = '', example = '']) => ({
  key,
  example,
}));

test.each(blocks)('the rules of %s are taken', async text => {
  const written = parse(text) as {
    readonly rules?: unknown;
    readonly plugins?: readonly { readonly options: unknown }[];
  };
  expect(await faultsIn(mimeRewrite, written.plugins?.[0]?.options ?? { rules: written.rules })).toEqual([]);
});

const NAMES = Object.keys(action.shape);
const actions = rows.filter(({ key }) => NAMES.includes(key));

test('every action has its row and its example', () => {
  expect(NAMES.filter(name => !actions.some(({ key }) => key === name))).toEqual([]);
});

test.each(actions)('the example of $key is taken: $example', async ({ example }) => {
  expect(await faultsIn(mimeRewrite, { rules: [{ match: { type: 'a/b' }, do: parse(example) as unknown }] })).toEqual(
    [],
  );
});

const CONDITIONS = [
  'type',
  'name',
  'disposition',
  'size',
  'charset',
  'depth',
  'within',
  'partHeader',
  'not',
  'header',
  'facts',
];
const conditions = rows.filter(({ key }) => CONDITIONS.includes(key));

test.each(conditions)('the example of $key is taken: $example', async ({ key, example }) => {
  const rule = { match: { [key]: parse(example) as unknown }, do: { subjectTag: 'x' } };
  expect(await faultsIn(mimeRewrite, { rules: [rule] })).toEqual([]);
});
