/** The decision procedure over conditions agrees with the code that tries mail, on random conditions and random mail. */
import { describe, expect, test } from 'vitest';
import { addressClasses, mentionedBy, mentionedInMap } from '../../../core/analysis/address-classes.ts';
import { clientClasses } from '../../../core/analysis/client-classes.ts';
import { comesOut, type MapTest, type Test } from '../../../core/analysis/formula.ts';
import { exampleOf, exclude, implies, remainder } from '../../../core/analysis/implication.ts';
import type { Setting, World } from '../../../core/analysis/model.ts';
import { DemandIndex, type RouteDemand } from '../../../core/analysis/route-demands.ts';
import { type SessionKind, sessionOf } from '../../../core/analysis/session-kinds.ts';
import { holds } from '../../../core/chain/condition.ts';
import type { ReversePath } from '../../../core/mail/address.ts';
import { parseAddressPattern } from '../../../core/mail/address-pattern.ts';
import type { AddressPattern, Condition, TextPattern } from '../../../core/mail/condition.ts';
import { directRecipient } from '../../../core/mail/envelope.ts';
import { inRanges } from '../../../core/mail/ip-ranges.ts';
import { parseMailbox } from '../../../core/mail/path.ts';
import * as fc from '../../support/fast-check.ts';

const SESSIONS: readonly SessionKind[] = [
  { listener: 'in', protocol: 'smtp', tls: [false, true], authenticated: [false], sender: 'any', clients: [] },
  { listener: 'out', protocol: 'smtp', tls: [true], authenticated: [false, true], sender: 'any', clients: [] },
  {
    listener: 'mailframe',
    protocol: 'smtp',
    tls: [false],
    authenticated: [false],
    sender: 'null',
    clients: ['127.0.0.1'],
  },
];
const SETTING: Setting = {
  sessions: SESSIONS,
  facts: new Map([
    ['colour', { words: ['red', 'green', 'blue'], several: false }],
    ['tags', { words: null, several: true }],
  ]),
};

const some = <T>(values: fc.Arbitrary<T>) => fc.array(values, { minLength: 1, maxLength: 3 });
const pattern = (text: string): AddressPattern => {
  const read = parseAddressPattern(text);
  if (read === null) throw new Error(text);
  return read;
};
const ADDRESSES = [
  '*',
  '@a.test',
  '@.a.test',
  '@b.a.test',
  '@.b.a.test',
  'ann@a.test',
  'ann+x@a.test',
  'bob@b.a.test',
  '@c.test',
];
const addresses = (more: readonly string[]) => some(fc.constantFrom(...ADDRESSES.slice(1), ...more).map(pattern));
const text = fc.constantFrom<TextPattern>(
  { kind: 'present' },
  { kind: 'contains', text: 'Sale' },
  { kind: 'contains', text: 'sale now' },
  { kind: 'equals', text: 'Sale' },
  { kind: 'equals', text: 'a big sale now' },
);
const simple: fc.Arbitrary<Condition> = fc.oneof(
  some(fc.constantFrom('in', 'out')).map(ids => ({ kind: 'listener', ids }) as const),
  some(fc.constantFrom('10.0.0.0/8', '10.1.0.0/16', '10.1.2.3', '0.0.0.0/0', '2001:db8::/32', '::/0')).map(
    ranges => ({ kind: 'client', ranges }) as const,
  ),
  fc.boolean().map(is => ({ kind: 'tls', is }) as const),
  fc.boolean().map(is => ({ kind: 'authenticated', is }) as const),
  addresses(['<>', '*']).map(patterns => ({ kind: 'sender', patterns }) as const),
  addresses([]).map(patterns => ({ kind: 'recipient', patterns }) as const),
  some(text).map(patterns => ({ kind: 'header', field: 'Subject', patterns }) as const),
  fc
    .tuple(fc.constantFrom(0, 11, 101), fc.constantFrom(10, 100, Number.MAX_SAFE_INTEGER))
    .map(([atLeast, atMost]) => ({ kind: 'size', atLeast, atMost }) as const),
  some(fc.constantFrom('red', 'green', 'blue')).map(values => ({ kind: 'fact', name: 'colour', values }) as const),
  some(fc.constantFrom('x', 'y')).map(values => ({ kind: 'fact', name: 'tags', values }) as const),
);
const { condition } = fc.letrec<{ condition: Condition }>(tie => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    simple,
    some(tie('condition')).map(of => ({ kind: 'all', of }) as const),
    some(tie('condition')).map(of => ({ kind: 'any', of }) as const),
    tie('condition').map(of => ({ kind: 'not', of }) as const),
  ),
}));
const choice = { transport: 'there', hosts: null };
const map: fc.Arbitrary<MapTest> = fc
  .tuple(fc.constantFrom('recipient' as const, 'sender' as const), some(fc.constantFrom(...ADDRESSES, '<>')))
  .map(([by, keys]) => ({ kind: 'map', map: { by, entries: new Map(keys.map(key => [key, choice])) } }));
const NO_ROUTE = {
  deliver: '',
  hosts: null,
  exchangersOf: null,
  tls: null,
  path: [],
  when: null,
  map: null,
  retry: null,
};
const demand = fc
  .tuple(condition, fc.option(map))
  .map(([one, more]): readonly Test[] => (more === null ? [one] : [one, more]));

const MAILBOXES = [
  'ann@a.test',
  'ann+x@a.test',
  'ann+x+y@a.test',
  'ann+y@a.test',
  'bob@a.test',
  'bob@b.a.test',
  'bob+z@b.a.test',
  'eve@c.b.a.test',
  'eve@d.a.test',
  'eve@c.test',
  'eve@x.c.test',
  'eve@z.test',
];
const path = fc.constantFrom<ReversePath>(...MAILBOXES.map(one => parseMailbox(one)), null);
const world: fc.Arbitrary<World> = fc
  .record({
    kind: fc.constantFrom(...SESSIONS),
    client: fc.constantFrom('10.1.2.3', '10.1.2.4', '10.2.0.1', '192.0.2.1', '2001:db8::1', 'fd00::1'),
    sender: path,
    recipient: path.filter(one => one !== null),
    size: fc.constantFrom(0, 5, 10, 11, 50, 100, 101, 1000),
    subject: fc.subarray(['Sale', 'sale', 'SALE NOW', 'a big sale now', 'hello']),
    colour: fc.option(fc.constantFrom('red', 'green', 'blue'), { nil: undefined }),
    tags: fc.option(fc.subarray(['x', 'y', 'z']), { nil: undefined }),
    choose: fc.tuple(fc.nat(1), fc.nat(1)),
  })
  .map(({ kind, client, sender, recipient, size, subject, colour, tags, choose }) => ({
    session: sessionOf(kind, {
      client: kind.sender === 'null' ? '127.0.0.1' : client,
      tls: kind.tls[choose[0] % kind.tls.length] ?? false,
      authenticated: kind.authenticated[choose[1] % kind.authenticated.length] ?? false,
    }),
    reversePath: kind.sender === 'null' ? null : sender,
    recipient: directRecipient(recipient),
    size,
    header: field => (field === 'subject' ? subject : []),
    facts: { ...(colour === undefined ? {} : { colour }), ...(tags === undefined ? {} : { tags }) },
  }));
const worlds = fc.array(world, { minLength: 150, maxLength: 150 });

function meets(of: readonly Test[], one: World): boolean {
  return of.every(test => (test.kind === 'map' ? comesOut({ test, wanted: 'yes' }, one) : holds(test, one) === 'yes'));
}

describe('what is said of conditions holds of mail', () => {
  test('a condition that is called impossible holds of no mail, and an example of one that is not meets it', () => {
    const seen = { impossible: 0, possible: 0 };
    fc.assert(
      fc.property(demand, demand, worlds, (one, other, sample) => {
        const both = [...one, ...other];
        const example = exampleOf(both, SETTING);
        if (example === 'undecided') return;
        seen[example === null ? 'impossible' : 'possible'] += 1;
        if (example === null) expect(sample.filter(mail => meets(both, mail))).toEqual([]);
        else expect(meets(both, example)).toBe(true);
        expect(exclude(one, other, SETTING)).toBe(example === null);
      }),
      { numRuns: 400 },
    );
    expect(Math.min(seen.impossible, seen.possible)).toBeGreaterThan(20);
  });

  test('where one implies another, all mail that meets the one meets the other', () => {
    let implied = 0;
    fc.assert(
      fc.property(demand, demand, worlds, (one, other, sample) => {
        if (!implies(one, other, SETTING)) return;
        implied += 1;
        expect(sample.filter(mail => meets(one, mail) && !meets(other, mail))).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(implied).toBeGreaterThan(10);
  });

  test('what is left over is real, and where nothing is left over each that is named is needed', () => {
    const seen = { left: 0, nothing: 0, undecided: 0 };
    fc.assert(
      fc.property(demand, fc.array(demand, { minLength: 1, maxLength: 6 }), worlds, (one, others, sample) => {
        const left = remainder(one, others, SETTING);
        seen[left.kind] += 1;
        if (left.kind === 'left') {
          expect(meets(one, left.world)).toBe(true);
          expect(others.filter(other => meets(other, left.world))).toEqual([]);
        } else if (left.kind === 'nothing') {
          const named = left.covered.flatMap(index => (others[index] === undefined ? [] : [others[index]]));
          const over = sample.filter(mail => meets(one, mail) && !named.some(other => meets(other, mail)));
          expect(over).toEqual([]);
        }
      }),
      { numRuns: 400 },
    );
    expect(Math.min(seen.left, seen.nothing)).toBeGreaterThan(20);
    expect(seen.undecided).toBeLessThan(5);
  });
});

describe('a few values stand for all', () => {
  const answers = (tests: readonly Test[], one: ReversePath) =>
    tests.map(test => comesOut({ test: test as MapTest, wanted: 'yes' }, viewOf(one))).join();
  const viewOf = (one: ReversePath) => ({
    session: sessionOf({ listener: 'in', protocol: 'smtp' }, { client: '192.0.2.1', tls: false, authenticated: false }),
    facts: {},
    reversePath: one,
  });
  const senders = addresses(['<>', '*']).map((patterns): Test => ({ kind: 'sender', patterns }));
  const senderMap = some(fc.constantFrom(...ADDRESSES, '<>')).map(
    (keys): Test => ({ kind: 'map', map: { by: 'sender', entries: new Map(keys.map(key => [key, choice])) } }),
  );
  const mentioned = (test: Test) =>
    test.kind === 'map' ? mentionedInMap(test.map) : mentionedBy(test.kind === 'sender' ? test.patterns : []);

  test('addresses: of any that there is, one of them is like it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(senders, senderMap), { minLength: 1, maxLength: 4 }), tests => {
        const all = tests.map(mentioned);
        const everybody = new Set([...addressClasses(all, null)].map(one => answers(tests, one)));
        for (const one of [...MAILBOXES.map(parseMailbox), null]) expect(everybody).toContain(answers(tests, one));
        const [first] = tests;
        if (first === undefined) return;
        const within = new Set([...addressClasses(all, mentioned(first))].map(one => answers(tests, one)));
        for (const one of [...MAILBOXES.map(parseMailbox), null]) {
          if (answers([first], one) === 'true') expect(within).toContain(answers(tests, one));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('clients: between two edges of ranges stands one of them', () => {
    const bits = (six: boolean) => (six ? 128 : 32);
    const range = fc
      .tuple(
        fc.constantFrom('10.1.2.3', '10.1.2.4', '10.255.0.1', '255.255.255.255', '2001:db8::1', 'fd00::', '::1'),
        fc.nat(128),
      )
      .map(([address, prefix]) => `${address}/${Math.min(prefix, bits(address.includes(':')))}`);
    const near = [
      '10.1.2.3',
      '10.1.2.4',
      '10.1.2.5',
      '10.1.3.0',
      '10.255.0.1',
      '11.0.0.0',
      '255.255.255.255',
      '0.0.0.1',
      '::1',
      '::2',
      '2001:db8::1',
      '2001:db9::',
      'fd00::',
      'ffff::',
    ];
    fc.assert(
      fc.property(some(range), ranges => {
        const asked = ranges.map(one => inRanges([one]));
        const seen = new Set(
          clientClasses(ranges).map(one => `${one.includes(':')} ${asked.map(ask => ask(one)).join()}`),
        );
        for (const one of near) expect(seen).toContain(`${one.includes(':')} ${asked.map(ask => ask(one)).join()}`);
      }),
      { numRuns: 500 },
    );
  });

  test('a wider range is near a narrower one, and the other way round', () => {
    const by = (...ranges: readonly string[]): readonly Test[] => [{ kind: 'client', ranges }];
    const index = new DemandIndex();
    const all = ['10.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16', '10.1.2.3', '2001:db8::/32'];
    for (const [number, one] of all.entries()) index.add({ demand: by(one), index: number, route: NO_ROUTE });
    const near = (...ranges: readonly string[]) => index.near(by(...ranges)).map(one => all[one.index]);
    expect(near('10.1.0.0/16')).toEqual(['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3']);
    expect(near('10.0.0.0/7')).toEqual(['10.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16', '10.1.2.3']);
    expect(near('10.2.9.9', '2001:db8::1')).toEqual(['10.0.0.0/8', '10.2.0.0/16', '2001:db8::/32']);
  });
});

test('routes that are not tried with each other have no mail in common', () => {
  let apart = 0;
  fc.assert(
    fc.property(fc.array(demand, { minLength: 2, maxLength: 8 }), demands => {
      const index = new DemandIndex();
      const all = demands.map((one, number): RouteDemand => ({ demand: one, index: number, route: NO_ROUTE }));
      for (const one of all) index.add(one);
      for (const one of demands) {
        const near = index.near(one);
        expect(near.map(({ index: number }) => number)).toEqual(
          near.map(({ index: number }) => number).toSorted((a, b) => a - b),
        );
        for (const other of all.filter(candidate => !near.includes(candidate))) {
          apart += 1;
          expect(exclude(one, other.demand, SETTING)).toBe(true);
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(apart).toBeGreaterThan(50);
});

describe('what is proved', () => {
  const of = (value: Condition) => [value];
  const recipient = (...texts: readonly string[]) => of({ kind: 'recipient', patterns: texts.map(pattern) });
  const no = (value: readonly Condition[]): readonly Condition[] => [{ kind: 'not', of: { kind: 'all', of: value } }];

  test.each<{ what: string; one: readonly Condition[]; other: readonly Condition[]; back?: boolean }>([
    { what: 'a mailbox is in its domain', one: recipient('ann@a.test'), other: recipient('@a.test') },
    { what: 'a subdomain of a subdomain', one: recipient('@.b.a.test'), other: recipient('@.a.test') },
    { what: 'everything is any address', one: recipient('@a.test'), other: recipient('*') },
    {
      what: 'a range in a range',
      one: of({ kind: 'client', ranges: ['10.1.0.0/16'] }),
      other: of({ kind: 'client', ranges: ['10.0.0.0/8'] }),
    },
    {
      what: 'two halves make a whole',
      one: of({ kind: 'client', ranges: ['10.0.0.0/8'] }),
      other: of({ kind: 'client', ranges: ['10.0.0.0/9', '10.128.0.0/9'] }),
      back: true,
    },
    {
      what: 'a listener that has TLS',
      one: of({ kind: 'listener', ids: ['out'] }),
      other: of({ kind: 'tls', is: true }),
    },
    {
      what: 'more of a text',
      one: of({ kind: 'header', field: 'Subject', patterns: [{ kind: 'contains', text: 'SALE NOW' }] }),
      other: of({ kind: 'header', field: 'subject', patterns: [{ kind: 'contains', text: 'sale' }] }),
    },
    {
      what: 'the values that are left',
      one: [...no(of({ kind: 'fact', name: 'colour', values: ['red'] }))],
      other: of({ kind: 'fact', name: 'colour', values: ['green', 'blue'] }),
      back: true,
    },
  ])('$what', ({ one, other, back = false }) => {
    expect(implies(one, other, SETTING)).toBe(true);
    expect(implies(other, one, SETTING)).toBe(back);
    expect(exclude(one, other, SETTING)).toBe(false);
  });

  const subject = (...patterns: readonly TextPattern[]) => of({ kind: 'header', field: 'Subject', patterns });
  test.each<{ what: string; one: readonly Condition[]; possible: boolean }>([
    {
      what: 'a text that contains another and is not that',
      one: [...subject({ kind: 'contains', text: 'sale' }), ...no(subject({ kind: 'equals', text: 'sale' }))],
      possible: true,
    },
    {
      what: 'a text that contains more than it may',
      one: [...subject({ kind: 'contains', text: 'big SALE' }), ...no(subject({ kind: 'contains', text: 'sale' }))],
      possible: false,
    },
    {
      what: 'mail of the gateway itself from somebody',
      one: [...no(of({ kind: 'listener', ids: ['in', 'out'] })), { kind: 'sender', patterns: [pattern('@a.test')] }],
      possible: false,
    },
    {
      what: 'mail of the gateway itself from nobody',
      one: [...no(of({ kind: 'listener', ids: ['in', 'out'] })), { kind: 'sender', patterns: [pattern('<>')] }],
      possible: true,
    },
  ])('$what', ({ one, possible }) => {
    expect(exampleOf(one, SETTING) !== null).toBe(possible);
  });

  test('a fact that nobody has stated is neither it nor not it', () => {
    const red = of({ kind: 'fact', name: 'colour', values: ['red'] });
    const left = remainder([], [red, no(red)], SETTING);
    expect(left).toMatchObject({ kind: 'left', world: { facts: {} } });
  });

  test('a search that would take too long says so, and nothing is concluded', () => {
    // Twelve pigeons in eleven holes: true, and long to prove.
    const is = (value: string, name: string): Condition => ({ kind: 'fact', name, values: [value] });
    const pigeons = Array.from({ length: 12 }, (_, index) => `pigeon${index}`);
    const holes = Array.from({ length: 11 }, (_, index) => `hole${index}`);
    const housed = pigeons.map(
      (one): Condition => ({ kind: 'any', of: holes.map(hole => is('yes', `${one} ${hole}`)) }),
    );
    const alone = holes.flatMap(hole =>
      pigeons.flatMap((one, index) =>
        pigeons.slice(index + 1).map((other): Condition => {
          const both = [is('yes', `${one} ${hole}`), is('yes', `${other} ${hole}`)];
          return { kind: 'any', of: both.map(of => ({ kind: 'not', of })) };
        }),
      ),
    );
    expect(exampleOf([...housed, ...alone], SETTING)).toBe('undecided');
    expect(remainder(housed, [[{ kind: 'not', of: { kind: 'all', of: alone } }]], SETTING).kind).toBe('undecided');
  });
});
