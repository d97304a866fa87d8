/** Expansion: what recipients an alias leads to, and that it ends whatever the table holds. */

import { describe, expect, test } from 'vitest';
import { formatMailbox } from '../../../core/index.ts';
import { aMailbox } from '../../../core/testing.ts';
import { parseAliases } from '../../../plugins/alias-expansion/alias-file.ts';
import { AliasTable } from '../../../plugins/alias-expansion/alias-table.ts';
import { type Expanded, expandAlias } from '../../../plugins/alias-expansion/expansion.ts';
import { findLoops } from '../../../plugins/alias-expansion/loops.ts';
import * as fc from '../../support/fast-check.ts';

const LIMIT = 1000;

function tableOf(text: string, domains = ['example.test', 'second.test']): AliasTable {
  return new AliasTable({ aliases: parseAliases(text, 'aliases').aliases, domains, delimiter: '+' });
}

/** The recipients, or the kind of what came out instead. */
function expanded(text: string, recipient: string, limit = LIMIT): readonly string[] | string {
  const result = expandAlias(tableOf(text), aMailbox(recipient), limit);
  return result.kind === 'recipients' ? result.to.map(({ to }) => formatMailbox(to)) : result.kind;
}

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
  ])('the $want row decides where the $missing before it are missing', ({ missing, want }) => {
    const table = tableOf(rows.slice(missing).toReversed().join('\n'));
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
  ])('$what', ({ text, recipient, want }) => {
    expect(expanded(text, recipient)).toEqual(want);
  });

  test('without a delimiter an extension is a part of the name', () => {
    const { aliases } = parseAliases('ann: bob', 'aliases');
    const table = new AliasTable({ aliases, domains: ['example.test'], delimiter: null });
    expect(table.find(aMailbox('ann+x@example.test'))).toBeNull();
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
    { what: 'a loop and nothing else', text: 'staff: a\na: b\nb: staff', want: 'nobody' },
    { what: 'a loop with a way out', text: 'staff: a, ann\na: b\nb: staff', want: ['ann@example.test'] },
  ])('$what', ({ text, want }) => {
    expect(expanded(text, 'staff@example.test')).toEqual(want);
  });

  test('says how each was reached', () => {
    const result = expandAlias(
      tableOf('staff: team, ann\n# one team\nteam: bob'),
      aMailbox('staff@example.test'),
      LIMIT,
    );
    expect(result).toEqual({
      kind: 'recipients',
      to: [
        { to: aMailbox('bob@example.test'), via: 'staff (aliases:1) -> team (aliases:3)' },
        { to: aMailbox('ann@example.test'), via: 'staff (aliases:1)' },
      ],
      leftOut: [],
    } satisfies Expanded);
  });

  test('says what it left out', () => {
    const result = expandAlias(tableOf('staff: ann, bob\nbob: :fail: gone'), aMailbox('staff@example.test'), LIMIT);
    expect(result).toMatchObject({ leftOut: ['staff (aliases:1) -> bob (aliases:2)'] });
  });

  test('exactly the limit is not too many, one more is', () => {
    const text = `all: ${Array.from({ length: 50 }, (_, index) => `u${index}`).join(', ')}`;
    expect(expanded(text, 'all@example.test', 50)).toHaveLength(50);
    expect(expanded(text, 'all@example.test', 49)).toBe('too-many');
  });

  test('alias bomb: a doubling chain of a hundred aliases ends at once', () => {
    const rows = Array.from({ length: 100 }, (_, index) => `a${index}: a${index + 1}, a${index + 1}, x${index}`);
    expect(expanded(rows.join('\n'), 'a0@example.test')).toHaveLength(101);
  });

  test('alias bomb: a chain of a hundred thousand aliases does not exhaust the stack', () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => `a${index}: a${index + 1}`);
    const table = tableOf(rows.join('\n'));
    expect(findLoops(table)).toEqual([]);
    expect(expandAlias(table, aMailbox('a0@example.test'), LIMIT)).toMatchObject({ kind: 'recipients' });
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
  ])('$text', ({ text, want }) => {
    expect(findLoops(tableOf(text))).toEqual(want);
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
  test('an expansion ends, without duplicates and within the limit', () => {
    fc.assert(
      fc.property(graph, recipient, fc.integer({ min: 1, max: 6 }), (text, to, limit) => {
        const result = expandAlias(tableOf(text), aMailbox(to), limit);
        if (result.kind !== 'recipients') return;
        const addresses = result.to.map(({ to }) => formatMailbox(to).replace(/^X@/, 'x@'));
        expect(addresses.length).toBeGreaterThan(0);
        expect(addresses.length).toBeLessThanOrEqual(limit);
        expect(new Set(addresses).size).toBe(addresses.length);
      }),
      { numRuns: 3000 },
    );
  });

  test('in a table without loops every alias leads somewhere, and so does a second look-up of what it names', () => {
    let withoutLoops = 0;
    fc.assert(
      fc.property(graph, recipient, (text, to) => {
        const table = tableOf(text);
        if (findLoops(table).length > 0) return;
        withoutLoops += 1;
        expect(expandAlias(table, aMailbox(to), LIMIT).kind).not.toBe('nobody');
      }),
      { numRuns: 3000 },
    );
    expect(withoutLoops).toBeGreaterThan(100);
  });

  test('a table with nowhere to go has a loop that is found', () => {
    fc.assert(
      fc.property(graph, recipient, (text, to) => {
        const table = tableOf(text);
        if (expandAlias(table, aMailbox(to), LIMIT).kind === 'nobody') expect(findLoops(table)).not.toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });
});
