import { describe, expect, test } from 'vitest';
import { TableUnavailable } from '../../../core/plugin/table.ts';
import { aTable, complaintsAbout, fakeWorld, lookup, valuesOf } from './tables.ts';

describe('map', () => {
  test('a key has the values that are written behind it, whatever its case', async () => {
    const table = await aTable({ map: { Sales: ['ann', 'bob'], '@example.test': 'carl' } });
    expect(await lookup(table, 'sALES')).toEqual({ values: ['ann', 'bob'], source: 'map:Sales' });
    expect(await valuesOf(table, '@Example.test')).toEqual(['carl']);
    expect(await lookup(table, 'nobody')).toBeNull();
    expect(await lookup(table, 'constructor')).toBeNull();
  });

  test('two keys that differ in their case alone are refused', async () => {
    expect(await complaintsAbout({ map: { ann: 'a', ANN: 'b' } })).toEqual([
      'table.map.ANN: the same key as ann, for case does not count: keep one of them',
    ]);
  });
});

describe('file', () => {
  const TABLE = [
    '# who reads what',
    'postmaster   ann@example.test',
    '',
    'sales ann@example.test,',
    '  # a comment in the middle',
    '\tbob@example.test',
    '"john smith"@example.test john',
    '@example.test\tcarl',
  ].join('\n');

  test('is read as postmap reads it, and every entry knows its line', async () => {
    const table = await aTable({ file: './people' }, fakeWorld({ people: TABLE }));
    expect(await lookup(table, 'Postmaster')).toEqual({ values: ['ann@example.test'], source: './people:2' });
    expect(await lookup(table, 'sales')).toEqual({
      values: ['ann@example.test, bob@example.test'],
      source: './people:4',
    });
    expect(await valuesOf(table, '"john smith"@example.test')).toEqual(['john']);
    expect(await valuesOf(table, '@example.test')).toEqual(['carl']);
    expect(await lookup(table, '#')).toBeNull();
  });

  test('lines may end in CRLF, the last one in nothing', async () => {
    const table = await aTable({ file: './people' }, fakeWorld({ people: 'ann a\r\n b\r\nbob c' }));
    expect(await valuesOf(table, 'ann')).toEqual(['a b']);
    expect(await valuesOf(table, 'bob')).toEqual(['c']);
  });

  test('every line that is wrong is named', async () => {
    const people = 'ann a\nbob\n"quote x\nANN b\n';
    expect(await complaintsAbout({ file: './people' }, fakeWorld({ people }))).toEqual([
      'table.file: ./people:2: bob has no value: write it behind the key',
      'table.file: ./people:3: a quotation mark has no second one',
      'table.file: ./people:4: ANN is in ./people:1 already: keep one of them',
    ]);
    expect(await complaintsAbout({ file: './people' }, fakeWorld({ people: ' ann a' }))).toEqual([
      'table.file: ./people:1: begins with white space, but there is no line to go on with',
    ]);
    expect(await complaintsAbout({ file: './people' }, fakeWorld({ people: Buffer.of(0xff) }))).toEqual([
      'table.file: ./people: is not UTF-8 text',
    ]);
    expect(await complaintsAbout({ file: './people' })).toEqual([expect.stringContaining('ENOENT')]);
  });

  test('a change holds from the next look on', async () => {
    const world = fakeWorld({ people: 'ann a\n' });
    const table = await aTable({ file: './people' }, world);
    expect(await valuesOf(table, 'ann')).toEqual(['a']);
    await world.files.replace('people', Buffer.from('ann b\n'));
    await world.clock.advance(1000);
    expect(await valuesOf(table, 'ann')).toEqual(['b']);
  });

  test('a version that is wrong changes nothing, and the log says where', async () => {
    const world = fakeWorld({ people: 'ann a\n' });
    const table = await aTable({ file: './people' }, world);
    expect(await valuesOf(table, 'ann')).toEqual(['a']);
    await world.files.replace('people', Buffer.from('ann b\nbob\n'));
    await world.clock.advance(1000);
    expect(await valuesOf(table, 'ann')).toEqual(['a']);
    expect(world.log.of('refused')).toMatchObject([
      { level: 'error', fields: { cause: './people:2: bob has no value: write it behind the key' } },
    ]);
  });

  test('a file that is not there is no answer, and holds as soon as it is', async () => {
    const world = fakeWorld();
    const table = await aTable({ file: './people' }, world);
    await expect(lookup(table, 'ann')).rejects.toThrow(TableUnavailable);
    await expect(lookup(table, 'ann')).rejects.toThrow(/^\.\/people cannot be asked: .*ENOENT/);
    await world.files.replace('people', Buffer.from('ann a\n'));
    expect(await valuesOf(table, 'ann')).toEqual(['a']);
  });
});

describe('regexp', () => {
  const PATTERNS = [
    '# lists',
    '/^list-(.*)@example\\.test$/  lists+$1@example.test',
    '/^(\\w+)\\.(\\w+)@/            ${2}.$(1)@x costs $$5',
    'if /@blocked\\.test$/',
    '!/^postmaster@/              nobody',
    'endif',
    '/^Case@/i                    exact',
    '/^(a)?b@/                    <$1>',
    '|^pipe\\|d@|                 other mark',
  ].join('\n');
  const table = () => aTable({ regexp: './patterns' }, fakeWorld({ patterns: PATTERNS }));

  test('the first pattern that matches holds, and its groups stand in the result', async () => {
    expect(await lookup(await table(), 'LIST-Cats@example.test')).toEqual({
      values: ['lists+Cats@example.test'],
      source: './patterns:2',
    });
    expect(await valuesOf(await table(), 'ann.smith@example.test')).toEqual(['smith.ann@x costs $5']);
    expect(await lookup(await table(), 'bob@example.test')).toBeNull();
  });

  test('an if holds for the lines up to its endif, and ! is what does not match', async () => {
    expect(await valuesOf(await table(), 'ann@blocked.test')).toEqual(['nobody']);
    expect(await lookup(await table(), 'postmaster@blocked.test')).toBeNull();
    expect(await lookup(await table(), 'ann@example.test')).toBeNull();
  });

  test('case counts where the flag says so, a group that took no part is empty, and any mark will do', async () => {
    expect(await valuesOf(await table(), 'Case@example.test')).toEqual(['exact']);
    expect(await lookup(await table(), 'case@example.test')).toBeNull();
    expect(await valuesOf(await table(), 'b@example.test')).toEqual(['<>']);
    expect(await valuesOf(await table(), 'pipe|d@example.test')).toEqual(['other mark']);
  });

  test('says that its entries are patterns', async () => {
    expect((await table()).entries).toBe('patterns');
    expect((await aTable({ map: { a: 'b' } })).entries).toBe('keys');
  });

  test('patterns may stand in the configuration', async () => {
    const inline = await aTable({ regexp: { '/^list-(.*)@/': 'lists+$1', '/^a/': 'b' } });
    expect(await lookup(inline, 'list-cats@example.test')).toEqual({
      values: ['lists+cats'],
      source: 'regexp:/^list-(.*)@/',
    });
    expect(await complaintsAbout({ regexp: { '/(/': 'x', '/a/': 'b' } })).toEqual([
      expect.stringMatching(/^table\.regexp\.\/\(\/: .*missing closing \)/),
    ]);
  });

  test.each([
    ['ann', 'a pattern is expected, such as /^list-(.*)@/ lists+$1'],
    ['/a/q b', 'there is no flag q; there are i, m and s'],
    ['/a/', 'the pattern has no result: write it behind the pattern'],
    ['/(a)/ $2', 'the result names $2, but the pattern has 1 groups'],
    ['!/(a)/ $1', 'a pattern that must not match has no groups for the result'],
    ['endif', 'endif without an if'],
    ['if /a/', 'if without an endif'],
    ['if /a/ b\nendif', 'nothing may stand behind the pattern of an if'],
  ])('%s is refused', async (patterns, message) => {
    const [complaint] = await complaintsAbout({ regexp: './patterns' }, fakeWorld({ patterns }));
    expect(complaint).toBe(`table.regexp: ./patterns:1: ${message}`);
  });

  test.each(['/(a)\\1/ b', '/(?=a)b/ c', '/(?<!a)b/ c'])(
    'what takes more than linear time is refused: %s',
    async patterns => {
      const [complaint] = await complaintsAbout({ regexp: './patterns' }, fakeWorld({ patterns }));
      expect(complaint).toContain('patterns are those of RE2, without look-around and back references');
    },
  );

  // Each of them takes a backtracking matcher longer than anybody lives. A time-out of the test is its failure.
  test.each(['/^(a+)+$/ x', '/^(a|a)*$/ x', '/^(.*a){12}$/ x', '/^(([a-z])+.)+[A-Z]([a-z])+$/i x'])(
    'catastrophic backtracking: %s',
    async patterns => {
      const slow = await aTable({ regexp: './patterns' }, fakeWorld({ patterns }));
      expect(await lookup(slow, `${'a'.repeat(20_000)}!`)).toBeNull();
    },
  );
});
