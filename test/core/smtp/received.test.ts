import { describe, expect, test } from 'vitest';
import type { Session } from '../../../core/mail/session.ts';
import { parseHeader } from '../../../core/mime/header.ts';
import { protocolOf, receivedField } from '../../../core/smtp/received.ts';
import { aMailbox, aSession } from '../../../core/testing/builders.ts';
import * as fc from '../../support/fast-check.ts';

const TLS = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', servername: null, certificate: null };
const AT = new Date('2026-11-23T09:30:00Z');

function field(session: Partial<Session>, to: readonly string[] = [], priority = 0): string {
  const recipients = to.map(aMailbox);
  return receivedField({
    session: aSession(session),
    hostname: 'mx.example.test',
    id: 'Q1',
    smtpUtf8: false,
    priority,
    recipients,
    at: AT,
  });
}

test('it says from whom, by whom, how, as what, for whom and when', () => {
  const client = { address: '192.0.2.1', port: 4, name: 'client.test' };
  expect(field({ client, tls: TLS }, ['"john doe"@example.test'])).toBe(
    'Received: from client.test (client.test [192.0.2.1])\r\n' +
      '\tby mx.example.test with ESMTPS id Q1\r\n' +
      '\tfor <"john doe"@example.test>;\r\n' +
      '\tMon, 23 Nov 2026 09:30:00 +0000\r\n',
  );
});

test('an unconfirmed name is no name, and IPv6 is marked as such', () => {
  const client = { address: '2001:db8::1', port: 4, name: null };
  expect(field({ client })).toMatch(/^Received: from client\.test \(\[IPv6:2001:db8::1\]\)\r\n/);
});

test('a priority that is not the usual one has its clause behind the others (RFC 6710)', () => {
  expect(field({}, ['bob@example.test'], -3)).toContain('\r\n\tfor <bob@example.test>\r\n\tpriority -3;\r\n\t');
  expect(field({}, [], 9)).toContain(' id Q1\r\n\tpriority 9;\r\n\t');
});

test('blind copies: with several recipients none is named', () => {
  expect(field({}, ['bob@example.test', 'carl@example.test'])).not.toContain('for <');
});

describe('what the client calls itself is repeated only where it is a domain or a literal', () => {
  test.for([
    { domain: 'Client.Test', want: 'Client.Test' },
    { domain: 'my_pc', want: 'my_pc' },
    { domain: '[192.0.2.1]', want: '[192.0.2.1]' },
    { domain: '[IPv6:2001:db8::1]', want: '[IPv6:2001:db8::1]' },
    { domain: 'bücher.test', want: 'xn--bcher-kva.test' },
    { domain: 'a(b);c', want: 'unknown' },
    { domain: 'x;Mon,1Jan', want: 'unknown' },
  ])('$domain', ({ domain, want }) => {
    expect(field({ greeting: { verb: 'EHLO', domain } })).toMatch(
      new RegExp(`^Received: from ${want.replaceAll(/[[\]]/g, '\\$&')} \\(`),
    );
  });
});

test('header injection: it is one field, whatever the client calls itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), domain => {
      const text = field({ greeting: { verb: 'EHLO', domain } });
      expect(parseHeader(Buffer.from(`${text}\r\n`)).fields.map(({ name }) => name)).toEqual(['Received']);
      expect(text).toMatch(/^(?:[\x20-\x7e\t]+\r\n)+$/);
    }),
  );
});

describe('the protocol is named as RFC 3848 and RFC 6531 register it', () => {
  const helo = { greeting: { verb: 'HELO', domain: 'client.test' } } as const;
  test.for([
    { session: helo, utf8: false, want: 'SMTP' },
    { session: {}, utf8: false, want: 'ESMTP' },
    { session: { tls: TLS }, utf8: false, want: 'ESMTPS' },
    { session: { user: 'ann' }, utf8: false, want: 'ESMTPA' },
    { session: { tls: TLS, user: 'ann' }, utf8: false, want: 'ESMTPSA' },
    { session: { ...helo, tls: TLS }, utf8: false, want: 'ESMTPS' },
    { session: {}, utf8: true, want: 'UTF8SMTP' },
    { session: { tls: TLS, user: 'ann' }, utf8: true, want: 'UTF8SMTPSA' },
  ])('$want', ({ session, utf8, want }) => {
    expect(protocolOf(aSession(session), utf8)).toBe(want);
  });
});
