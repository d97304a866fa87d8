/**
 * Addresses beyond ASCII, and the encodings of DSN parameters, against RFC 6531, RFC 3461 and RFC 6533, over the wire. One
 * table a section; where we put up with more than the RFC allows, the table says so.
 */
import { expect, test } from 'vitest';
import { envelopeListener, LENIENT, type Row, verdictsOn } from '../support/envelope-rows.ts';
import { tally } from '../support/tally.ts';

const SMTPUTF8 = 'MAIL FROM:<> SMTPUTF8';

const a = (length: number) => 'a'.repeat(length);

test('RFC 6531 section 3.3 and RFC 5890: a U-label is its A-label', async () => {
  tally(
    'RFC 6531 domains',
    await verdictsOn(
      [
        ['RCPT TO:<ann@bücher.example>', '<ann@xn--bcher-kva.example>'],
        ['RCPT TO:<ann@BÜCHER.Example>', '<ann@xn--bcher-kva.example>'],
        ['RCPT TO:<ann@bu\u0308cher.example>', '<ann@xn--bcher-kva.example>'],
        ['RCPT TO:<ann@XN--BCHER-KVA.example>', '<ann@xn--bcher-kva.example>'],
        ['RCPT TO:<ann@παράδειγμα.δοκιμή>', '<ann@xn--hxajbheg2az3al.xn--jxalpdlp>'],
        ['RCPT TO:<jürgen@example.test>', '<jürgen@example.test>'],
        ['RCPT TO:<JÜRGEN@example.test>', '<JÜRGEN@example.test>'],
        ['RCPT TO:<"jürgen x"@example.test>', '<"jürgen x"@example.test>'],
        ['RCPT TO:<ann@bü cher.example>', '501 5.1.3'],
        ['RCPT TO:<ann@bü..example>', '501 5.1.3'],
        ['RCPT TO:<ann@１２７.0.0.1>', '501 5.1.3'],
        ['RCPT TO:<ann@ü\u200b.example>', '501 5.1.3'],
        ['RCPT TO:<a\u0085b@example.test>', '501 5.1.3'],
        ['RCPT TO:<a\u2028b@example.test>', '501 5.1.3'],
        ['MAIL FROM:<jürgen@bücher.example> SMTPUTF8', '<jürgen@xn--bcher-kva.example>'],
        ['MAIL FROM:<jürgen@bücher.example> BODY=8BITMIME smtputf8', '<jürgen@xn--bcher-kva.example>'],
        ['MAIL FROM:<jürgen@bücher.example> SMTPUTF8=1', '501 5.5.4'],
      ],
      SMTPUTF8,
    ),
    { 'RCPT TO:<ann@ü\u200b.example>': LENIENT },
  );
});

test('RFC 6531 sections 3.5 and 3.7.4.2: nothing beyond ASCII without SMTPUTF8', async () => {
  tally(
    'RFC 6531 without SMTPUTF8',
    await verdictsOn([
      ['MAIL FROM:<jürgen@client.test>', '550 5.6.7'],
      ['MAIL FROM:<ann@bücher.example>', '550 5.6.7'],
      ['MAIL FROM:<@bücher.example:ann@client.test>', '550 5.6.7'],
      ['RCPT TO:<jürgen@example.test>', '553 5.6.7'],
      ['RCPT TO:<ann@bücher.example>', '553 5.6.7'],
      ['RCPT TO:<"jürgen x"@example.test>', '553 5.6.7'],
      ['RCPT TO:<@bücher.example:ann@example.test>', '553 5.6.7'],
      ['RCPT TO:<ann@example.test> ORCPT=utf-8;jürgen@old.test', '501 5.5.4'],
      ['VRFY jürgen', '553 5.6.7'],
      ['VRFY <jürgen@example.test>', '553 5.6.7'],
      ['EXPN jürgens', '553 5.6.7'],
      ['EXPN staff', '252 2.6.8'],
    ]),
  );
});

test('RFC 6531 section 3.7.4.2: with SMTPUTF8 the answer to VRFY and EXPN is in UTF-8', async () => {
  const { client } = await envelopeListener();
  expect(await client.command('VRFY jürgen SMTPUTF8')).toBe('250 2.1.5 <jürgen@example.test>');
  expect(await client.command('EXPN staff smtputf8')).toBe(
    '250-2.1.5 <ann@example.test>\n250 2.1.5 <jürgen@example.test>',
  );
  expect(await client.command('VRFY ann SMTPUTF8')).toBe('250 2.1.5 <ann@example.test>');
  expect(await client.command('VRFY ann')).toBe('250 2.1.5 <ann@example.test>');
  // A user may be called so.
  expect(await client.command('VRFY SMTPUTF8')).toBe('250 2.1.5 <SMTPUTF8@example.test>');
});

test('RFC 3461 sections 4.2 and 4.4: xtext in ORCPT and ENVID', async () => {
  const orcptOfPostfix = 'RCPT TO:<ann@example.test> ORCPT=rfc822;j+C3+BCrgen@old.test';
  tally(
    'RFC 3461 xtext',
    await verdictsOn([
      ['MAIL FROM:<> ENVID=QQ314159', 'QQ314159'],
      ['MAIL FROM:<> ENVID=a+2Bb+3Dc+20d', 'a+b=c d'],
      ['MAIL FROM:<> ENVID=+2b', '501 5.5.4'],
      [`MAIL FROM:<> ENVID=${a(100)}`, a(100)],
      [`MAIL FROM:<> ENVID=${a(101)}`, '501 5.5.4'],
      ['MAIL FROM:<> ENVID=', '501 5.5.4'],
      ['MAIL FROM:<> ENVID', '501 5.5.4'],
      ['MAIL FROM:<> ENVID=a=b', '501 5.5.4'],
      ['MAIL FROM:<> ENVID=a+b', '501 5.5.4'],
      ['MAIL FROM:<> ENVID=a+', '501 5.5.4'],
      ['MAIL FROM:<> ENVID=a+0D+0AX:1', '501 5.5.4'],
      ['MAIL FROM:<> ENVID=a+00', '501 5.5.4'],
      ['MAIL FROM:<> ENVID=a+7F', '501 5.5.4'],
      ['MAIL FROM:<> ENVID=+C3+BC', '501 5.5.4'],
      ['MAIL FROM:<> ENVID=a ENVID=b', '501 5.5.4'],
      ['RCPT TO:<ann@example.test> ORCPT=rfc822;Bob@old.test', 'rfc822 Bob@old.test'],
      ['RCPT TO:<ann@example.test> ORCPT=RFC822;Bob+2Bx+3D1@old.test', 'RFC822 Bob+x=1@old.test'],
      ['RCPT TO:<ann@example.test> ORCPT=rfc822;"john+20doe"@old.test', 'rfc822 "john doe"@old.test'],
      ['RCPT TO:<ann@example.test> ORCPT=x400;/C=de/', '501 5.5.4'],
      ['RCPT TO:<ann@example.test> ORCPT=x400;/C+3Dde/', 'x400 /C=de/'],
      [`RCPT TO:<ann@example.test> ORCPT=rfc822;${a(493)}`, `rfc822 ${a(493)}`],
      [`RCPT TO:<ann@example.test> ORCPT=rfc822;${a(494)}`, '501 5.5.4'],
      ['RCPT TO:<ann@example.test> ORCPT=bob@old.test', '501 5.5.4'],
      ['RCPT TO:<ann@example.test> ORCPT=rfc822;', '501 5.5.4'],
      ['RCPT TO:<ann@example.test> ORCPT=;bob@old.test', '501 5.5.4'],
      ['RCPT TO:<ann@example.test> ORCPT=rfc822;a+0D+0Ab@old.test', '501 5.5.4'],
      ['RCPT TO:<ann@example.test> ORCPT=rfc822;a+zz@old.test', '501 5.5.4'],
      [orcptOfPostfix, '501 5.5.4'],
      ['RCPT TO:<ann@example.test> ORCPT=rfc822;j+FCrgen@old.test', '501 5.5.4'],
    ]),
    { 'MAIL FROM:<> ENVID=+2b': LENIENT, [orcptOfPostfix]: 'Postfix writes it for internationalised recipients' },
  );
});

test('RFC 6533 section 3: the encodings of an address beyond ASCII in ORCPT', async () => {
  const orcpt = (value: string) => `RCPT TO:<ann@example.test> ORCPT=utf-8;${value}`;
  const anywhere: readonly Row[] = [
    [orcpt(String.raw`j\x{FC}rgen@b\x{FC}cher.example`), 'utf-8 jürgen@bücher.example'],
    [orcpt(String.raw`\x{5BB6}@old.test`), 'utf-8 家@old.test'],
    [orcpt(String.raw`\x{1F600}@old.test`), 'utf-8 😀@old.test'],
    [orcpt(String.raw`\x{10FFFD}@old.test`), 'utf-8 \u{10fffd}@old.test'],
    [orcpt(String.raw`"a\x{20}b\x{5C}\x{2B}\x{3D}"@old.test`), String.raw`utf-8 "a b\+="@old.test`],
    [orcpt('ann@old.test'), 'utf-8 ann@old.test'],
    [orcpt(String.raw`\x{0A}@old.test`), '501 5.5.4'],
    [orcpt(String.raw`\x{7F}@old.test`), '501 5.5.4'],
    [orcpt(String.raw`\x{85}@old.test`), '501 5.5.4'],
    [orcpt(String.raw`\x{2028}@old.test`), '501 5.5.4'],
    [orcpt(String.raw`\x{D800}@old.test`), '501 5.5.4'],
    [orcpt(String.raw`\x{110000}@old.test`), '501 5.5.4'],
    [orcpt(String.raw`\x{}@old.test`), '501 5.5.4'],
    [orcpt(String.raw`\x{FC@old.test`), '501 5.5.4'],
    [orcpt(String.raw`\xFC@old.test`), '501 5.5.4'],
    [orcpt(String.raw`a\b@old.test`), '501 5.5.4'],
    [orcpt('a+C3+BC@old.test'), '501 5.5.4'],
    [orcpt('a=b@old.test'), '501 5.5.4'],
    [orcpt(String.raw`\x{41}nn@old.test`), '501 5.5.4'],
    [orcpt(String.raw`\x{00FC}@old.test`), '501 5.5.4'],
  ];
  const lenient = { [orcpt(String.raw`\x{41}nn@old.test`)]: LENIENT, [orcpt(String.raw`\x{00FC}@old.test`)]: LENIENT };
  tally('RFC 6533 without SMTPUTF8', await verdictsOn(anywhere), lenient);
  const unitext: readonly Row[] = [
    [orcpt('jürgen@bücher.example'), 'utf-8 jürgen@bücher.example'],
    [orcpt(String.raw`jürgen\x{2B}x@old.test`), 'utf-8 jürgen+x@old.test'],
    ['RCPT TO:<ann@example.test> ORCPT=rfc822;jürgen@old.test', '501 5.5.4'],
    [orcpt('a\u0085b@old.test'), '501 5.1.3'],
  ];
  tally('RFC 6533 with SMTPUTF8', await verdictsOn([...anywhere, ...unitext], SMTPUTF8), lenient);
});
