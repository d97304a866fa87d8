/**
 * Addresses against RFC 5321, over the wire: what a command line is understood as, or refused with. One table a section;
 * where we put up with more than the RFC allows, the table says so.
 */
import { expect, test } from 'vitest';
import { parseDomain } from '../../core/mail/domain.ts';
import { formatPath } from '../../core/mail/path.ts';
import { envelopeListener, LENIENT, verdictsOn } from '../support/envelope-rows.ts';
import { tally } from '../support/tally.ts';

const a = (length: number) => 'a'.repeat(length);
const SMTPUTF8 = 'MAIL FROM:<> SMTPUTF8';
/** A domain of so many octets in labels of one letter, and one of two where it must be. */
const domainOf = (octets: number) => `${'b.'.repeat(Math.floor((octets - 2) / 2))}${a(octets % 2 === 0 ? 2 : 3)}`;

test('RFC 5321 section 4.1.2: local parts', async () => {
  tally(
    'RFC 5321 local parts',
    await verdictsOn([
      ['RCPT TO:<ann@example.test>', '<ann@example.test>'],
      ['RCPT TO:<Ann@example.test>', '<Ann@example.test>'],
      ['RCPT TO:<ANN@EXAMPLE.TEST>', '<ANN@example.test>'],
      ["RCPT TO:<!#$%&'*+-/=?^_`{|}~@example.test>", "<!#$%&'*+-/=?^_`{|}~@example.test>"],
      ['RCPT TO:<ann.lee@example.test>', '<ann.lee@example.test>'],
      ['RCPT TO:<"john doe"@example.test>', '<"john doe"@example.test>'],
      ['RCPT TO:<"a@b"@example.test>', '<"a@b"@example.test>'],
      ['RCPT TO:<"a>b"@example.test>', '<"a>b"@example.test>'],
      ['RCPT TO:<"ann"@example.test>', '<ann@example.test>'],
      [String.raw`RCPT TO:<"\a\n\n"@example.test>`, '<ann@example.test>'],
      [String.raw`RCPT TO:<"a\"b\\c"@example.test>`, String.raw`<"a\"b\\c"@example.test>`],
      ['RCPT TO:<"a..b."@example.test>', '<"a..b."@example.test>'],
      ['RCPT TO:<""@example.test>', '<""@example.test>'],
      ['RCPT TO:<a..b@example.test>', '501 5.1.3'],
      ['RCPT TO:<.a@example.test>', '501 5.1.3'],
      ['RCPT TO:<a.@example.test>', '501 5.1.3'],
      ['RCPT TO:<john doe@example.test>', '501 5.1.3'],
      ['RCPT TO:<"a"b@example.test>', '501 5.1.3'],
      ['RCPT TO:<"a@example.test>', '501 5.1.3'],
      [String.raw`RCPT TO:<"a\"@example.test>`, '501 5.1.3'],
      [String.raw`RCPT TO:<a\ b@example.test>`, '501 5.1.3'],
      ['RCPT TO:<(comment)ann@example.test>', '501 5.1.3'],
      ['RCPT TO:<a@b@example.test>', '501 5.1.3'],
      ['RCPT TO:<@example.test>', '501 5.1.3'],
      ['RCPT TO:<"a\tb"@example.test>', '501 5.1.3'],
      ['RCPT TO:<"a\u007fb"@example.test>', '500 5.5.2'],
      ['MAIL FROM:<"john doe"@client.test>', '<"john doe"@client.test>'],
      ['MAIL FROM:<Ann@client.test>', '<Ann@client.test>'],
      ['MAIL FROM:<>', '<>'],
      ['RCPT TO:<>', '501 5.1.3'],
      ['rcpt to:<ann@example.test>', '<ann@example.test>'],
      ['RCPT TO: <ann@example.test>', '501 5.5.4'],
      ['RCPT TO:\t<ann@example.test>', '501 5.1.3'],
      ['RCPT TO:\u00a0<ann@example.test>', '501 5.1.3'],
      ['RCPT TO:ann@example.test', '501 5.1.3'],
      ['RCPT TO <ann@example.test>', '501 5.5.4'],
      ['RCPT <ann@example.test>', '501 5.5.4'],
    ]),
    { 'RCPT TO: <ann@example.test>': LENIENT },
  );
});

test('RFC 5321 section 2.4: local parts that differ in case are two recipients, one that is quoted is not', async () => {
  const { its, client } = await envelopeListener();
  await client.command('MAIL FROM:<>');
  for (const path of ['<ann@example.test>', '<Ann@Example.Test>', '<"ann"@example.test>', '<ANN@example.test>']) {
    expect(await client.command(`RCPT TO:${path}`)).toMatch(/^250 /);
  }
  await client.command('DATA');
  await client.command('Subject: x\r\n\r\n.');
  const recipients = its.committed[0]?.flatMap(({ mail }) => mail.envelope.recipients) ?? [];
  expect(recipients.map(({ forwardPath }) => formatPath(forwardPath))).toEqual([
    '<ann@example.test>',
    '<Ann@example.test>',
    '<ANN@example.test>',
  ]);
});

test('RFC 5321 section 4.1.1.3: the postmaster needs no domain, in any case of letters', async () => {
  tally(
    'RFC 5321 postmaster',
    await verdictsOn([
      ['RCPT TO:<Postmaster>', '<postmaster@mx.example.test>'],
      ['RCPT TO:<postmaster>', '<postmaster@mx.example.test>'],
      ['RCPT TO:<POSTMASTER>', '<postmaster@mx.example.test>'],
      ['RCPT TO:<pOsTmAsTeR> NOTIFY=NEVER', '<postmaster@mx.example.test>'],
      ['RCPT TO:<POSTMASTER@example.test>', '<POSTMASTER@example.test>'],
      ['RCPT TO:<postmaster@>', '501 5.1.3'],
      ['RCPT TO:<abuse>', '501 5.1.3'],
      ['RCPT TO:<postmaster2>', '501 5.1.3'],
      ['MAIL FROM:<postmaster>', '501 5.1.7'],
    ]),
  );
});

test('RFC 5321 section 4.1.3: address literals', async () => {
  tally(
    'RFC 5321 address literals',
    await verdictsOn([
      ['RCPT TO:<ann@[192.0.2.1]>', '<ann@[192.0.2.1]>'],
      ['RCPT TO:<ann@[IPv6:2001:db8::1]>', '<ann@[IPv6:2001:db8::1]>'],
      ['RCPT TO:<ann@[ipv6:2001:0DB8:0:0:0:0:0:1]>', '<ann@[IPv6:2001:db8::1]>'],
      ['RCPT TO:<ann@[IPv6:2001:db8::192.0.2.1]>', '<ann@[IPv6:2001:db8::c000:201]>'],
      ['RCPT TO:<ann@[IPv6:1:2:3:4:5:6:7:8]>', '<ann@[IPv6:1:2:3:4:5:6:7:8]>'],
      ['RCPT TO:<ann@[IPv6:::]>', '<ann@[IPv6:::]>'],
      ['RCPT TO:<ann@[X-Net:10-20!>]>', '<ann@[x-net:10-20!>]>'],
      ['MAIL FROM:<ann@[192.0.2.1]>', '<ann@[192.0.2.1]>'],
      ['RCPT TO:<ann@[192.0.2.256]>', '501 5.1.3'],
      ['RCPT TO:<ann@[192.0.2.01]>', '501 5.1.3'],
      ['RCPT TO:<ann@[192.0.2]>', '501 5.1.3'],
      ['RCPT TO:<ann@[2001:db8::1]>', '501 5.1.3'],
      ['RCPT TO:<ann@[IPv6:1:2:3:4:5:6:7]>', '501 5.1.3'],
      ['RCPT TO:<ann@[IPv6:1::2::3]>', '501 5.1.3'],
      ['RCPT TO:<ann@[IPv6:fe80::1%eth0]>', '501 5.1.3'],
      ['RCPT TO:<ann@[IPv6:g::]>', '501 5.1.3'],
      ['RCPT TO:<ann@[x-net:]>', '501 5.1.3'],
      ['RCPT TO:<ann@[-:x]>', '501 5.1.3'],
      ['RCPT TO:<ann@[]>', '501 5.1.3'],
      ['RCPT TO:<ann@[192.0.2.1>', '501 5.1.3'],
      ['RCPT TO:<ann@192.0.2.1>', '501 5.1.3'],
    ]),
  );
});

test('RFC 5321 sections 3.3 and 4.1.1.3: a source route is read, and dropped', async () => {
  tally(
    'RFC 5321 source routes',
    await verdictsOn([
      ['RCPT TO:<@one.test:ann@example.test>', '<ann@example.test>'],
      ['RCPT TO:<@one.test,@two.test:ann@example.test>', '<ann@example.test>'],
      ['RCPT TO:<@[192.0.2.1],@[IPv6:::1]:"a@b"@example.test>', '<"a@b"@example.test>'],
      ['MAIL FROM:<@one.test:ann@client.test>', '<ann@client.test>'],
      ['RCPT TO:<@one.test@two.test:ann@example.test>', '501 5.1.3'],
      ['RCPT TO:<@one.test,two.test:ann@example.test>', '501 5.1.3'],
      ['RCPT TO:<@one.test;ann@example.test>', '501 5.1.3'],
      ['RCPT TO:<@one.test: ann@example.test>', '501 5.1.3'],
      ['RCPT TO:<@:ann@example.test>', '501 5.1.3'],
      ['RCPT TO:<one.test:ann@example.test>', '501 5.1.3'],
    ]),
  );
});

test('RFC 5321 section 4.5.3.1: 64 octets of local part, 255 of domain, 256 of path, quotation marks and brackets included', async () => {
  tally(
    'RFC 5321 lengths',
    await verdictsOn([
      [`RCPT TO:<${a(64)}@example.test>`, `<${a(64)}@example.test>`],
      [`RCPT TO:<${a(65)}@example.test>`, '501 5.1.3'],
      [`RCPT TO:<"${a(61)} "@example.test>`, `<"${a(61)} "@example.test>`],
      [`RCPT TO:<"${a(62)} "@example.test>`, '501 5.1.3'],
      [`RCPT TO:<ann@${a(63)}.test>`, `<ann@${a(63)}.test>`],
      [`RCPT TO:<ann@${a(64)}.test>`, '501 5.1.3'],
      [`RCPT TO:<a@${domainOf(252)}>`, `<a@${domainOf(252)}>`],
      [`RCPT TO:<a@${domainOf(253)}>`, '501 5.1.3'],
      [`RCPT TO:<a@${domainOf(255)}>`, '501 5.1.3'],
      [`MAIL FROM:<a@${domainOf(252)}>`, `<a@${domainOf(252)}>`],
      [`MAIL FROM:<a@${domainOf(253)}>`, '501 5.1.7'],
    ]),
  );
  expect(parseDomain(domainOf(255))).toBe(domainOf(255));
  expect(parseDomain(domainOf(256))).toBeNull();
  tally(
    'RFC 6531 lengths in octets',
    await verdictsOn(
      [
        [`RCPT TO:<${'ä'.repeat(32)}@example.test>`, `<${'ä'.repeat(32)}@example.test>`],
        [`RCPT TO:<${'ä'.repeat(32)}a@example.test>`, '501 5.1.3'],
        [`RCPT TO:<${'😀'.repeat(16)}@example.test>`, `<${'😀'.repeat(16)}@example.test>`],
        [`RCPT TO:<"${'😀'.repeat(16)}"@example.test>`, '501 5.1.3'],
      ],
      SMTPUTF8,
    ),
  );
});
