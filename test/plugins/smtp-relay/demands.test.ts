/** What routes, DANE and MTA-STS demand of a host, with real handshakes, and what an attacker between us and it can do. */
import { createHash, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { contentOf, type Host, type TlsaRecord, type TlsDemand } from '../../../core/index.ts';
import { subjectPublicKeyOf } from '../../../core/next-hop/subject-public-key.ts';
import type { SinkSettings } from '../../../core/testing.ts';
import { authority, selfSigned, type TestCertificate } from '../../support/certificate.ts';
import { REMOTE, relaying, sinkFor } from './relaying.ts';

const CA = authority('Tests');
const BELOW = CA.delegate('Below');
const STRANGER = authority('Stranger');
const PRETENDER = CA.pretender('other.test');
const issuedBy = (ca: typeof CA, name = 'mx.test', wishes = {}) =>
  ca.issue({ commonName: name, dns: [name], ...wishes });
const OWN = selfSigned('elsewhere.test');

/** The record that names a certificate. */
function record({ cert }: Pick<TestCertificate, 'cert'>, usage: number, selector = 1, matchingType = 1): TlsaRecord {
  const { raw, publicKey } = new X509Certificate(cert);
  const what = selector === 0 ? raw : publicKey.export({ type: 'spki', format: 'der' });
  const algorithm = [null, 'sha256', 'sha512'][matchingType] ?? null;
  const data = algorithm === null ? what.toString('hex') : createHash(algorithm).update(what).digest('hex');
  return { usage, selector, matchingType, data };
}

const POLICY = { type: 'tlsa', domain: 'example.test', strings: [], mxHosts: [] } as const;
const STS = { type: 'sts', domain: 'example.test', strings: [], mxHosts: ['mx.test'] } as const;

function demand(about: Partial<TlsDemand>): TlsDemand {
  return {
    level: 'dane',
    measure: 'at-least',
    mode: 'enforce',
    names: ['mx.test'],
    tlsa: [],
    policy: POLICY,
    ...about,
  };
}

/** One attempt at a host of which something is demanded. The relay trusts `CA`. */
async function attempt(tls: TlsDemand | null, settings: SinkSettings, about: Record<string, unknown> = {}) {
  const {
    options = {},
    content = 'Subject: x\r\n\r\nx\r\n',
    port = 25,
  } = about as {
    options?: object;
    content?: string;
    port?: number;
  };
  const sink = await sinkFor(settings);
  const relay = await relaying(
    { tls: 'opportunistic', authorities: 'ca.pem', ...options },
    { hosts: { [`192.0.2.1:${port}`]: sink.port }, files: { 'ca.pem': CA.cert }, now: new Date() },
  );
  const host: Host = {
    name: 'mx.test',
    port,
    addresses: ['192.0.2.1'],
    preference: 0,
    ...(tls === null ? {} : { tls }),
  };
  const outcomes = await relay.outcomes({ hosts: [host], content: contentOf(content) });
  return { ...relay, sink, outcome: outcomes['bob@example.test'], counted: relay.tlsReports.sessions };
}

const chain = (leaf: TestCertificate, ...above: readonly { readonly cert: string }[]): TestCertificate => ({
  key: leaf.key,
  cert: [leaf, ...above].map(({ cert }) => cert).join(''),
});

describe('DANE takes', () => {
  const leaf = issuedBy(BELOW);
  test.each([
    { about: '3 1 1: a key, whoever it says it belongs to', certificate: OWN, tlsa: [record(OWN, 3)] },
    { about: '3 0 1: a certificate', certificate: OWN, tlsa: [record(OWN, 3, 0)] },
    { about: '3 1 2: a digest of 512 bits', certificate: OWN, tlsa: [record(OWN, 3, 1, 2)] },
    { about: '3 0 0: a whole certificate', certificate: OWN, tlsa: [record(OWN, 3, 0, 0)] },
    {
      about: 'a certificate that has expired (usage 3 says nothing of dates)',
      certificate: issuedBy(CA, 'x.test', { from: -9, until: -2 }),
      tlsa: null,
    },
    { about: 'one of several records (a key on its way out)', certificate: OWN, tlsa: [record(CA, 3), record(OWN, 3)] },
    { about: '2 1 1: an authority that is shown', certificate: chain(leaf, BELOW, CA), tlsa: [record(CA, 2)] },
    { about: '2 0 1: the authority just above', certificate: chain(leaf, BELOW), tlsa: [record(BELOW, 2, 0)] },
    {
      about: '2 0 0: an authority that is in the record alone',
      certificate: chain(leaf),
      tlsa: [record(BELOW, 2, 0, 0)],
    },
    {
      about: '2: an authority that nobody else knows',
      certificate: chain(issuedBy(STRANGER), STRANGER),
      tlsa: [record(STRANGER, 2)],
    },
    {
      about: '2: a certificate for the domain of the mail',
      certificate: chain(issuedBy(CA, 'example.test'), CA),
      tlsa: [record(CA, 2)],
      names: ['mx.test', 'example.test'],
    },
  ])('$about', async ({ certificate, tlsa, names = ['mx.test'] }) => {
    const { outcome, sink, counted } = await attempt(demand({ tlsa: tlsa ?? [record(certificate, 3)], names }), {
      tls: certificate,
    });
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(sink.mails[0]?.tls).toBe(true);
    expect(counted).toEqual([{ policy: POLICY, failure: null }]);
  });
});

describe('person in the middle: DANE sends nothing to', () => {
  const leaf = issuedBy(BELOW);
  test.each([
    { about: 'another key', certificate: issuedBy(CA), tlsa: [record(OWN, 3)] },
    {
      about: 'a certificate of a trusted authority that the records do not name',
      certificate: chain(issuedBy(CA), CA),
      tlsa: [record(STRANGER, 2)],
    },
    { about: 'one for another name', certificate: chain(issuedBy(CA, 'evil.test'), CA), tlsa: [record(CA, 2)] },
    {
      about: 'one that has expired',
      certificate: chain(issuedBy(CA, 'mx.test', { from: -9, until: -2 }), CA),
      tlsa: [record(CA, 2)],
    },
    {
      about: 'one that only stands beside the authority',
      certificate: chain(issuedBy(STRANGER), CA),
      tlsa: [record(CA, 2)],
    },
    {
      about: 'one that says that the authority issued it, and is not signed by it',
      certificate: chain(issuedBy(authority('Tests')), CA),
      tlsa: [record(CA, 2)],
    },
    {
      about: 'one that its host has issued without being an authority',
      certificate: chain(leaf, BELOW, CA),
      tlsa: [record(leaf, 2)],
    },
    {
      about: 'one that somebody has issued who may not',
      certificate: chain(issuedBy(PRETENDER), PRETENDER, CA),
      tlsa: [record(CA, 2)],
    },
    {
      about: 'anybody, where the record is damaged',
      certificate: OWN,
      tlsa: [{ usage: 2, selector: 0, matchingType: 0, data: 'abcd' }],
    },
  ])('$about', async ({ certificate, tlsa }) => {
    const { outcome, sink, counted } = await attempt(demand({ tlsa }), { tls: certificate });
    expect(outcome).toMatchObject({ kind: 'deferred', remote: REMOTE, reply: { code: 454, status: '4.7.5' } });
    expect(sink.mails).toEqual([]);
    expect(sink.commands.join('\n')).not.toContain('MAIL');
    expect(counted).toMatchObject([
      {
        policy: POLICY,
        failure: {
          type: 'tlsa-invalid',
          host: 'mx.test',
          address: '192.0.2.1',
          localAddress: '127.0.0.1',
          reason: 'TLSA_MISMATCH',
        },
      },
    ]);
  });
});

describe('stripping attack: nothing is sent in the clear', () => {
  test.each([
    { about: 'by DANE', tls: demand({ tlsa: [record(OWN, 3)] }) },
    { about: 'by records that cannot be used', tls: demand({ level: 'encrypt' }) },
    { about: 'by a policy to enforce', tls: demand({ level: 'verify', policy: STS }) },
    { about: 'by a route', tls: demand({ level: 'encrypt', measure: 'exactly', policy: null }) },
  ])('$about', async ({ tls }) => {
    for (const settings of [{}, { tls: OWN, faults: { starttls: '454 4.7.0 Not now' } }] as const) {
      const { outcome, sink, counted } = await attempt(tls, settings);
      expect(outcome).toMatchObject({ kind: 'deferred', reply: { status: '4.7.4' } });
      expect(sink.mails).toEqual([]);
      const { policy } = tls;
      expect(counted).toMatchObject(policy === null ? [] : [{ policy, failure: { type: 'starttls-not-supported' } }]);
    }
  });

  test('before TLS nobody makes mail come back', async () => {
    const { outcome } = await attempt(demand({ tlsa: [record(OWN, 3)] }), { faults: { connect: '554 5.3.2 No' } });
    expect(outcome).toMatchObject({ kind: 'deferred' });
  });
});

describe('a policy to enforce', () => {
  const sts = demand({ level: 'verify', policy: STS });

  test('takes a certificate of a trusted authority for the name of the host', async () => {
    const { outcome, counted } = await attempt(sts, { tls: chain(issuedBy(CA), CA) });
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(counted).toEqual([{ policy: STS, failure: null }]);
  });

  test.each([
    { about: 'another name', certificate: issuedBy(CA, 'evil.test'), type: 'certificate-host-mismatch' },
    { about: 'an unknown authority', certificate: selfSigned('mx.test'), type: 'certificate-not-trusted' },
    { about: 'the past', certificate: issuedBy(CA, 'mx.test', { from: -9, until: -2 }), type: 'certificate-expired' },
  ])('sends nothing to who shows a certificate of $about', async ({ certificate, type }) => {
    const { outcome, sink, counted } = await attempt(sts, { tls: certificate });
    expect(outcome).toMatchObject({ kind: 'deferred', reply: { status: '4.7.5' } });
    expect(sink.mails).toEqual([]);
    expect(counted).toMatchObject([{ policy: STS, failure: { type } }]);
  });
});

describe('a policy to test', () => {
  const sts = demand({ level: 'verify', mode: 'testing', policy: STS });

  test.each([
    { about: 'a good certificate', settings: { tls: issuedBy(CA) }, type: null },
    { about: 'one for another name', settings: { tls: issuedBy(CA, 'evil.test') }, type: 'certificate-host-mismatch' },
    { about: 'one that nobody knows', settings: { tls: selfSigned('mx.test') }, type: 'certificate-not-trusted' },
    { about: 'no TLS', settings: {}, type: 'starttls-not-supported' },
  ] as const)('lets the mail go to who has $about, and counts it', async ({ settings, type }) => {
    const { outcome, counted, sink } = await attempt(sts, settings);
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(sink.sessions).toBe(1);
    expect(counted).toMatchObject([{ policy: STS, failure: type === null ? null : { type } }]);
  });
});

describe('what a route says', () => {
  const exactly = (about: Partial<TlsDemand>) => demand({ measure: 'exactly', policy: null, ...about });

  test('holds in the place of what the transport says', async () => {
    const { outcome, sink } = await attempt(exactly({ level: 'none' }), { tls: OWN }, { options: { tls: 'required' } });
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(sink.mails[0]?.tls).toBe(false);
  });

  test.each([
    { names: ['.provider.test'], certificate: issuedBy(CA, 'mx7.provider.test'), kind: 'delivered' },
    { names: ['.provider.test'], certificate: issuedBy(CA, '*.provider.test'), kind: 'delivered' },
    { names: ['.provider.test'], certificate: issuedBy(CA, 'provider.test'), kind: 'deferred' },
    { names: ['.provider.test'], certificate: issuedBy(CA, 'evil-provider.test'), kind: 'deferred' },
    { names: ['a.test', 'b.test'], certificate: issuedBy(CA, 'b.test'), kind: 'delivered' },
    { names: ['a.test', 'b.test'], certificate: issuedBy(CA, 'mx.test'), kind: 'deferred' },
  ])('may be for whom the certificate must be: $names', async ({ names, certificate, kind }) => {
    const { outcome } = await attempt(exactly({ level: 'verify', names }), { tls: certificate });
    expect(outcome).toMatchObject({ kind });
  });

  test('never sends a password with less TLS than the transport demands', async () => {
    const auth = { user: 'gateway', password: 'hunter2' };
    const options = { tls: 'verified', auth };
    for (const level of ['none', 'may', 'encrypt'] as const) {
      const { outcome, sink } = await attempt(exactly({ level }), { tls: selfSigned('mx.test'), auth }, { options });
      expect(outcome).toMatchObject({ kind: 'deferred', reply: { status: '4.7.5' } });
      expect(sink.commands.join('\n')).not.toContain('AUTH');
    }
  });
});

test('a policy never takes away what the transport demands', async () => {
  const sts = demand({ level: 'encrypt', policy: STS });
  const { outcome } = await attempt(sts, { tls: selfSigned('mx.test') }, { options: { tls: 'verified' } });
  expect(outcome).toMatchObject({ kind: 'deferred', reply: { status: '4.7.5' } });
});

describe('TLS-Required: No (RFC 8689)', () => {
  const content = 'TLS-Required: No\r\nSubject: x\r\n\r\nx\r\n';

  test('does without what DANE and policies demand', async () => {
    const { outcome } = await attempt(demand({ tlsa: [record(OWN, 3)] }), {}, { content });
    expect(outcome).toMatchObject({ kind: 'delivered' });
  });

  test('but not where the operator ignores it', async () => {
    const options = { tlsRequiredNo: 'ignore' };
    const { outcome } = await attempt(demand({ tlsa: [record(OWN, 3)] }), {}, { content, options });
    expect(outcome).toMatchObject({ kind: 'deferred' });
  });
});

test('sessions are kept for mail that demands the same', async () => {
  const sink = await sinkFor({ tls: OWN });
  const relay = await relaying({}, { hosts: { '192.0.2.1:25': sink.port }, now: new Date() });
  const host = { name: 'mx.test', port: 25, addresses: ['192.0.2.1'], preference: 0 };
  const dane: Host = { ...host, tls: demand({ tlsa: [record(OWN, 3)] }) };
  for (const one of [host, dane, dane, host]) await relay.outcomes({ hosts: [one] });
  expect(sink.mails).toHaveLength(4);
  expect(sink.sessions).toBe(2);
  expect(relay.tlsReports.sessions).toHaveLength(1);
});

test('the public key of a certificate is found where it stands', () => {
  const { raw, publicKey } = new X509Certificate(OWN.cert);
  expect(subjectPublicKeyOf(raw)).toEqual(publicKey.export({ type: 'spki', format: 'der' }));
  for (let length = 0; length < raw.length; length += 1) {
    expect(() => subjectPublicKeyOf(raw.subarray(0, length))).not.toThrow();
  }
  expect(subjectPublicKeyOf(Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff))).toBeNull();
});
