import { describe, expect, test } from 'vitest';
import { reverseName } from '../../../core/system/reverse-name.ts';

const zeros = (count: number) => '0.'.repeat(count);

describe('the reverse name of an address', () => {
  test.each([
    { address: '192.0.2.1', want: '1.2.0.192.in-addr.arpa' },
    { address: '::', want: `${zeros(32)}ip6.arpa` },
    { address: '::1', want: `1.${zeros(31)}ip6.arpa` },
    { address: '1::', want: `${zeros(28)}1.0.0.0.ip6.arpa` },
    { address: '2001:DB8::1', want: `1.${zeros(23)}8.b.d.0.1.0.0.2.ip6.arpa` },
    { address: 'fe80::1%eth0', want: `1.${zeros(28)}8.e.f.ip6.arpa` },
    { address: '64:ff9b::192.0.2.33', want: `1.2.2.0.0.0.0.c.${zeros(16)}b.9.f.f.4.6.0.0.ip6.arpa` },
    { address: '1:2:3:4:5:6:7:8', want: '8.0.0.0.7.0.0.0.6.0.0.0.5.0.0.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.ip6.arpa' },
  ])('of $address', ({ address, want }) => {
    expect(reverseName(address)).toBe(want);
  });

  test.each(['', 'example.test', '192.0.2', '1::2::3', '[::1]'])('%j has none', text => {
    expect(reverseName(text)).toBeNull();
  });
});
