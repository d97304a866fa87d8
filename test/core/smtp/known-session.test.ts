import { expect, test } from 'vitest';
import type { Tls } from '../../../core/mail/session.ts';
import { KnownSession } from '../../../core/smtp/known-session.ts';
import { aSession } from '../../../core/testing/builders.ts';

const TLS: Tls = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  servername: 'mx.example.test',
  certificate: null,
};
const CERTIFICATE = { commonName: 'front.test', names: ['dns:front.test'], fingerprint: 'a'.repeat(64) };
const FRONT = { address: '192.0.2.20', port: 4711, name: 'front.test' };
const CLIENT = { address: '203.0.113.7', port: 40_000, name: null };

/** What a chain found out at one hook. */
const walked = (fact: string) => ({
  decision: { kind: 'passed' },
  facts: { [fact]: true },
  steps: [],
});

test('threat: session fixation. The certificate of the machine in front is not that of the client that it speaks for', () => {
  const known = new KnownSession(aSession({ client: FRONT, tls: { ...TLS, certificate: CERTIFICATE }, user: 'front' }));
  known.introduced(CLIENT, null);
  expect(known.session).toMatchObject({ client: CLIENT, tls: TLS, user: null, greeting: null, forwarded: null });
});

test("when TLS begins the session is the peer's own again, with what was known of the peer before it said a word", () => {
  const known = new KnownSession(aSession({ client: FRONT }));
  known.connected(walked('front'));
  known.greeted({ verb: 'EHLO', domain: 'front.test' }, walked('greeted'));
  for (const address of ['203.0.113.7', '203.0.113.8']) {
    known.introduced({ ...CLIENT, address }, 'ann');
    expect(known.facts).toEqual({});
    known.connected(walked(address));
  }
  known.secured(TLS);
  expect(known.session).toMatchObject({ client: FRONT, tls: TLS, user: null, greeting: null });
  expect(known.facts).toEqual({ front: true });
});
