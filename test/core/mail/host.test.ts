/** Hosts as configurations write them. */
import { expect, test } from 'vitest';
import { parseHost } from '../../../core/mail/host.ts';

test.each([
  { text: 'Mail.example', want: { name: 'mail.example', port: 25, addresses: [] } },
  { text: 'mail.example:587', want: { name: 'mail.example', port: 587, addresses: [] } },
  { text: 'bücher.example:25', want: { name: 'xn--bcher-kva.example', port: 25, addresses: [] } },
  { text: '[192.0.2.10]', want: { name: '192.0.2.10', port: 25, addresses: ['192.0.2.10'] } },
  { text: '[192.0.2.10]:2525', want: { name: '192.0.2.10', port: 2525, addresses: ['192.0.2.10'] } },
  { text: '[2001:DB8::1]:25', want: { name: '2001:db8::1', port: 25, addresses: ['2001:db8::1'] } },
  { text: '[IPv6:2001:db8::1]', want: { name: '2001:db8::1', port: 25, addresses: ['2001:db8::1'] } },
])('$text is a host', ({ text, want }) => {
  expect(parseHost(text)).toEqual({ kind: 'host', host: { ...want, preference: 0 } });
});

test.each([
  { text: '', want: 'no host name' },
  { text: 'mail..example', want: 'no host name' },
  { text: 'mail.example:', want: 'port' },
  { text: 'mail.example:0', want: 'port' },
  { text: 'mail.example:65536', want: 'port' },
  { text: 'mail.example:25x', want: 'port' },
  { text: '[192.0.2.10]25', want: 'port' },
  { text: '[mail.example]:25', want: 'no IP address' },
  { text: '192.0.2.10:25', want: '[192.0.2.10]:25' },
  { text: '2001:db8::1', want: '[2001:db8::1]:25' },
  { text: '::1', want: '[::1]:25' },
])('$text is refused, and the message says why', ({ text, want }) => {
  expect(parseHost(text)).toEqual({ kind: 'malformed', reason: expect.stringContaining(want) });
});
