import { describe, expect, test } from 'vitest';
import { parseIpAddress, parseIpv6, peerAddress, unmapped } from '../../../core/mail/ip-address.ts';

describe('an IP address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:DB8:0:0::1', '2001:db8::1'],
    ['::', '::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ])('%s is written %s', (text, canonical) => {
    expect(parseIpAddress(text)).toBe(canonical);
  });

  test.each([
    '',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '0x7f.0.0.1',
    '2001:db8::1%eth0',
    '[::1]',
    '::1 ',
    'a',
    ':::',
  ])('%j is none', text => {
    expect(parseIpAddress(text)).toBeNull();
  });
});

describe('IPv4-mapped addresses', () => {
  test.each([
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:C000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:7f00:1', '127.0.0.1'],
    ['::ffff:0:0', '0.0.0.0'],
    ['::ffff:ffff:ffff', '255.255.255.255'],
  ])('%s stands for %s', (mapped, address) => {
    expect(unmapped(parseIpv6(mapped) ?? '')).toBe(address);
  });

  test.each(['2001:db8::1', '::1', '::c000:201', '::ffff:0:c000:201', '192.0.2.1'])('%s is none', address => {
    expect(unmapped(address)).toBe(address);
  });
});

test.each([
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['192.0.2.1', '192.0.2.1'],
])('the peer %s is %s', (peer, address) => {
  expect(peerAddress(peer)).toBe(address);
});
