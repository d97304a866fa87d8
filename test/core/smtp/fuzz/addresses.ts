/** Paths of every kind that stands in MAIL and RCPT: right, odd, wrong, hostile (RFC 5321 section 4.1.2, RFC 6531). */
import type { Dice, Weighted } from './dice.ts';

/** Words on which the plugins of the fuzzer act, beside those that nobody minds. */
const LOCAL_PARTS = ['ann', 'bob', 'carl', 'staff', 'postmaster', 'Ann', 'a+b', 'nobody'] as const;
const ACTING = ['refuse', 'defer', 'throw', 'hang', 'hangup', 'late'] as const;
const DOMAINS: readonly Weighted<string>[] = [
  [12, 'example.test'],
  [4, 'strict.example.test'],
  [4, 'client.test'],
  [1, 'EXAMPLE.test'],
  [1, 'spam.test'],
  [1, '[192.0.2.1]'],
  [1, '[IPv6:2001:db8::1]'],
  [1, 'xn--bcher-kva.example.test'],
];

/** Each one whole, with whatever stands around it. UTF-8 is written as octets. */
const ODD = [
  '<>',
  '<Postmaster>',
  '<"a b"@example.test>',
  String.raw`<"a\"b"@example.test>`,
  '<"a@b"@example.test>',
  '<""@example.test>',
  '<@one.test,@two.test:bob@example.test>',
  '<@one.test:>',
  '<bob@[IPv6:::]>',
  '<bob@[tag:x]>',
  '<bob@[192.0.2.256]>',
  '<b\xc3\xbcrger@example.test>',
  '<bob@b\xc3\xbccher.example.test>',
  '<b\xfcrger@example.test>',
  '<bob%client.test@example.test>',
  '<client.test!bob>',
  `<${'l'.repeat(64)}@example.test>`,
  `<${'l'.repeat(65)}@example.test>`,
  `<bob@${'d'.repeat(63)}.example.test>`,
  `<bob@${'d.'.repeat(130)}test>`,
  '<.bob@example.test>',
  '<b..b@example.test>',
  '<bob@example..test>',
  '<bob@>',
  '<@>',
  '<bob>',
  '<bob@example.test',
  'bob@example.test>',
  'bob@example.test',
  '<<bob@example.test>>',
  '< bob@example.test >',
  '<bob@example.test> <carl@example.test>',
  '<bob@example.test>,<carl@example.test>',
  '<bob(hidden)@example.test>',
  '<bob@exa\0mple.test>',
  '<bob\r@example.test>',
  '<bob\n@example.test>',
  '<bob\x1b[31m@example.test>',
  '<bob\t@example.test>',
  '<bob\xe2\x80\xa8@example.test>',
  '<bob@exam_ple.test>',
  '<bob@example.test.>',
  '<bob@-example.test>',
  '',
  ' ',
  '<',
] as const;

/** A path that means something, with words on which plugins act now and then. */
export function goodPath(dice: Dice): string {
  const local = dice.chance(0.1) ? dice.pick(ACTING) : dice.pick(LOCAL_PARTS);
  return `<${local}@${dice.weighted(DOMAINS)}>`;
}

/** Any path. */
export function anyPath(dice: Dice): string {
  return dice.chance(0.8) ? goodPath(dice) : dice.pick(ODD);
}
