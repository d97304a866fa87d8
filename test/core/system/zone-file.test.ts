import { describe, expect, test } from 'vitest';
import { MailframeError } from '../../../core/mail/error.ts';
import { readZones, zonesIn } from '../../../core/system/zone-file.ts';
import { zoneResolver } from '../../../core/system/zones.ts';

const resolver = (text: string) => zoneResolver(zonesIn(text));
const found = (...records: readonly unknown[]) => ({ kind: 'found', records });
const complaintsAbout = (text: string) =>
  readZones(text).complaints.map(({ line, column, message }) => `${line}:${column}: ${message}`);

describe('a master file', () => {
  const ZONE = `
$ORIGIN example.test.
$TTL 1h
@         IN SOA ns1 hostmaster\\.of.example.test. ( 2026112601 ; serial
                 3600 600 1209600 300 )
          IN NS  ns1
          IN MX  10 mx1
             MX  20 backup.elsewhere.test.
          60 IN TXT "v=spf1 " "mx -all" ; two strings, one text
mx1       IN 300 A 192.0.2.1
          AAAA 2001:DB8:0::1
WWW       CNAME mx1
_25._tcp.mx1 TLSA 3 1 1 ( ABCD
                          ef01 )
_submission._tcp SRV 0 1 587 mx1
*.wild    MX 10 mx1
a.wild    A 192.0.2.9
null      MX 0 .
1.2.0.192.in-addr.arpa. PTR mx1
`;

  test('is read with origins, times, blanks for the same name, parentheses and comments', async () => {
    const dns = resolver(ZONE);
    expect(await dns.mx('example.test')).toEqual(
      found({ preference: 10, exchange: 'mx1.example.test' }, { preference: 20, exchange: 'backup.elsewhere.test' }),
    );
    expect(await dns.txt('example.test')).toEqual(found('v=spf1 mx -all'));
    expect(await dns.addresses('MX1.example.test.')).toEqual(found('192.0.2.1', '2001:db8::1'));
    expect(await dns.reverse('192.0.2.1')).toEqual(found('mx1.example.test'));
    expect(await dns.mx('null.example.test')).toEqual(found({ preference: 0, exchange: '' }));
    expect(await dns.lookUp('_25._tcp.mx1.example.test', 'TLSA')).toMatchObject({
      answer: found({ usage: 3, selector: 1, matchingType: 1, data: 'abcdef01' }),
      dnssec: 'insecure',
      ttl: 3_600_000,
    });
  });

  test('has the shortest time of a name, and follows aliases', async () => {
    const dns = resolver(ZONE);
    expect(await dns.lookUp('www.example.test', 'A')).toEqual({
      answer: found('192.0.2.1'),
      dnssec: 'insecure',
      name: 'mx1.example.test',
      ttl: 300_000,
    });
    const loop = resolver('$ORIGIN test.\na CNAME b\nb CNAME a');
    expect(await loop.mx('a.test')).toMatchObject({ kind: 'unavailable' });
  });

  test('tells a name that only has others below it from one that does not exist', async () => {
    const dns = resolver(ZONE);
    expect(await dns.mx('_tcp.example.test')).toEqual({ kind: 'no-records' });
    expect(await dns.mx('_submission._tcp.example.test')).toEqual({ kind: 'no-records' });
    expect(await dns.mx('nowhere.example.test')).toEqual({ kind: 'no-such-domain' });
  });

  test('has wildcards, which stand for no name that exists', async () => {
    const dns = resolver(ZONE);
    const wanted = found({ preference: 10, exchange: 'mx1.example.test' });
    expect(await dns.mx('b.wild.example.test')).toEqual(wanted);
    expect(await dns.mx('c.b.wild.example.test')).toEqual(wanted);
    expect(await dns.mx('a.wild.example.test')).toEqual({ kind: 'no-records' });
    expect(await dns.mx('b.a.wild.example.test')).toEqual({ kind: 'no-such-domain' });
    expect(await dns.mx('wild.example.test')).toEqual({ kind: 'no-records' });
  });

  test('says what fails, for a name or for types of it', async () => {
    const dns = resolver(`
$ORIGIN example.test.
*        A 192.0.2.1
slow     A 192.0.2.1
$FAULT timeout  slow
$FAULT servfail half AAAA MX
half     A 192.0.2.2
$FAULT bogus    forged
$FAULT nxdomain gone
`);
    expect(await dns.addresses('slow.example.test')).toEqual({
      kind: 'unavailable',
      cause: 'A slow.example.test: no answer in time',
    });
    expect(await dns.addresses('half.example.test')).toEqual(found('192.0.2.2'));
    expect(await dns.mx('half.example.test')).toEqual({ kind: 'unavailable', cause: 'MX half.example.test: SERVFAIL' });
    expect(await dns.txt('forged.example.test')).toMatchObject({ kind: 'unavailable' });
    expect(await dns.addresses('any.example.test')).toEqual(found('192.0.2.1'));
    expect(await dns.addresses('gone.example.test')).toEqual({ kind: 'no-such-domain' });
  });

  test('is worth what DNSSEC says of every link', async () => {
    const dns = resolver(`
$ORIGIN example.test.
$DNSSEC secure
signed A 192.0.2.1
alias  CNAME plain
$DNSSEC insecure
plain  A 192.0.2.2
`);
    expect(await dns.lookUp('signed.example.test', 'A')).toMatchObject({ dnssec: 'secure' });
    expect(await dns.lookUp('alias.example.test', 'A')).toMatchObject({
      dnssec: 'insecure',
      answer: found('192.0.2.2'),
    });
  });

  test('holds escapes', async () => {
    const dns = resolver(String.raw`t.test. TXT "a \"quoted\" \195\164; no comment" b\;c`);
    expect(await dns.txt('t.test')).toEqual(found('a "quoted" ä; no commentb;c'));
  });
});

describe('what is no master file', () => {
  test.each([
    [
      'example.test A 192.0.2.1',
      '1:1: example.test has no final dot, and no $ORIGIN stands above it: write example.test. for the name as it is',
    ],
    ['@ A 192.0.2.1', '1:1: there is no $ORIGIN that @ could stand for'],
    ['a.test. A 192.0.2.256', '1:11: A needs one IPv4 address'],
    ['a.test. AAAA 192.0.2.1', '1:14: AAAA needs one IPv6 address'],
    ['a.test. MX mx.test.', '1:12: MX needs a preference and a name, such as 10 mx.example.test.'],
    ['a.test. MX 10 192.0.2.1', '1:12: MX needs a name, not an address'],
    ['a.test. TLSA 3 1 1 xyz', '1:14: TLSA needs three numbers and hexadecimal digits, such as 3 1 1 ab12'],
    ['a.test. MAIL x', '1:9: MAIL is no type of record'],
    ['a.test. CH A 192.0.2.1', '1:9: only the class IN is read'],
    ['a.test.', '1:1: a type and its data are missing'],
    ['  A 192.0.2.1', '1:3: it begins with a blank, and no name stands above it'],
    ['a.test. TXT "open', '1:13: the quoted string has no end'],
    ['a.test. TXT )', '1:13: there is no "(" for this ")"'],
    ['a.test. CNAME b.test.\na.test. A 192.0.2.1', '2:9: a.test is an alias (CNAME) and can have no A'],
    [
      'a.test. A 192.0.2.1\na.test. CNAME b.test.',
      '2:9: a.test has other records and can be no alias (RFC 1034 section 3.6.2)',
    ],
    ['$INCLUDE other', '1:1: $INCLUDE is not followed here: write out what it stands for'],
    ['$FAULT sleepy a.test.', '1:8: $FAULT is one of servfail, timeout, bogus, nxdomain, then a name'],
    ['$DNSSEC maybe', '1:9: $DNSSEC is one of secure, insecure, unknown'],
  ])('%s', (text, want) => {
    expect(complaintsAbout(text)[0]).toBe(want);
  });

  test('is told whole, with file, line and column', () => {
    const text = 'a.test. A no\nb.test. A 192.0.2.1\nc.test. MX x\n';
    const error = (() => {
      try {
        return zonesIn(text, 'dns.zone');
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(MailframeError);
    expect(error).toMatchObject({
      code: 'MF_ZONE_FILE',
      position: { file: 'dns.zone', line: 1, column: 11 },
      message: expect.stringMatching(/^dns\.zone:1:11: .*\ndns\.zone:3:12: .*$/),
    });
  });
});
