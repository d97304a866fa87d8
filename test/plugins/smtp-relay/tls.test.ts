/** TLS by policy, with real certificates, and what an attacker between us and the next hop can do. */
import { describe, expect, test } from 'vitest';
import type { SinkSettings } from '../../../core/testing.ts';
import { selfSigned } from '../../support/certificate.ts';
import { REMOTE, relaying, sinkFor } from './relaying.ts';

const GOOD = selfSigned('mx.test');
const WRONG_NAME = selfSigned('other.test');
const UNKNOWN = selfSigned('mx.test');

const TLS_ONLY = { kind: 'deferred', remote: REMOTE };
const NO_TLS = { ...TLS_ONLY, reply: { code: 454, status: '4.7.4' } };
const BAD_TLS = { ...TLS_ONLY, reply: { code: 454, status: '4.7.5' } };

/** One attempt. The relay trusts the certificate `GOOD`, and no other authority. */
async function attempt(tls: string, settings: SinkSettings, port = 25) {
  const sink = await sinkFor(settings);
  const hosts = { [`192.0.2.1:${port}`]: sink.port };
  const relay = await relaying({ tls, authorities: 'ca.pem' }, { hosts, files: { 'ca.pem': GOOD.cert } });
  const host = { name: 'mx.test', port, addresses: ['192.0.2.1'], preference: 0 };
  const outcomes = await relay.outcomes({ hosts: [host] });
  return { ...relay, sink, outcome: outcomes['bob@example.test'] };
}

describe('opportunistic', () => {
  test.each([
    { about: 'a good certificate', certificate: GOOD },
    { about: 'an unknown one', certificate: UNKNOWN },
    { about: "somebody else's", certificate: WRONG_NAME },
  ])('takes TLS with $about', async ({ certificate }) => {
    const { outcome, sink } = await attempt('opportunistic', { tls: certificate });
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(sink.mails[0]?.tls).toBe(true);
    expect(sink.sessions).toBe(1);
  });

  test('goes without where none is offered', async () => {
    const { outcome, sink, log } = await attempt('opportunistic', {});
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(sink.mails[0]?.tls).toBe(false);
    expect(log.of('downgraded')).toEqual([]);
  });

  test.each(['454 4.7.0 Not now', '501 5.5.4 Never', 'drop'] as const)(
    'goes without in a connection of its own where STARTTLS fails (%s), and the log says so',
    async starttls => {
      const { outcome, sink, log } = await attempt('opportunistic', { tls: GOOD, faults: { starttls } });
      expect(outcome).toMatchObject({ kind: 'delivered' });
      expect(sink.mails[0]?.tls).toBe(false);
      expect(sink.sessions).toBe(2);
      expect(log.of('downgraded')[0]).toMatchObject({ level: 'warn', fields: { remote: REMOTE } });
    },
  );

  test('goes without where the handshake fails', async () => {
    // TLS 1.2 with a cipher suite that Node does not offer on its own.
    const old = { ...GOOD, maxVersion: 'TLSv1.2', ciphers: 'AES128-SHA' } as const;
    const { outcome, sink } = await attempt('opportunistic', { tls: old });
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(sink.mails[0]?.tls).toBe(false);
    expect(sink.sessions).toBe(2);
  });
});

describe('required', () => {
  test('takes any certificate', async () => {
    const { outcome, sink } = await attempt('required', { tls: UNKNOWN });
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(sink.mails[0]?.tls).toBe(true);
  });

  test.each([
    { about: 'is not offered', settings: {}, want: NO_TLS },
    { about: 'is refused', settings: { tls: GOOD, faults: { starttls: '454 4.7.0 Not now' } }, want: NO_TLS },
    { about: 'breaks', settings: { tls: GOOD, faults: { starttls: 'drop' } }, want: TLS_ONLY },
    {
      about: 'is out of reach, for the greeting refuses',
      settings: { faults: { connect: '554 5.3.2 No' } },
      want: NO_TLS,
    },
    { about: 'is out of reach for want of EHLO', settings: { faults: { ehlo: '502 5.5.1 What?' } }, want: NO_TLS },
  ] as const)('stripping attack: nothing is sent where TLS $about', async ({ settings, want }) => {
    const { outcome, sink } = await attempt('required', settings);
    expect(outcome).toMatchObject(want);
    expect(sink.mails).toEqual([]);
    expect(sink.commands.join('\n')).not.toContain('MAIL');
  });
});

describe('verified', () => {
  test('takes a certificate of a trusted authority for the name of the host', async () => {
    const { outcome, sink } = await attempt('verified', { tls: GOOD });
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(sink.mails[0]?.tls).toBe(true);
  });

  test.each([
    { about: 'an unknown certificate', certificate: UNKNOWN },
    { about: "somebody else's", certificate: WRONG_NAME },
  ])('person in the middle: nothing is sent to $about', async ({ certificate }) => {
    const { outcome, sink } = await attempt('verified', { tls: certificate });
    expect(outcome).toMatchObject(BAD_TLS);
    expect(sink.mails).toEqual([]);
  });

  test('stripping attack: nothing is sent without TLS', async () => {
    const { outcome } = await attempt('verified', {});
    expect(outcome).toMatchObject(NO_TLS);
  });
});

test('off: TLS is not taken even where it is offered', async () => {
  const { outcome, sink } = await attempt('off', { tls: GOOD });
  expect(outcome).toMatchObject({ kind: 'delivered' });
  expect(sink.commands).not.toContain('STARTTLS');
});

describe('port 465', () => {
  test('speaks TLS from the first octet', async () => {
    const { outcome, sink } = await attempt('verified', { tls: { ...GOOD, implicit: true } }, 465);
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(sink.mails[0]?.tls).toBe(true);
  });

  test('is never spoken to in plain text', async () => {
    const { outcome, sink } = await attempt('opportunistic', {}, 465);
    expect(outcome).toMatchObject({ kind: 'deferred' });
    expect(sink.sessions).toBe(1);
    expect(sink.mails).toEqual([]);
  });
});
