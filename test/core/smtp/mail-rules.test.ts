import { expect, test } from 'vitest';
import { mailRules } from '../../../core/smtp/mail-rules.ts';
import { aSession } from '../../../core/testing/builders.ts';
import { OPTIONS } from './gateway.ts';

const TLS = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null, certificate: null };
const CERTIFICATE = { mode: 'starttls', cert: '', key: '', minVersion: 'TLSv1.2' } as const;
const EHLO = ['PIPELINING', 'REQUIRETLS'];

test.for([
  { who: 'nobody', user: 'ann', want: 0 },
  { who: 'users', user: null, want: 0 },
  { who: 'users', user: 'ann', want: 9 },
  { who: 'all', user: null, want: 9 },
] as const)('raisePriority: $who, and the client is $user: up to $want', ({ who, user, want }) => {
  const rules = mailRules({ ...OPTIONS, raisePriority: who }, aSession({ user }), EHLO);
  expect(rules.highestPriority).toBe(want);
});

test.for([
  { about: 'offered over TLS', tls: TLS, offered: EHLO, want: 'offered' },
  { about: 'withdrawn by a plugin, or after HELO', tls: TLS, offered: ['PIPELINING'], want: 'not-offered' },
  { about: 'no TLS yet', tls: null, offered: ['STARTTLS'], want: 'no-tls' },
  { about: 'a plugin offers it without TLS', tls: null, offered: EHLO, want: 'no-tls' },
])('REQUIRETLS, $about: $want', ({ tls, offered, want }) => {
  expect(mailRules({ ...OPTIONS, tls: CERTIFICATE }, aSession({ tls }), offered).requireTls).toBe(want);
});

test('REQUIRETLS, no certificate: not-offered', () => {
  expect(mailRules(OPTIONS, aSession(), []).requireTls).toBe('not-offered');
});
