import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readConfigurationText } from '../../../core/config/read.ts';
import { TABLE_KINDS } from '../../../core/plugin/table-kinds.ts';
import { systemClock } from '../../../core/system/clock.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { selfSigned } from '../../support/certificate.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { aTable, complaintsAbout, valuesOf } from './tables.ts';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/tables.md', import.meta.url)), 'utf8');

/** What the page shows of a kind. */
function section(kind: string) {
  const [, text = ''] = new RegExp(`^## ${kind}\n(.*?)(?=^## |(?![^]))`, 'ms').exec(PAGE) ?? [];
  const all = [...text.matchAll(/^```(\w*)\n(.*?)^```/gms)];
  const blocks = (language: string) => all.flatMap(([, of, block = '']) => (of === language ? [block] : []));
  const [, rows = ''] = /^\| key \| values \|\n\| --- \| --- \|\n((?:\|.*\n)+)/m.exec(text) ?? [];
  const keys =
    rows.trim() === ''
      ? []
      : rows
          .trim()
          .split('\n')
          .map(row => [...row.matchAll(/`([^`]+)`/g)].map(([, cell = '']) => cell));
  return { yaml: blocks('yaml'), files: blocks(''), keys };
}

/** A folder with all that the examples name. */
async function folderOf(kind: string): Promise<string> {
  const folder = await tempFolder();
  const [content = ''] = section(kind).files;
  const secrets = Object.fromEntries(['db-password', 'ldap-password', 'api-token'].map(name => [name, 'secret']));
  const files = { people: content, patterns: content, 'ca.pem': selfSigned('localhost').cert, ...secrets };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  const database = new DatabaseSync(join(folder, 'users.db'));
  database.exec('CREATE TABLE aliases (address TEXT, target TEXT)');
  database.close();
  return folder;
}

/** The table of an example. */
function tableIn(text: string, folder: string): object {
  const { document, complaints } = readConfigurationText(text, join(folder, 'x.yaml'), {});
  expect(complaints).toEqual([]);
  return (document?.value as { readonly table: object } | undefined)?.table ?? {};
}

describe.each(Object.keys(TABLE_KINDS))('the example of %s', kind => {
  const { yaml, keys } = section(kind);

  test('would boot', async () => {
    const folder = await folderOf(kind);
    const world = { clock: systemClock, files: systemFiles(folder), log: recordingLog() };
    expect(yaml.length).toBeGreaterThan(0);
    for (const text of yaml) {
      const table = tableIn(text, folder);
      expect(Object.keys(table)).toContain(kind);
      expect(await complaintsAbout(table, world)).toEqual([]);
    }
  });

  test.skipIf(keys.length === 0).each(keys)('answers %s as it says', async (key = '', ...values) => {
    const folder = await folderOf(kind);
    const world = { clock: systemClock, files: systemFiles(folder), log: recordingLog() };
    const [text = ''] = yaml;
    const table = tableIn(text, folder);
    expect(await valuesOf(await aTable(table, world), key)).toEqual(values);
  });
});

test('the page shows what the kinds in memory answer', () => {
  expect(['map', 'file', 'regexp'].map(kind => section(kind).keys.length)).toEqual([1, 3, 3]);
});
