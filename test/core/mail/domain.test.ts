/** Domains and IP addresses: one canonical form each. */

import { expect, test } from 'vitest';
import { parseDomain } from '../../../core/mail/domain.ts';
import { parseIpAddress } from '../../../core/mail/ip-address.ts';
import * as fc from '../../support/fast-check.ts';

test.each([
  { text: 'Example.TEST', want: 'example.test' },
  { text: 'straße.example', want: 'xn--strae-oqa.example' },
  { text: 'b\u00fccher.example', want: 'xn--bcher-kva.example' },
  { text: 'bu\u0308cher.example', want: 'xn--bcher-kva.example' },
  { text: '_dmarc.example.test', want: '_dmarc.example.test' },
  { text: '[192.0.2.1]', want: '[192.0.2.1]' },
  { text: '[IPV6:2001:0DB8::]', want: '[IPv6:2001:db8::]' },
  { text: '', want: null },
  { text: '.', want: null },
  { text: 'example.test.', want: null },
  { text: 'exa%6dple.test', want: null },
  { text: 'a/b', want: null },
  { text: '[]', want: null },
  { text: '[x]', want: null },
  { text: '[:x]', want: null },
  { text: '192.0.2.1', want: null },
  { text: 'a'.repeat(10_000), want: null },
])('$text is the domain $want', ({ text, want }) => {
  expect(parseDomain(text)).toBe(want);
});

test('a canonical domain is its own canonical form', () => {
  const anything = fc.oneof(
    fc.domain(),
    fc.string({ unit: 'grapheme' }),
    fc.ipV6().map(ip => `[IPv6:${ip}]`),
  );
  fc.assert(
    fc.property(anything, text => {
      const domain = parseDomain(text);
      if (domain !== null) expect(parseDomain(domain)).toBe(domain);
    }),
  );
});

test.each([
  { text: '192.0.2.1', want: '192.0.2.1' },
  { text: '2001:DB8:0:0:0:0:0:1', want: '2001:db8::1' },
  { text: '::', want: '::' },
  { text: '192.0.2', want: null },
  { text: '0300.0.0.1', want: null },
  { text: '2001:db8::1%1', want: null },
  { text: '::1]/x[', want: null },
])('$text is the IP address $want', ({ text, want }) => {
  expect(parseIpAddress(text)).toBe(want);
});
