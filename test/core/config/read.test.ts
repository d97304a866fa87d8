/** YAML text to plain data with positions: tags, includes, and everything that can be wrong with the text itself. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { formatComplaint } from '../../../core/config/complaint.ts';
import { positionAt, valueAt } from '../../../core/config/place.ts';
import { type Reading, readConfiguration, readConfigurationText } from '../../../core/config/read.ts';
import { Secret } from '../../../core/plugin/secret.ts';
import * as fc from '../../support/fast-check.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const ENV = {
  PORT: '2525',
  NAME: 'mx.example.test',
  DIGITS: '0123',
  LONG: '12345678901234567890',
  YES: 'true',
  EMPTY: '',
};

function read(text: string): Reading {
  return readConfigurationText(text, 'c.yaml', ENV);
}

function value(text: string): unknown {
  const { document, complaints } = read(text);
  expect(complaints).toEqual([]);
  return document?.value;
}

function complaintsOf({ complaints }: Reading): readonly string[] {
  return complaints.map(formatComplaint);
}

/** Writes files into a folder of this test and reads the one that is named `main.yaml`. */
async function readFiles(files: Readonly<Record<string, string>>): Promise<{ folder: string; reading: Reading }> {
  const folder = await tempFolder();
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), text, { mode: 0o600 });
  }
  return { folder, reading: readConfiguration(join(folder, 'main.yaml'), ENV) };
}

describe('plain values are those of YAML 1.2', () => {
  test.each<{ text: string; want: unknown }>([
    { text: 'a: no', want: { a: 'no' } },
    { text: 'a: off', want: { a: 'off' } },
    { text: 'a: 2024-01-01', want: { a: '2024-01-01' } },
    { text: 'a: [1, 0.5, true, null, "1"]', want: { a: [1, 0.5, true, null, '1'] } },
    { text: '1: x', want: { 1: 'x' } },
    { text: 'a: &x [1]\nb: *x', want: { a: [1], b: [1] } },
    { text: 'a: &x 1\nb: *x\nc: &x 2\nd: *x', want: { a: 1, b: 1, c: 2, d: 2 } },
    { text: '', want: null },
    { text: '# nothing', want: null },
    { text: 'toString: 1', want: { toString: 1 } },
  ])('$text', ({ text, want }) => {
    expect(value(text)).toEqual(want);
  });
});

describe('!env stands for a variable of the environment', () => {
  test.each([
    { name: 'NAME', want: 'mx.example.test' },
    { name: 'PORT', want: 2525 },
    { name: 'YES', want: true },
    { name: 'DIGITS', want: '0123' },
    { name: 'LONG', want: '12345678901234567890' },
    { name: 'EMPTY', want: '' },
  ])('$name is $want', ({ name, want }) => {
    expect(value(`a: !env ${name}`)).toEqual({ a: want });
  });

  test('a variable that is not set is a complaint, and its place is broken', () => {
    const reading = read('a:\n  b: !env NOT_SET');
    expect(complaintsOf(reading)).toEqual([
      'c.yaml:2:11: a.b: the environment has no variable "NOT_SET": set it, or write the value here',
    ]);
    expect(reading.document?.place.entries.get('a')?.entries.get('b')?.broken).toBe(true);
  });
});

describe('!secret stands for what a file holds', () => {
  test('the file lies beside the one that names it, and white space around the secret does not count', async () => {
    const { reading } = await readFiles({ 'main.yaml': 'a: !secret keys/relay', 'keys/relay': '  hunter2\n\n' });
    expect(reading.complaints).toEqual([]);
    const secret = valueAt(reading.document ?? expect.fail('no document'), ['a']);
    expect(secret).toBeInstanceOf(Secret);
    expect((secret as Secret).reveal()).toBe('hunter2');
  });

  test('leak: a document that holds a secret does not show it', async () => {
    const { reading } = await readFiles({ 'main.yaml': 'a: [!secret s]', s: 'hunter2' });
    expect(inspect(reading, { depth: 20 })).not.toContain('hunter2');
    expect(JSON.stringify(reading)).not.toContain('hunter2');
  });

  test('a file that everybody can read is a warning', async () => {
    const { folder } = await readFiles({ 'main.yaml': 'a: !secret s', s: 'hunter2' });
    await chmod(join(folder, 's'), 0o644);
    const { complaints, document } = readConfiguration(join(folder, 'main.yaml'), {});
    expect(complaints).toMatchObject([{ severity: 'warning', code: 'MF_CONFIG_SECRET', line: 1, column: 12 }]);
    expect(document).not.toBeNull();
  });

  test.each([
    { name: 'missing', want: 'there is no file ' },
    { name: 'empty', want: 'is empty' },
    { name: 'folder', want: 'is a folder, not a file' },
  ])('a file that is $name is a complaint', async ({ name, want }) => {
    const { reading } = await readFiles({ 'main.yaml': `a: !secret ${name}`, empty: ' \n', 'folder/x': '' });
    expect(reading.complaints).toMatchObject([{ code: 'MF_CONFIG_SECRET', severity: 'error', line: 1, column: 12 }]);
    expect(reading.complaints[0]?.message).toContain(want);
  });
});

describe('!include puts another file in its place', () => {
  test('paths are relative to the file that includes, and positions are those of the included file', async () => {
    const { folder, reading } = await readFiles({
      'main.yaml': 'plugins: !include parts/plugins.yaml\nhostname: x\n',
      'parts/plugins.yaml': '- use: a\n- use: b\n  options: !include more/b.yaml\n',
      'parts/more/b.yaml': '\nfile: !env NOT_SET\nother: 1\n',
    });
    expect(complaintsOf(reading)).toEqual([
      `${join(folder, 'parts/more/b.yaml')}:2:12: plugins[1].options.file: the environment has no variable "NOT_SET": set it, or write the value here`,
    ]);
    const { place } = reading.document ?? expect.fail('no document');
    const other = ['plugins', 1, 'options', 'other'];
    expect(positionAt(place, other, 'value')).toEqual({ file: join(folder, 'parts/more/b.yaml'), line: 3, column: 8 });
    expect(positionAt(place, other, 'key')).toMatchObject({ line: 3, column: 1 });
    expect(positionAt(place, ['plugins'], 'key')).toEqual({ file: join(folder, 'main.yaml'), line: 1, column: 1 });
  });

  test('a file that includes itself, at once or by way of others, is refused', async () => {
    const { folder, reading } = await readFiles({
      'main.yaml': 'a: !include b.yaml',
      'b.yaml': 'b: !include ./main.yaml\nc: !include b.yaml',
    });
    expect(complaintsOf(reading)).toEqual([
      `${join(folder, 'b.yaml')}:1:13: a.b: ${join(folder, 'main.yaml')} includes itself`,
      `${join(folder, 'b.yaml')}:2:13: a.c: ${join(folder, 'b.yaml')} includes itself`,
    ]);
  });

  test('the same file may be included twice', async () => {
    const { reading } = await readFiles({ 'main.yaml': 'a: !include b.yaml\nc: !include b.yaml', 'b.yaml': '[1]' });
    expect(reading.document?.value).toEqual({ a: [1], c: [1] });
  });

  test('a syntax error in an included file is told there, and the rest is read', async () => {
    const { folder, reading } = await readFiles({
      'main.yaml': 'a: !include b.yaml\nc: !env NOT_SET',
      'b.yaml': 'x: 1\ny: [1, 2',
    });
    expect(reading.complaints).toMatchObject([
      { file: join(folder, 'b.yaml'), line: 2, code: 'MF_CONFIG_SYNTAX' },
      { file: join(folder, 'main.yaml'), line: 2, code: 'MF_CONFIG_ENV' },
    ]);
  });

  test('a missing file is a complaint where it is named', async () => {
    const { reading } = await readFiles({ 'main.yaml': 'a:\n  - !include nope.yaml' });
    expect(reading.complaints).toMatchObject([{ code: 'MF_CONFIG_INCLUDE', line: 2, column: 14, path: ['a', 0] }]);
  });
});

describe('what is wrong with the text is told at its line and column', () => {
  test.each([
    { text: 'a: 1\nb: 2\na: 3', want: ['c.yaml:3:1: a: stands twice: first on line 1'] },
    { text: 'x:\n  a: 1\n  "a": 3', want: ['c.yaml:3:3: x.a: stands twice: first on line 2'] },
    { text: 'a: !vault x', want: ['c.yaml:1:4: unknown tag !vault: known are !env, !secret, !include'] },
    { text: 'a: !env [X]', want: ['c.yaml:1:4: !env takes one word, not a list or a mapping'] },
    { text: 'a: !!binary aGk=', want: ['c.yaml:1:4: unknown tag !!binary: known are !env, !secret, !include'] },
    { text: 'a: *b', want: ['c.yaml:1:4: a: no anchor &b stands above'] },
    { text: 'a: *b\nb: &b 1', want: ['c.yaml:1:4: a: no anchor &b stands above'] },
    { text: '? [a]\n: 1', want: ['c.yaml:1:3: a key must be text'] },
    { text: '__proto__: { polluted: 1 }', want: ['c.yaml:1:1: a key must be text'] },
    {
      text: 'a: 1\n---\nb: 1',
      want: [expect.stringMatching(/^c\.yaml:2:1: source contains multiple documents; one is/)],
    },
    {
      text: 'a: [1, 2\nb: "x',
      want: [expect.stringMatching(/^c\.yaml:2:1: /), expect.stringMatching(/^c\.yaml:2:6: /)],
    },
    {
      text: 'a: @b',
      want: ['c.yaml:1:4: plain value cannot start with reserved character @: put it between quotes'],
    },
    { text: '\ta: 1', want: [expect.stringMatching(/^c\.yaml:1:1: tabs are not allowed/)] },
  ])('$text', ({ text, want }) => {
    expect(complaintsOf(read(text))).toEqual(want);
  });

  test('a missing file is a complaint', async () => {
    const file = join(await tempFolder(), 'nope.yaml');
    expect(readConfiguration(file, {})).toEqual({
      document: null,
      files: [file],
      complaints: [
        {
          severity: 'error',
          code: 'MF_CONFIG_FILE',
          path: [],
          message: `there is no file ${file}`,
          file,
          line: 1,
          column: 1,
        },
      ],
    });
  });

  test('a file that is not UTF-8 is a complaint', async () => {
    const file = join(await tempFolder(), 'latin1.yaml');
    await writeFile(file, Buffer.from('a: \xe9', 'latin1'));
    expect(readConfiguration(file, {}).complaints).toMatchObject([{ message: `${file} is not UTF-8 text` }]);
  });
});

describe('a text that would eat the machine is refused', () => {
  test('alias bomb', () => {
    const levels = Array.from({ length: 20 }, (_, n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(n === 0 ? 0 : 9)}1]`);
    expect(complaintsOf(read(levels.join('\n')))).toEqual([expect.stringContaining('more than 500000 values')]);
  });

  test('an alias inside its own anchor', () => {
    expect(complaintsOf(read('a: &a [*a]'))).toEqual([expect.stringContaining('nested more than 100 levels deep')]);
  });

  test('deep nesting', () => {
    expect(complaintsOf(read(`a: ${'['.repeat(5000)}`)).length).toBeGreaterThan(0);
    expect(complaintsOf(read(`a: ${'['.repeat(200)}${']'.repeat(200)}`))).toEqual([
      expect.stringContaining('nested more than 100 levels deep'),
    ]);
  });
});

describe('arbitrary text never crashes the reader', () => {
  const fragments =
    'a|b: |- |? |: |\n|  |[|]|{|}|,|&x |*x|!env |!secret |!include |"|\'|>|#|---\n|...\n|%YAML 1.1\n|<<: |\t|\0|\ufeff|1|~|!!';
  const fragment = fc.constantFrom(...fragments.split('|'), '|');
  test.each([
    { of: 'any characters', text: fc.string({ unit: 'binary' }) },
    { of: 'pieces of YAML', text: fc.array(fragment, { maxLength: 40 }).map(pieces => pieces.join('')) },
  ])('$of', ({ text }) => {
    fc.assert(
      fc.property(text, text => {
        const { document, complaints } = readConfigurationText(text, '/nowhere/c.yaml', ENV);
        expect(document !== null || complaints.length > 0).toBe(true);
        for (const { line, column } of complaints) {
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 500 },
    );
  });
});
