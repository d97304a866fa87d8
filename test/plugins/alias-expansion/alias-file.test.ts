/** The grammar of alias files: what is read, what is refused, and that nothing throws. */

import { describe, expect, test } from 'vitest';
import { formatLocalPart, parseLocalPart } from '../../../core/index.ts';
import type { Address, Alias, AliasKey, Target } from '../../../plugins/alias-expansion/alias.ts';
import { formatAlias } from '../../../plugins/alias-expansion/alias-file.ts';
import { ofOurs } from '../../../plugins/alias-expansion/permission.ts';
import * as fc from '../../support/fast-check.ts';
import { read } from './rules-of.ts';

/** The aliases of a text that must be right, as they are formatted. */
function formatted(text: string): readonly string[] {
  const { aliases, faults } = read(text);
  expect(faults).toEqual([]);
  return aliases.map(formatAlias);
}

describe('what is read', () => {
  test.each([
    { what: 'a target', text: 'staff: ann', want: ['staff: ann'] },
    { what: 'targets', text: 'staff:ann,bob@example.test ,\tcarl', want: ['staff: ann, bob@example.test, carl'] },
    { what: 'no blank after the colon, none before', text: 'staff :ann', want: ['staff: ann'] },
    { what: 'a name with its case folded', text: 'MAILER-DAEMON: Postmaster', want: ['mailer-daemon: Postmaster'] },
    { what: 'a name with a domain', text: 'Staff@Example.Test: ann', want: ['staff@example.test: ann'] },
    { what: 'a catch-all', text: '@Example.Test: ann', want: ['@example.test: ann'] },
    {
      what: 'an address literal',
      text: 'a@[IPv6:2001:DB8::1]: b@[192.0.2.1]',
      want: ['a@[IPv6:2001:db8::1]: b@[192.0.2.1]'],
    },
    { what: 'a domain beyond ASCII', text: 'a@bücher.example: b', want: ['a@xn--bcher-kva.example: b'] },
    { what: 'a name beyond ASCII', text: 'jürgen: ann', want: ['jürgen: ann'] },
    { what: 'quoted names', text: '"John Doe": "jane, \\"J:\\" doe"', want: ['"john doe": "jane, \\"J:\\" doe"'] },
    {
      what: 'quoted local parts',
      text: '"a@b"@example.test: "#c"@example.test',
      want: ['"a@b"@example.test: "#c"@example.test'],
    },
    { what: 'commas more than needed', text: 'staff: ,ann,,bob,', want: ['staff: ann, bob'] },
    {
      what: 'continuation lines',
      text: 'staff: ann,\n  bob,\n\tcarl\nnext: dora',
      want: ['staff: ann, bob, carl', 'next: dora'],
    },
    { what: 'a continuation before the colon', text: 'staff\n : ann', want: ['staff: ann'] },
    { what: 'comments and empty lines', text: '# one\n\n   # two\nstaff: ann\n   \n', want: ['staff: ann'] },
    { what: 'comments amid a continuation', text: 'staff: ann,\n# not bob\n\n  carl', want: ['staff: ann, carl'] },
    { what: 'CRLF and a byte order mark', text: '\ufeffstaff: ann,\r\n bob\r\n', want: ['staff: ann, bob'] },
    {
      what: 'a refusal with its text',
      text: 'ann: :fail: Ann left, write to bob',
      want: ['ann: :fail: Ann left, write to bob'],
    },
    { what: 'a refusal over two lines', text: 'ann: :Fail: Ann\n   left', want: ['ann: :fail: Ann left'] },
    { what: 'a deferral without text', text: 'ann: :defer:', want: ['ann: :defer:'] },
    { what: 'a refusal after a target', text: 'ann: bob, :fail: gone', want: ['ann: bob, :fail: gone'] },
    {
      what: 'a virtual map, without colons',
      text: 'staff ann, bob\n@a.test @b.test\n"j d"@a.test  c',
      want: ['staff: ann, bob', '@a.test: @b.test', '"j d"@a.test: c'],
    },
    {
      what: 'a directive after a blank',
      text: 'ann :fail: gone\nbob :blackhole:',
      want: ['ann: :fail: gone', 'bob: :blackhole:'],
    },
    { what: 'mailboxes past their aliases', text: 'ann: \\ann, \\"j d"@x.test', want: ['ann: \\ann, \\"j d"@x.test'] },
    { what: 'commands', text: 'a: |/bin/x -a, "| /bin/y \\"b, c\\""', want: ['a: "|/bin/x -a", "|/bin/y \\"b, c\\""'] },
    { what: 'files', text: 'a: /var/x, "/var/my box/"', want: ['a: /var/x, "/var/my box/"'] },
    {
      what: 'lists',
      text: 'a: :include:/l/a, ":include: /l/b c", :Include: ./d',
      want: ['a: :include:/l/a, ":include:/l/b c", :include:./d'],
    },
    { what: 'a quoted name with colons', text: 'a: ":fail: x"', want: ['a: ":fail: x"'] },
    {
      what: 'black holes',
      text: 'a: /dev/null\nb: "/dev/null"\nc: :blackhole:',
      want: ['a: :blackhole:', 'b: :blackhole:', 'c: :blackhole:'],
    },
  ])('$what', ({ text, want }) => {
    expect(formatted(text)).toEqual(want);
  });

  test('an alias knows the line of its name', () => {
    const { aliases } = read('\n# people\nstaff: ann,\n  bob\nnext: carl');
    expect(aliases.map(alias => alias.at)).toEqual(['aliases:3', 'aliases:5']);
  });
});

const NOTHING_ALLOWED = ofOurs({ commands: null, paths: null });

describe('what is refused', () => {
  test.each([
    { text: 'staff', want: '1:1', says: 'the colon is missing' },
    { text: 'staff,ann', want: '1:1', says: 'the colon is missing' },
    { text: 'a: b\n\n  # c\nstaff', want: '4:1', says: 'the colon is missing' },
    { text: 'staff:', want: '1:1', says: 'stands for nobody' },
    { text: 'staff: ,', want: '1:1', says: 'stands for nobody' },
    { text: ': ann', want: '1:1', says: 'a name is missing' },
    { text: '  ann', want: '1:1', says: 'none above it' },
    { text: 'staff: ann bob', want: '1:8', says: 'a comma is missing' },
    { text: 'staff: ann\n  bob', want: '1:8', says: 'a comma is missing' },
    { text: 'staff: ann,\n  bob # the builder', want: '2:3', says: 'a line of its own' },
    { text: 'staff: "ann', want: '1:8', says: 'no partner' },
    { text: 'staff: ann,\n  "bob\n  doe"', want: '2:3', says: 'no partner' },
    { text: '"staff: ann', want: '1:1', says: 'no partner' },
    { text: 'root: ro\\ot', want: '1:7', says: 'a backslash stands before' },
    { text: 'root: \\', want: '1:8', says: 'is missing' },
    { text: 'staff: ann@', want: '1:8', says: 'is no address' },
    { text: 'staff: ann@b@c', want: '1:8', says: 'is no address' },
    { text: 'staff: ann..bob', want: '1:8', says: 'is no address' },
    { text: 'staff: Ann <ann@example.test>', want: '1:8', says: 'has a blank' },
    { text: 'staff: a\u0000b', want: '1:8', says: 'is no address' },
    { text: 'staff: a\rb', want: '1:8', says: 'has a blank' },
    { text: 'staff: a\ufffdb', want: '1:8', says: 'not UTF-8' },
    { text: '@no..domain: ann', want: '1:1', says: 'is no domain' },
    { text: 'decode: |/usr/bin/uudecode', want: '1:9', says: 'commands are run only where the option "commands"' },
    { text: 'decode: ann, "|exec sh, -c"', want: '1:14', says: 'commands are run only where the option "commands"' },
    { text: 'log: /var/log/mail', want: '1:6', says: 'files are written only where the option "paths"' },
    { text: 'log: "/var/log/my mail"', want: '1:6', says: 'files are written only where the option "paths"' },
    { text: 'list: :include:', want: '1:7', says: 'the path is missing' },
    { text: 'list: |', want: '1:7', says: 'the command is missing' },
    { text: 'list: :unknown: x', want: '1:7', says: ':unknown: is not known' },
    { text: 'list: :blackhole: x', want: '1:7', says: 'nothing may follow' },
    { text: 'ann: :fail: über', want: '1:6', says: 'printable ASCII' },
  ])('$text', ({ text, want, says }) => {
    const [fault, ...others] = read(text, NOTHING_ALLOWED).faults;
    expect(others).toEqual([]);
    expect(`${fault?.line}:${fault?.column}`).toBe(want);
    expect(fault?.message).toContain(says);
  });

  test('header injection: a reply text cannot hold a line end', () => {
    const { aliases, faults } = read('ann: :fail: gone\r550 x');
    expect(faults).toEqual([]);
    expect(aliases.map(formatAlias)).toEqual(['ann: :fail: gone 550 x']);
  });

  test('every fault of a file is found, and the good lines beside them', () => {
    const { aliases, faults } = read('a: b c\nd: e\nf: g h\n');
    expect(faults.map(fault => fault.line)).toEqual([1, 3]);
    expect(aliases.map(formatAlias)).toEqual(['d: e']);
  });
});

const HOLE: Target = { kind: 'blackhole' };
const localPart = fc
  .oneof(fc.string({ minLength: 1, maxLength: 12 }), fc.stringMatching(/^[a-z/|#+:.@" -]{1,8}$/))
  .filter(text => parseLocalPart(formatLocalPart(text)) === text);
const domain = fc.constantFrom('example.test', 'xn--bcher-kva.example', '[192.0.2.1]', '[IPv6:2001:db8::1]');
const folded = localPart.map(text => text.toLowerCase()).filter(text => text === text.toLowerCase());
const key: fc.Arbitrary<AliasKey> = fc.oneof(
  folded.map(localPart => ({ kind: 'name' as const, localPart })),
  fc.record({ kind: fc.constant('mailbox' as const), localPart: folded, domain }),
  domain.map(domain => ({ kind: 'catch-all' as const, domain })),
);
const address: fc.Arbitrary<Address> = fc.oneof(
  // A name that begins with / or | is a file or a command, even between quotation marks.
  localPart.filter(text => !/^[/|]/.test(text)).map(localPart => ({ localPart, domain: null })),
  fc.record({ localPart, domain }),
);
const target: fc.Arbitrary<Target> = fc.oneof(
  { weight: 5, arbitrary: address.map(address => ({ kind: 'address' as const, address })) },
  fc.constant(HOLE),
);
const last: fc.Arbitrary<Target> = fc.record({
  kind: fc.constantFrom('fail' as const, 'defer' as const),
  text: fc.stringMatching(/^[!-~]{0,20}( [!-~]{1,9})?$/).map(text => text.trim()),
});
const alias: fc.Arbitrary<Pick<Alias, 'key' | 'targets'>> = fc
  .record({ key, some: fc.array(target, { minLength: 1, maxLength: 4 }), end: fc.option(last, { nil: undefined }) })
  .map(({ key, some, end }) => ({ key, targets: end === undefined ? some : [...some, end] }));

describe('any text at all', () => {
  test('never throws, and every place is in the text', () => {
    const pieces = fc.constantFrom(
      'a',
      ':',
      ',',
      '"',
      '\\',
      '\n',
      '\r\n',
      ' ',
      '#',
      '@',
      '|',
      '/',
      '[',
      ']',
      ':fail:',
      '\u0000',
      'é',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces, { maxLength: 40 }).map(parts => parts.join('')),
        ),
        text => {
          const lines = text.split(/\r?\n/);
          for (const { line, column } of read(text).faults) {
            expect(line).toBeGreaterThan(0);
            expect(line).toBeLessThanOrEqual(lines.length);
            expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 2);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('what is formatted is read as the same alias', () => {
    fc.assert(
      fc.property(alias, one => {
        const { aliases, faults } = read(formatAlias(one));
        expect(faults).toEqual([]);
        expect(aliases).toEqual([{ ...one, at: 'aliases:1' }]);
      }),
      { numRuns: 2000 },
    );
  });

  test('what is read is formatted and read as the same alias', () => {
    const names = fc.constantFrom('a', 'B', '"c d"', 'e@example.test', '"/x"@example.test', ':blackhole:', '/dev/null');
    fc.assert(
      fc.property(fc.array(names, { minLength: 1 }), fc.constantFrom(', ', ',', ',\n  '), (targets, comma) => {
        const [first] = read(`list: ${targets.join(comma)}`).aliases;
        expect(first).toBeDefined();
        if (first !== undefined) expect(read(formatAlias(first)).aliases).toEqual([first]);
      }),
    );
  });
});

test('a hundred thousand targets are read in one pass', () => {
  const targets = Array.from({ length: 100_000 }, (_, index) => formatLocalPart(`u${index}`));
  expect(read(`all: ${targets.join(',\n ')}`).aliases[0]?.targets).toHaveLength(100_000);
});
