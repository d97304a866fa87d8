/** Conditions in words. */
import { expect, test } from 'vitest';
import type { Condition } from '../../../core/mail/condition.ts';
import { formatCondition } from '../../../core/mail/condition-text.ts';

const TLS: Condition = { kind: 'tls', is: true };
const INBOUND: Condition = { kind: 'listener', ids: ['inbound', 'outside'] };
const size = (atLeast: number, atMost: number): Condition => ({ kind: 'size', atLeast, atMost });

test.each<{ condition: Condition; want: string }>([
  { condition: INBOUND, want: 'listener is inbound or outside' },
  { condition: { kind: 'client', ranges: ['192.0.2.0/24', '::1'] }, want: 'client is in 192.0.2.0/24 or ::1' },
  { condition: { kind: 'tls', is: false }, want: 'without TLS' },
  { condition: { kind: 'authenticated', is: true }, want: 'authenticated' },
  { condition: { kind: 'authenticated', is: false }, want: 'not authenticated' },
  {
    condition: { kind: 'sender', patterns: [{ kind: 'null' }, { kind: 'domain', domain: 'a.test', subdomains: true }] },
    want: 'sender is <> or @.a.test',
  },
  { condition: { kind: 'recipient', patterns: [{ kind: 'any' }] }, want: 'recipient is *' },
  {
    condition: {
      kind: 'header',
      field: 'Subject',
      patterns: [{ kind: 'present' }, { kind: 'contains', text: 'a "b"' }, { kind: 'equals', text: 'x' }],
    },
    want: 'Subject is there or contains "a \\"b\\"" or is "x"',
  },
  { condition: size(1024 ** 2 + 1, Number.MAX_SAFE_INTEGER), want: 'size is over 1 MiB' },
  { condition: size(0, 1023), want: 'size is under 1 KiB' },
  { condition: size(1025, 2047), want: 'size is over 1 KiB and under 2 KiB' },
  { condition: { kind: 'fact', name: 'pgp', values: ['none', 'bad'] }, want: 'pgp is none or bad' },
  { condition: { kind: 'all', of: [TLS, INBOUND] }, want: 'with TLS and listener is inbound or outside' },
  {
    condition: { kind: 'all', of: [TLS, { kind: 'any', of: [INBOUND, TLS] }] },
    want: 'with TLS and (listener is inbound or outside or with TLS)',
  },
  { condition: { kind: 'not', of: INBOUND }, want: 'not (listener is inbound or outside)' },
])('$want', ({ condition, want }) => {
  expect(formatCondition(condition)).toBe(want);
});
