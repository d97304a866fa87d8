import { describe, expect, test } from 'vitest';
import { LONGEST_BINARY, parseProxyHeader } from '../../../core/smtp/proxy-header.ts';
import * as fc from '../../support/fast-check.ts';
import { binaryHeader, fromIpv4, fromIpv6, LOCAL, SIGNATURE, TCP6, tlv, withChecksum } from './proxy-octets.ts';

const CLIENT = { address: '203.0.113.7', port: 40_000 };
const MAPPED = '00000000000000000000ffffcb007107';
const SSL = tlv(0x20, Buffer.concat([Buffer.from([1, 0, 0, 0, 0]), tlv(0x21, Buffer.from('TLSv1.3'))]));
const full = 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';

describe('version 1', () => {
  test.each([
    { line: 'PROXY TCP4 203.0.113.7 192.0.2.1 40000 25', source: CLIENT },
    {
      line: 'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535',
      source: { address: '255.255.255.255', port: 65_535 },
    },
    { line: 'PROXY TCP4 203.0.113.7 192.0.2.1 0 0', source: { address: '203.0.113.7', port: 0 } },
    { line: 'PROXY TCP6 2001:DB8:0:0::7 2001:db8::1 40000 25', source: { address: '2001:db8::7', port: 40_000 } },
    { line: 'PROXY TCP6 ::ffff:203.0.113.7 ::1 40000 25', source: CLIENT },
    { line: `PROXY TCP6 ${full} ${full} 65535 65535`, source: { address: full, port: 65_535 } },
    { line: 'PROXY UNKNOWN', source: null },
    { line: 'PROXY UNKNOWN whatever \0\xff this is', source: null },
    { line: `PROXY UNKNOWN ${full} ${full} 65535 65535`, source: null },
  ])('$line', ({ line, source }) => {
    const octets = Buffer.from(`${line}\r\nEHLO client.test\r\n`, 'latin1');
    expect(parseProxyHeader(octets)).toEqual({ kind: 'header', length: line.length + 2, source });
  });

  test.each([
    ['EHLO client.test\r\n', 'it does not begin with a PROXY header'],
    ['proxy TCP4 203.0.113.7 192.0.2.1 40000 25\r\n', 'it does not begin with a PROXY header'],
    [' PROXY UNKNOWN\r\n', 'it does not begin with a PROXY header'],
    ['PROXY\r\n', 'it does not begin with a PROXY header'],
    ['PROXY \r\n', 'its protocol is none of TCP4, TCP6 and UNKNOWN'],
    ['PROXY TCP5 203.0.113.7 192.0.2.1 40000 25\r\n', 'its protocol is none of TCP4, TCP6 and UNKNOWN'],
    ['PROXY tcp4 203.0.113.7 192.0.2.1 40000 25\r\n', 'its protocol is none of TCP4, TCP6 and UNKNOWN'],
    ['PROXY UNKNOWNS\r\n', 'its protocol is none of TCP4, TCP6 and UNKNOWN'],
    ['PROXY  TCP4 203.0.113.7 192.0.2.1 40000 25\r\n', 'its protocol is none of TCP4, TCP6 and UNKNOWN'],
    ['PROXY TCP4\r\n', 'it does not hold two addresses and two ports'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 40000\r\n', 'it does not hold two addresses and two ports'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 40000 25 \r\n', 'it does not hold two addresses and two ports'],
    ['PROXY TCP4 203.0.113.7  192.0.2.1 40000 25\r\n', 'it does not hold two addresses and two ports'],
    ['PROXY TCP4 203.0.113.007 192.0.2.1 40000 25\r\n', 'an address in it is none'],
    ['PROXY TCP4 203.0.113.7 192.0.2 40000 25\r\n', 'an address in it is none'],
    ['PROXY TCP4 2001:db8::7 2001:db8::1 40000 25\r\n', 'an address in it is none'],
    ['PROXY TCP6 203.0.113.7 192.0.2.1 40000 25\r\n', 'an address in it is none'],
    ['PROXY TCP6 2001:db8::7%eth0 2001:db8::1 40000 25\r\n', 'an address in it is none'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 65536 25\r\n', 'a port in it is none'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 040 25\r\n', 'a port in it is none'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 40000 -1\r\n', 'a port in it is none'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 40000 \t25\r\n', 'a port in it is none'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 40000 25\n', 'its line does not end with CRLF'],
    ['PROXY UNKNOWN\rEHLO client.test\r\n', 'its line does not end with CRLF'],
    [`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, 'its line is longer than 107 octets'],
    [`PROXY UNKNOWN ${'x'.repeat(92)}`, 'its line is longer than 107 octets'],
  ])('%j is refused: %s', (text, reason) => {
    expect(parseProxyHeader(Buffer.from(text))).toEqual({ kind: 'malformed', reason });
  });

  test('the longest line has 107 octets', () => {
    const line = `PROXY UNKNOWN ${'x'.repeat(91)}\r\n`;
    expect(parseProxyHeader(Buffer.from(line))).toEqual({ kind: 'header', length: 107, source: null });
    expect(parseProxyHeader(Buffer.from(line.slice(0, -1)))).toEqual({ kind: 'incomplete' });
  });
});

describe('version 2', () => {
  test.each([
    { name: 'TCP over IPv4', octets: binaryHeader(), source: CLIENT },
    {
      name: 'TCP over IPv6',
      octets: binaryHeader({ family: TCP6, block: fromIpv6('20010db8000000000000000000000007') }),
      source: { address: '2001:db8::7', port: 40_000 },
    },
    { name: 'IPv4-mapped IPv6', octets: binaryHeader({ family: TCP6, block: fromIpv6(MAPPED) }), source: CLIENT },
    { name: 'a UNIX socket', octets: binaryHeader({ family: 0x31, block: Buffer.alloc(216, 'a') }), source: null },
    { name: 'UDP, which is nothing for us', octets: binaryHeader({ family: 0x12 }), source: null },
    {
      name: 'an unspecified family',
      octets: binaryHeader({ family: 0x00, block: Buffer.from('anything') }),
      source: null,
    },
    { name: 'an unspecified transport', octets: binaryHeader({ family: 0x10, block: Buffer.alloc(0) }), source: null },
    {
      name: 'a health check',
      octets: binaryHeader({ command: LOCAL, family: 0, block: Buffer.alloc(0) }),
      source: null,
    },
    { name: 'a health check with addresses', octets: binaryHeader({ command: LOCAL }), source: null },
    {
      name: 'a health check of no family that there is',
      octets: binaryHeader({ command: LOCAL, family: 0xff, block: Buffer.from('junk') }),
      source: null,
    },
    {
      name: 'TLVs that nobody knows',
      octets: binaryHeader({ block: fromIpv4(SSL, tlv(0x04, Buffer.alloc(0)), tlv(0xee, Buffer.alloc(300))) }),
      source: CLIENT,
    },
    { name: 'a checksum', octets: withChecksum(), source: CLIENT },
    { name: 'a checksum behind other TLVs', octets: withChecksum({ block: fromIpv4(SSL) }), source: CLIENT },
    {
      name: 'the largest header',
      octets: binaryHeader({ block: fromIpv4(tlv(4, Buffer.alloc(4065))) }),
      source: CLIENT,
    },
  ])('$name', ({ octets, source }) => {
    const more = Buffer.concat([octets, Buffer.from('EHLO client.test\r\n')]);
    expect(parseProxyHeader(more)).toEqual({ kind: 'header', length: octets.length, source });
  });

  const wrongChecksum = withChecksum();
  wrongChecksum.writeUInt8(8, 19);
  test.each([
    {
      octets: Buffer.concat([SIGNATURE.subarray(0, 11), Buffer.from('x')]),
      reason: 'it does not begin with a PROXY header',
    },
    { octets: binaryHeader({ command: 0x11 }), reason: 'its version is not 2' },
    { octets: binaryHeader({ command: 0x30 }), reason: 'its version is not 2' },
    { octets: binaryHeader({ command: 0x22 }), reason: 'its command is neither LOCAL nor PROXY' },
    { octets: binaryHeader({ family: 0x41 }), reason: 'its address family or transport is none that there is' },
    { octets: binaryHeader({ family: 0x13 }), reason: 'its address family or transport is none that there is' },
    { octets: binaryHeader({ length: LONGEST_BINARY - 15 }), reason: 'it is longer than 4096 octets' },
    { octets: binaryHeader({ command: LOCAL, length: 0xffff }), reason: 'it is longer than 4096 octets' },
    { octets: binaryHeader({ length: 11 }), reason: 'it is too short for its addresses' },
    { octets: binaryHeader({ family: TCP6, length: 35 }), reason: 'it is too short for its addresses' },
    { octets: binaryHeader({ family: 0x31, length: 215 }), reason: 'it is too short for its addresses' },
    { octets: binaryHeader({ block: fromIpv4(Buffer.from([4, 0])) }), reason: 'its last TLV is cut off' },
    { octets: binaryHeader({ block: fromIpv4(Buffer.from([4, 0, 1])) }), reason: 'a TLV goes beyond its end' },
    {
      octets: binaryHeader({ block: fromIpv4(tlv(3, Buffer.alloc(3))) }),
      reason: 'its checksum does not have four octets',
    },
    { octets: withChecksum({ block: fromIpv4(tlv(3, Buffer.alloc(4))) }), reason: 'it holds two checksums' },
    { octets: wrongChecksum, reason: 'its checksum is wrong' },
    { octets: binaryHeader({ block: fromIpv4(tlv(3, Buffer.alloc(4))) }), reason: 'its checksum is wrong' },
  ])('is refused: $reason', ({ octets, reason }) => {
    expect(parseProxyHeader(octets)).toEqual({ kind: 'malformed', reason });
  });
});

describe('however the octets are cut', () => {
  const line = fc
    .tuple(fc.constantFrom('TCP4', 'TCP6', 'UNKNOWN', 'UDP'), fc.oneof(fc.ipV4(), fc.ipV6()), fc.ipV4(), fc.nat(70_000))
    .map(([protocol, from, to, port]) => Buffer.from(`PROXY ${protocol} ${from} ${to} ${port} 25\r\n`));
  const binary = fc
    .record({
      command: fc.constantFrom(0x20, 0x21, 0x22, 0x11),
      family: fc.constantFrom(0x00, 0x11, 0x12, 0x21, 0x31, 0x41),
      block: fc.uint8Array({ maxLength: 300 }).map(octets => Buffer.from(octets)),
    })
    .map(binaryHeader);
  const checked = fc
    .uint8Array({ maxLength: 40 })
    .map(value => withChecksum({ block: fromIpv4(tlv(4, Buffer.from(value))) }));
  /** Sometimes with an octet changed, and always with something behind it. */
  const connection = fc
    .tuple(
      fc.oneof(line, binary, checked),
      fc.option(fc.tuple(fc.nat(120), fc.nat(255))),
      fc.uint8Array({ maxLength: 30 }),
    )
    .map(([header, change, rest]) => {
      if (change !== null) header[change[0] % header.length] = change[1];
      return Buffer.concat([header, rest]);
    });

  test('a decision on a beginning is the decision on the whole', () => {
    const seen = { header: 0, malformed: 0, incomplete: 0 };
    fc.assert(
      fc.property(connection, octets => {
        const whole = parseProxyHeader(octets);
        seen[whole.kind] += 1;
        for (let cut = 0; cut < octets.length; cut += 1) {
          const begun = parseProxyHeader(octets.subarray(0, cut));
          if (begun.kind !== 'incomplete') expect(begun).toEqual(whole);
          if (begun.kind === 'header') expect(begun.length).toBeLessThanOrEqual(cut);
          if (whole.kind === 'header' && cut < whole.length) expect(begun).toEqual({ kind: 'incomplete' });
        }
      }),
      { numRuns: 500 },
    );
    expect(Math.min(seen.header, seen.malformed)).toBeGreaterThan(50);
  });

  test('whoever sends no header is known by the first octet that is of none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), octets => {
        const first = octets[0];
        fc.pre(first !== 0x0d && first !== 'P'.charCodeAt(0));
        expect(parseProxyHeader(Buffer.from(octets)).kind).toBe('malformed');
      }),
    );
  });
});
