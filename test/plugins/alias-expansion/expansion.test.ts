/** Expansion: what recipients an alias leads to, and that it ends whatever the table holds. */

import { describe, expect, test } from 'vitest';
import { formatMailbox } from '../../../core/index.ts';
import { aMailbox, fakeTable } from '../../../core/testing.ts';
import type { Expanded } from '../../../plugins/alias-expansion/expansion.ts';
import { findLoops } from '../../../plugins/alias-expansion/loops.ts';
import * as fc from '../../support/fast-check.ts';
import { expanded, expandIn, tableOf } from './rules-of.ts';

describe('look-up', () => {
  const rows = [
    'ann+x@example.test: first',
    'ann@example.test: second',
    'ann+x: third',
    'ann: fourth',
    '@example.test: fifth',
  ];

  test.each([
    { missing: 0, want: 'first' },
    { missing: 1, want: 'second' },
    { missing: 2, want: 'third' },
    { missing: 3, want: 'fourth' },
    { missing: 4, want: 'fifth' },
  ])('the $want row decides where the $missing before it are missing', async ({ missing, want }) => {
    const table = await tableOf(rows.slice(missing).toReversed().join('\n'));
    const found = table.find(aMailbox('ann+x@example.test'));
    expect(found?.targets).toMatchObject([{ address: { localPart: want } }]);
  });

  test.each([
    { what: 'case does not count', text: 'Staff: ann', recipient: 'sTAFF@example.test', want: ['ann@example.test'] },
    {
      what: 'a name holds in every domain of the table',
      text: 'staff: ann',
      recipient: 'staff@second.test',
      want: ['ann@second.test'],
    },
    { what: 'a name does not hold elsewhere', text: 'staff: ann', recipient: 'staff@other.test', want: 'no-alias' },
    {
      what: 'an address holds wherever it is',
      text: 'staff@other.test: ann',
      recipient: 'staff@other.test',
      want: ['ann@other.test'],
    },
    { what: 'an extension is not a name', text: 'staff: ann', recipient: '+staff@example.test', want: 'no-alias' },
    {
      what: 'the first delimiter counts',
      text: 'a: x\na+b: y',
      recipient: 'a+b+c@example.test',
      want: ['x@example.test'],
    },
    {
      what: 'a quoted name with @ is no address',
      text: '"a@example.test": x',
      recipient: 'a@example.test',
      want: 'no-alias',
    },
    {
      what: 'a catch-all is for its own domain',
      text: '@example.test: x',
      recipient: 'a@sub.example.test',
      want: 'no-alias',
    },
  ])('$what', async ({ text, recipient, want }) => {
    expect(await expanded(text, recipient)).toEqual(want);
  });

  test('without a delimiter an extension is a part of the name', async () => {
    const table = await tableOf('ann: bob', { delimiters: '' });
    expect(table.find(aMailbox('ann+x@example.test'))).toBeNull();
  });

  test.each([
    { what: 'each delimiter makes an extension', recipient: 'ann-x@example.test', want: 'ann' },
    { what: 'the longer name goes first', recipient: 'john-smith+x@example.test', want: 'john-smith' },
    { what: 'then the shorter one', recipient: 'john-doe+x@example.test', want: 'john' },
    { what: 'owner-list is a name', recipient: 'owner-ann@example.test', want: undefined },
    { what: 'list-request is a name', recipient: 'ann-request@example.test', want: undefined },
  ])('several delimiters: $what', async ({ recipient, want }) => {
    const table = await tableOf('ann: x\njohn-smith: x\njohn: x\nowner: x', { delimiters: '+-' });
    expect(table.find(aMailbox(recipient))?.key).toEqual(
      want === undefined ? undefined : { kind: 'name', localPart: want },
    );
  });

  test('other tables are asked the same names, in the same order, after the file', async () => {
    const table = fakeTable({ 'ann@example.test': ['bob', 'carl@elsewhere.test'] });
    expect(await expanded('ann: nobody', 'Ann+X@example.test', { tables: [table] })).toEqual([
      'bob@example.test',
      'carl@elsewhere.test',
    ]);
    expect(table.lookups.slice(0, 2)).toEqual(['ann+x@example.test', 'ann@example.test']);
    const whole = fakeTable({}, 'patterns');
    expect(await expanded('', 'ann+x@example.test', { tables: [whole] })).toBe('no-alias');
    expect(whole.lookups).toEqual(['ann+x@example.test']);
  });
});

describe('expansion', () => {
  test.each([
    {
      what: 'several, in the order of the table',
      text: 'staff: carl, ann, bob@elsewhere.test',
      want: ['carl@example.test', 'ann@example.test', 'bob@elsewhere.test'],
    },
    {
      what: 'nested, depth first',
      text: 'staff: a, d\na: b, c',
      want: ['b@example.test', 'c@example.test', 'd@example.test'],
    },
    { what: 'each once', text: 'staff: a, b, x\na: x, y\nb: y, x', want: ['x@example.test', 'y@example.test'] },
    { what: 'each once, whatever its case in our domains', text: 'staff: Ann, ann', want: ['Ann@example.test'] },
    {
      what: 'with its case elsewhere (RFC 5321 section 2.4)',
      text: 'staff: Ann@x.test, ann@x.test',
      want: ['Ann@x.test', 'ann@x.test'],
    },
    { what: 'itself means the mailbox', text: 'staff: staff, ann@x.test', want: ['staff@example.test', 'ann@x.test'] },
    {
      what: 'itself with an extension means that mailbox',
      text: 'staff: staff+archive',
      want: ['staff+archive@example.test'],
    },
    {
      what: 'itself, further down',
      text: 'staff: ann\nann: ann, ann@x.test',
      want: ['ann@example.test', 'ann@x.test'],
    },
    {
      what: 'a name is in the domain of its alias',
      text: 'staff: a@second.test\na@second.test: b',
      want: ['b@second.test'],
    },
    {
      what: 'an alias in two domains is followed in both',
      text: 'staff: a, a@second.test\na: b',
      want: ['b@example.test', 'b@second.test'],
    },
    { what: 'a catch-all names its own domain', text: '@example.test: postmaster', want: ['postmaster@example.test'] },
    { what: 'a catch-all catches targets too', text: 'staff: ann\n@example.test: box@x.test', want: ['box@x.test'] },
    {
      what: 'an exception to a catch-all',
      text: 'staff: ann\nann: ann\n@example.test: box@x.test',
      want: ['ann@example.test'],
    },
    {
      what: 'a failing target beside others is left out',
      text: 'staff: ann, bob\nbob: :fail: gone',
      want: ['ann@example.test'],
    },
    { what: 'failing targets alone', text: 'staff: bob, carl\nbob: :fail: gone\ncarl: :fail:', want: 'fail' },
    { what: 'a deferring target defers the whole', text: 'staff: ann, bob\nbob: :defer: moving', want: 'defer' },
    {
      what: 'a black hole beside others is nothing',
      text: 'staff: nobody, ann\nnobody: /dev/null',
      want: ['ann@example.test'],
    },
    { what: 'a black hole alone', text: 'staff: nobody\nnobody: /dev/null', want: 'blackhole' },
    { what: 'a loop and nothing else', text: 'staff: a\na: b\nb: staff', want: 'loop' },
    { what: 'a loop with a way out, all of it', text: 'staff: a, ann\na: b\nb: staff', want: 'loop' },
    { what: 'the mailbox itself, past its aliases', text: 'staff: \\ann\nann: bob', want: ['ann@example.test'] },
    { what: 'the same name in another domain', text: 'staff: @second.test', want: ['staff@second.test'] },
    {
      what: 'a domain that is another name for one',
      text: '@example.test: @other.test\nstaff@other.test: ann@x.test',
      want: ['ann@x.test'],
    },
    {
      what: 'a command and a file, each once',
      text: 'staff: |archive, a, /var/lists/all\na: "|archive", ann',
      want: [
        'staff@example.test by scripts: archive',
        'ann@example.test',
        'staff@example.test by archives: /var/lists/all',
      ],
    },
  ])('$what', async ({ text, want }) => {
    expect(await expanded(text, 'staff@example.test')).toEqual(want);
  });

  test.each([
    {
      what: 'goes on where it is kept',
      text: 'ann: bob, carl@x.test',
      want: ['bob+Lists@example.test', 'carl+Lists@x.test'],
    },
    { what: 'goes on through several aliases', text: 'ann: bob\nbob: carl', want: ['carl+Lists@example.test'] },
    { what: 'goes to the mailbox itself', text: 'ann: \\ann', want: ['ann+Lists@example.test'] },
    { what: 'is not added twice', text: 'ann: bob+Lists', want: ['bob+Lists@example.test'] },
    { what: 'is a part of the name where that has it', text: 'ann+lists: bob', want: ['bob@example.test'] },
    { what: 'is nothing to a catch-all', text: '@example.test: bob@x.test', want: ['bob@x.test'] },
    { what: 'is a part of the name in another domain', text: '@example.test: @x.test', want: ['ann+Lists@x.test'] },
  ])('an extension $what', async ({ text, want }) => {
    expect(await expanded(text, 'ann+Lists@example.test', { rules: { keepExtension: true } })).toEqual(want);
  });

  test('an extension stays behind unless it is kept', async () => {
    expect(await expanded('ann: bob', 'ann+lists@example.test')).toEqual(['bob@example.test']);
  });

  test('says how each was reached', async () => {
    expect(await expandIn('staff: team, ann\n# one team\nteam: bob', 'staff@example.test')).toEqual({
      kind: 'recipients',
      to: [
        { to: aMailbox('bob@example.test'), via: 'staff (aliases:1) -> team (aliases:3)' },
        { to: aMailbox('ann@example.test'), via: 'staff (aliases:1)' },
      ],
      leftOut: [],
    } satisfies Expanded);
  });

  test('says what it left out', async () => {
    const result = await expandIn('staff: ann, bob\nbob: :fail: gone', 'staff@example.test');
    expect(result).toMatchObject({ leftOut: ['staff (aliases:1) -> bob (aliases:2)'] });
  });

  test('exactly the limit is not too many, one more is', async () => {
    const text = `all: ${Array.from({ length: 50 }, (_, index) => `u${index}`).join(', ')}`;
    expect(await expanded(text, 'all@example.test', { rules: { limit: 50 } })).toHaveLength(50);
    expect(await expanded(text, 'all@example.test', { rules: { limit: 49 } })).toBe('too-many');
  });

  test('a chain may be as long as the depth, and no longer', async () => {
    const text = Array.from({ length: 9 }, (_, index) => `a${index}: a${index + 1}`).join('\n');
    expect(await expanded(text, 'a0@example.test', { rules: { depth: 9 } })).toEqual(['a9@example.test']);
    expect(await expanded(text, 'a0@example.test', { rules: { depth: 8 } })).toBe('too-deep');
  });
});

describe('owners', () => {
  const owners = async (text: string, to = 'staff@example.test', given: Parameters<typeof expandIn>[2] = {}) => {
    const result = await expandIn(text, to, given);
    if (result.kind !== 'recipients') return result.kind;
    return result.to.map(one =>
      `${formatMailbox(one.to)} ${one.owner === undefined ? '' : formatMailbox(one.owner)}`.trim(),
    );
  };

  test.each([
    {
      what: 'hears of all that is behind its list',
      text: 'staff: a, b@x.test\nowner-staff: carl',
      want: ['a@example.test owner-staff@example.test', 'b@x.test owner-staff@example.test'],
    },
    {
      what: 'of the inner list goes before that of the outer one',
      text: 'staff: team, a\nteam: b\nowner-staff: carl\nowner-team: dora',
      want: ['b@example.test owner-team@example.test', 'a@example.test owner-staff@example.test'],
    },
    {
      what: 'of the outer list hears of an inner one without',
      text: 'staff: team\nteam: b\nowner-staff: carl',
      want: ['b@example.test owner-staff@example.test'],
    },
    { what: 'has to be an alias', text: 'staff: a', want: ['a@example.test'] },
    { what: 'is no catch-all', text: 'staff: a@x.test\n@example.test: carl@x.test', want: ['a@x.test'] },
  ])('an owner $what', async ({ text, want }) => {
    expect(await owners(text)).toEqual(want);
  });

  test('an owner is no pattern', async () => {
    const tables = [fakeTable({ 'staff@example.test': 'a@x.test', 'owner-staff@example.test': 'carl' }, 'patterns')];
    expect(await owners('', 'staff@example.test', { tables })).toEqual(['a@x.test']);
  });

  test('owners have none, whatever they are called', async () => {
    expect(await owners('owner-staff: a\nowner-owner-staff: b', 'owner-staff@example.test')).toEqual([
      'a@example.test',
    ]);
  });

  test('an owner of a list with an extension is the owner of the list', async () => {
    expect(await owners('staff: a@x.test\nowner-staff: b', 'staff+x@example.test')).toEqual([
      'a@x.test owner-staff@example.test',
    ]);
  });

  test('nobody is an owner where the options say so', async () => {
    expect(await owners('staff: a@x.test\nowner-staff: b', 'staff@example.test', { rules: { owners: false } })).toEqual(
      ['a@x.test'],
    );
  });
});

describe('lists', () => {
  const lists = { '/lists/all': '# all\nann, bob@x.test\n\n\\carl\nstaff2\n', '/lists/none': '# nobody\n' };

  test('each member stands for itself, through its aliases, and says where it stands', async () => {
    expect(
      await expandIn('staff: :include:/lists/all, dora\nstaff2: eve\ncarl: x', 'staff@example.test', { lists }),
    ).toMatchObject({
      to: [
        { to: aMailbox('ann@example.test'), via: 'staff (aliases:1) -> :include: (/lists/all:2)' },
        { to: aMailbox('bob@x.test'), via: 'staff (aliases:1) -> :include: (/lists/all:2)' },
        { to: aMailbox('carl@example.test') },
        { to: aMailbox('eve@example.test'), via: 'staff (aliases:1) -> staff2 (aliases:2)' },
        { to: aMailbox('dora@example.test'), via: 'staff (aliases:1)' },
      ],
    });
  });

  test('an empty list leads to nobody', async () => {
    expect(await expanded('staff: :include:/lists/none', 'staff@example.test', { lists })).toBe('fail');
  });

  test('a list may name its own alias, and no alias above it', async () => {
    const own = { '/l': 'staff\nann' };
    expect(await expanded('staff: :include:/l', 'staff@example.test', { lists: own })).toEqual([
      'staff@example.test',
      'ann@example.test',
    ]);
    expect(await expandIn('all: staff\nstaff: :include:/l', 'all@example.test', { lists: { '/l': 'all' } })).toEqual({
      kind: 'loop',
      via: 'all (aliases:1) -> staff (aliases:2) -> all (aliases:1)',
    });
  });

  test.each([
    '|/bin/sh',
    '"|sh -c x"',
    '/etc/passwd',
    ':include:/lists/other',
    ':fail: no',
    ':blackhole:',
    '/dev/null',
    '@x.test',
  ])('command injection: %s in a list keeps the whole list from being read', async line => {
    await expect(
      expandIn('staff: :include:/l', 'staff@example.test', { lists: { '/l': `ann\n${line}\n` } }),
    ).rejects.toThrow(/^\/l:2:1: a list may name addresses alone/);
  });

  test('command injection: what a database holds leads to addresses alone', async () => {
    for (const value of ['|/bin/sh', '/etc/passwd', ':include:/etc/passwd']) {
      const tables = [fakeTable({ 'staff@example.test': value })];
      await expect(expandIn('', 'staff@example.test', { tables })).rejects.toThrow(
        /makes no sense: \w+ stand in alias files alone/,
      );
    }
  });

  test('a hundred thousand members expand in turns with other work', async () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `u${index}@x.test`).join('\n');
    let turns = 0;
    let over = false;
    const count = () => {
      turns += 1;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    const result = await expanded('all: :include:/l', 'all@example.test', {
      lists: { '/l': text },
      rules: { limit: 100_000 },
    });
    over = true;
    expect(result).toHaveLength(100_000);
    // Once for every 512 members: where they are read, put in line, and expanded.
    expect(turns).toBeGreaterThan(500);
  });
});

describe('alias bomb', () => {
  test('a doubling chain of a hundred aliases ends at once', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => `a${index}: a${index + 1}, a${index + 1}, x${index}`);
    expect(await expanded(rows.join('\n'), 'a0@example.test', { rules: { depth: 100 } })).toHaveLength(101);
  });

  test('more aliases than the limit are not followed, whether or not they lead anywhere', async () => {
    const names = Array.from({ length: 1001 }, (_, index) => `a${index}`);
    const rows = names.map(name => `${name}: :blackhole:`).join('\n');
    expect(await expanded(`all: ${names.join(', ')}\n${rows}`, 'all@example.test')).toBe('too-many');
    expect(await expanded(`all: ${names.slice(1).join(', ')}\n${rows}`, 'all@example.test')).toBe('blackhole');
  });

  test('a chain of a hundred thousand aliases does not exhaust the stack', async () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => `a${index}: a${index + 1}`);
    const table = await tableOf(rows.join('\n'));
    expect(await findLoops(table)).toEqual([]);
    expect(await expanded(rows.join('\n'), 'a0@example.test')).toBe('too-deep');
  });

  test('a table that makes two new addresses of every one ends at the limit', async () => {
    const table = fakeTable();
    let longest = 12;
    const lookup = (key: string) => {
      const [local = ''] = key.split('@');
      if (local.length > longest) return null;
      return { values: [`a${local}@example.test`, `b${local}@example.test`] as [string, string], source: 'bomb:1' };
    };
    const tables = [{ ...table, entries: 'patterns' as const, lookup }];
    expect(await expanded('', 'x@example.test', { tables, rules: { owners: false } })).toBe('too-many');
    longest = 60;
    expect(await expanded('', 'x@example.test', { tables, rules: { owners: false } })).toBe('too-deep');
  });
});

describe('loops', () => {
  test.each([
    { text: 'a: b\nb: c', want: [] },
    { text: 'a: a', want: [] },
    { text: 'a: a+x, a@second.test', want: [] },
    { text: '@example.test: a, b', want: [] },
    { text: 'a: b\nb: a', want: ['a (aliases:1) -> b (aliases:2) -> a (aliases:1)'] },
    { text: 'x: a\na: b\nb: c\nc: a, y', want: ['a (aliases:2) -> b (aliases:3) -> c (aliases:4) -> a (aliases:2)'] },
    { text: 'a: b+1\nb: a+2', want: ['a (aliases:1) -> b (aliases:2) -> a (aliases:1)'] },
    {
      text: 'a@example.test: b@x.test\nb@x.test: A@Example.Test',
      want: ['a@example.test (aliases:1) -> b@x.test (aliases:2) -> a@example.test (aliases:1)'],
    },
    {
      text: '@example.test: a\na: b',
      want: ['@example.test (aliases:1) -> a (aliases:2) -> @example.test (aliases:1)'],
    },
    { text: '@example.test: a\na: b\nb: b', want: [] },
    {
      text: 'a: b, c\nb: a\nc: a',
      want: ['a (aliases:1) -> b (aliases:2) -> a (aliases:1)', 'a (aliases:1) -> c (aliases:3) -> a (aliases:1)'],
    },
  ])('$text', async ({ text, want }) => {
    expect(await findLoops(await tableOf(text))).toEqual(want);
  });

  test('a loop through tables is found when mail meets it, and named', async () => {
    const tables = [fakeTable({ 'b@x.test': 'c@x.test', 'c@x.test': ['d@x.test', 'a@example.test'] })];
    expect(await expandIn('start: a\na: b@x.test', 'start@example.test', { tables })).toEqual({
      kind: 'loop',
      via: 'a (aliases:2) -> b@x.test (fake:b@x.test) -> c@x.test (fake:c@x.test) -> a (aliases:2)',
    });
  });
});

/** Aliases that name each other at random: most such tables hold loops. */
const graph = fc
  .array(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'a@second.test', '@example.test', '@second.test'),
      targets: fc.array(
        fc.constantFrom(
          'a',
          'b',
          'c',
          'd',
          'e',
          'a+x',
          'b@second.test',
          'c@example.test',
          'x',
          'X',
          'y@z.test',
          '/dev/null',
          'z@second.test',
        ),
        { minLength: 1, maxLength: 4 },
      ),
    }),
    { maxLength: 9 },
  )
  .map(rows => rows.map(({ name, targets }) => `${name}: ${targets.join(', ')}`).join('\n'));
const recipient = fc.constantFrom(
  'a@example.test',
  'b+x@example.test',
  'q@example.test',
  'a@second.test',
  'q@second.test',
);

describe('any table at all', () => {
  test('an expansion ends, without duplicates and within the limit', async () => {
    await fc.assert(
      fc.asyncProperty(graph, recipient, fc.integer({ min: 1, max: 6 }), async (text, to, limit) => {
        const result = await expandIn(text, to, { rules: { limit } });
        if (result.kind !== 'recipients') return;
        const addresses = result.to.map(({ to }) => formatMailbox(to).replace(/^X@/, 'x@'));
        expect(addresses.length).toBeGreaterThan(0);
        expect(addresses.length).toBeLessThanOrEqual(limit);
        expect(new Set(addresses).size).toBe(addresses.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('in a table without loops none is met, and every alias leads somewhere', async () => {
    let withoutLoops = 0;
    await fc.assert(
      fc.asyncProperty(graph, recipient, async (text, to) => {
        if ((await findLoops(await tableOf(text))).length > 0) return;
        withoutLoops += 1;
        expect((await expandIn(text, to)).kind).toMatch(/^(?:recipients|blackhole|no-alias)$/);
      }),
      { numRuns: 1000 },
    );
    expect(withoutLoops).toBeGreaterThan(100);
  });

  test('a loop that mail meets is one that was found before', async () => {
    let loops = 0;
    await fc.assert(
      fc.asyncProperty(graph, recipient, async (text, to) => {
        const result = await expandIn(text, to);
        if (result.kind !== 'loop') return;
        loops += 1;
        expect(await findLoops(await tableOf(text))).not.toEqual([]);
      }),
      { numRuns: 1000 },
    );
    expect(loops).toBeGreaterThan(100);
  });
});
