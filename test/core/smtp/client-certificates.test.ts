/** Clients that say by a certificate who they are: who is believed, who is refused, and in which words. */
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { Tls } from '../../../core/mail/session.ts';
import { accept } from '../../../core/mail/verdict.ts';
import type { ClientCertificates, TlsOptions } from '../../../core/smtp/options.ts';
import { authority, selfSigned, selfSignedAs, type TestCertificate } from '../../support/certificate.ts';
import { link } from '../chain/chain-of.ts';
import { gateway } from './gateway.ts';
import type { RawClient } from './raw-client.ts';

type Mode = TlsOptions['mode'];

const ours = authority('Our clients');
const theirs = authority('Somebody');
const below = ours.delegate('Our clients, east');
const ann = { commonName: 'ann', dns: ['Laptop.example.test'], emails: ['Ann@example.test'], use: 'client' as const };

const NOBODY = undefined;
const RIGHT = ours.issue(ann);
const STRANGER = selfSigned('stranger.test');
const OF_OTHERS = theirs.issue(ann);
const EXPIRED = ours.issue({ ...ann, from: -20, until: -1 });
const EARLY = ours.issue({ ...ann, from: 10, until: 20 });
const OF_A_SERVER = ours.issue({ ...ann, use: 'server' });
const BELOW = chained(below.issue(ann), below);

/** With the authority that issued it. */
function chained(own: TestCertificate, issuer: TestCertificate): TestCertificate {
  return { cert: own.cert + issuer.cert, key: own.key };
}

const REFUSED = '554 5.7.0 Refused: this server needs a client certificate that it trusts';

async function listening(mode: Mode, certificate: ClientCertificates['certificate'] | null, authorities = ours.cert) {
  const seen: (Tls | null)[] = [];
  const watch = link('watch', {
    mail: ({ session }) => void seen.push(session.tls),
    rcpt: () => accept,
  });
  const clients = certificate === null ? null : { authorities, certificate };
  const tls: TlsOptions = { mode, minVersion: 'TLSv1.2', ...selfSigned('mx.example.test'), clients };
  const its = await gateway({ options: { tls }, links: [watch] });
  return {
    its,
    tls,
    seen,
    /** A client that has negotiated TLS and not said anything inside it. */
    secured: async (own: TestCertificate | undefined, version?: 'TLSv1.2'): Promise<RawClient> => {
      const options = { ...own, rejectUnauthorized: false, ...(version && { maxVersion: version }) };
      if (mode === 'implicit') return its.connect(options);
      const client = await its.greeted();
      await client.command('STARTTLS');
      await client.startTls(options);
      return client;
    },
  };
}

async function sendsMail(client: RawClient): Promise<void> {
  await client.command('EHLO client.test');
  expect(await client.command('MAIL FROM:<ann@client.test>')).toBe('250 2.1.0 Ok');
}

describe.each<Mode>(['starttls', 'implicit'])('%s', mode => {
  test.each<'optional' | 'required'>(['optional', 'required'])(
    'a certificate that leads to an authority of ours is what the session says of the client, %s',
    async certificate => {
      for (const version of ['TLSv1.2', undefined] as const) {
        const { its, seen, secured } = await listening(mode, certificate);
        const client = await secured(RIGHT, version);
        if (mode === 'implicit') await client.reply();
        await sendsMail(client);
        const want = {
          commonName: 'ann',
          names: ['email:Ann@example.test', 'dns:laptop.example.test'],
          fingerprint: client.secure.getX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase(),
        };
        expect(seen.at(-1)?.certificate).toEqual(want);
        expect(want.fingerprint).toMatch(/^[0-9a-f]{64}$/);
        expect(its.log.of('verified').map(({ fields }) => fields)).toEqual([
          { listener: 'inbound', session: expect.any(String), client: '127.0.0.1', ...want },
        ]);
      }
    },
  );

  test('so is one of an authority below it, and whatever else the file names, down to a single client', async () => {
    for (const [own, authorities] of [
      [BELOW, ours.cert],
      [below.issue(ann), below.cert],
      [RIGHT, RIGHT.cert],
      [OF_OTHERS, ours.cert + theirs.cert],
    ] as const) {
      const { seen, secured } = await listening(mode, 'required', authorities);
      const client = await secured(own);
      if (mode === 'implicit') await client.reply();
      await sendsMail(client);
      expect(seen.at(-1)?.certificate?.commonName).toBe('ann');
    }
  });

  const UNTRUSTED = [
    { who: 'nobody', own: NOBODY, because: 'no client certificate' },
    { who: 'a stranger who vouches for himself', own: STRANGER, because: /not trusted: DEPTH_ZERO_SELF_SIGNED_CERT$/ },
    { who: 'a client of other authorities', own: OF_OTHERS, because: /not trusted: UNABLE_TO_/ },
    { who: 'one whose certificate has expired', own: EXPIRED, because: /not trusted: CERT_HAS_EXPIRED$/ },
    { who: 'one whose certificate is not valid yet', own: EARLY, because: /not trusted: CERT_NOT_YET_VALID$/ },
    { who: 'a server', own: OF_A_SERVER, because: /not trusted: INVALID_PURPOSE$/ },
  ];

  test.each(UNTRUSTED)('$who is a client like any other where certificates are optional', async ({ own }) => {
    const { its, seen, secured } = await listening(mode, 'optional');
    const client = await secured(own);
    if (mode === 'implicit') await client.reply();
    await sendsMail(client);
    expect(seen).toEqual([expect.objectContaining({ certificate: null })]);
    expect(its.log.of('verified')).toEqual([]);
    expect(its.log.of('refused')).toEqual([]);
  });

  test.each(UNTRUSTED)('$who is refused where one is required, and the log says why', async ({ own, because }) => {
    const { its, seen, secured } = await listening(mode, 'required');
    if (mode === 'implicit') {
      // TLS 1.3 lets a client believe for a moment that all is well. It never hears a greeting.
      const heard = await secured(own).then(
        client => client.rest(),
        () => [],
      );
      expect(heard).toEqual([]);
    } else {
      const client = await secured(own);
      for (const line of ['EHLO client.test', 'MAIL FROM:<ann@client.test>', 'RSET', 'NOOP', 'VRFY ann', 'WHAT']) {
        expect(await client.command(line)).toBe(REFUSED);
      }
      expect(await client.command('QUIT')).toBe('221 2.0.0 Bye');
    }
    expect(seen).toEqual([]);
    expect(its.log.of('refused').map(({ fields }) => fields)).toEqual([
      expect.objectContaining({
        during: 'TLS',
        client: '127.0.0.1',
        because: typeof because === 'string' ? because : expect.stringMatching(because),
      }),
    ]);
  });

  test('certificates are not asked for where nobody is to vouch for them', async () => {
    const { its, seen, secured } = await listening(mode, null);
    const client = await secured(RIGHT);
    if (mode === 'implicit') await client.reply();
    await sendsMail(client);
    expect(seen).toEqual([expect.objectContaining({ certificate: null })]);
    expect(its.log.of('verified')).toEqual([]);
  });
});

test('downgrade: where a certificate is required nothing goes on without TLS', async () => {
  const { its, seen } = await listening('starttls', 'required');
  const client = await its.greeted();
  expect(await client.command('EHLO client.test')).toContain('STARTTLS');
  for (const line of ['MAIL FROM:<ann@client.test>', 'RSET', 'VRFY ann', 'AUTH PLAIN', 'HELP']) {
    expect(await client.command(line)).toBe('530 5.7.0 Must issue a STARTTLS command first');
  }
  expect(await client.command('NOOP')).toBe('250 2.0.0 Ok');
  expect(await client.command('QUIT')).toBe('221 2.0.0 Bye');
  expect(seen).toEqual([]);
});

test('what a refused BDAT brings along is no command', async () => {
  const { secured } = await listening('starttls', 'required');
  const client = await secured(NOBODY);
  client.send('EHLO client.test\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\nQUIT\r\n');
  expect(await client.rest()).toEqual([REFUSED, '503 5.5.1 Send HELO or EHLO first', REFUSED, '221 2.0.0 Bye']);
});

test.each<{ own: TestCertificate | undefined; event: string }>([
  { own: RIGHT, event: 'verified' },
  { own: STRANGER, event: 'refused' },
])('$event: the log names the client, and not the proxy that brings it', async ({ own, event }) => {
  const clients = { authorities: ours.cert, certificate: 'required' as const };
  for (const mode of ['starttls', 'implicit'] as const) {
    const tls: TlsOptions = { mode, minVersion: 'TLSv1.2', ...selfSigned('mx.example.test'), clients };
    const its = await gateway({ options: { tls, trust: { proxy: ['127.0.0.1'], xclient: [], xforward: [] } } });
    const client = await its.connect();
    client.send('PROXY TCP4 192.0.2.9 192.0.2.1 4444 25\r\n');
    if (mode === 'starttls') {
      await client.reply();
      await client.command('STARTTLS');
    }
    await client.startTls(own);
    if (event === 'verified' || mode === 'starttls') client.send('QUIT\r\n');
    await client.rest();
    expect(its.log.of(event).map(({ fields }) => fields.client)).toEqual(['192.0.2.9']);
  }
});

test('nobody comes back on a ticket: each handshake verifies, by the authorities of the day', async () => {
  const { its, tls, secured } = await listening('implicit', 'required');
  const first = connectTls({ port: its.port, host: '127.0.0.1', rejectUnauthorized: false, ...RIGHT });
  first.resume();
  const [session] = (await once(first, 'session')) as [Buffer];
  first.destroy();
  const again = await its.connect({ session, rejectUnauthorized: false, ...RIGHT });
  expect(again.secure.isSessionReused()).toBe(false);
  expect(await again.reply()).toEqual(['220 mx.example.test ESMTP']);

  its.listener.renew({ ...tls, clients: { authorities: theirs.cert, certificate: 'required' } });
  expect(await (await its.connect({ session, rejectUnauthorized: false, ...RIGHT })).rest()).toEqual([]);
  expect(await (await secured(OF_OTHERS)).reply()).toEqual(['220 mx.example.test ESMTP']);
  // Who was let in stays.
  expect(await again.command('NOOP')).toBe('250 2.0.0 Ok');
});

test('the authorities hold whatever name a client asks for', async () => {
  const { its, tls } = await listening('implicit', 'required');
  its.listener.renew({ ...tls, more: [selfSigned('other.test')] });
  const connect = (own: TestCertificate) =>
    its.connect({ servername: 'other.test', rejectUnauthorized: false, ...own });
  const client = await connect(RIGHT);
  expect(client.shown).toBe('other.test');
  expect(await client.reply()).toEqual(['220 mx.example.test ESMTP']);
  expect(await (await connect(STRANGER)).rest()).toEqual([]);
});

test('a name that could be two is none, and one that holds what parts names is whole', async () => {
  const wishes = { use: 'client' as const, dns: ['a.test, DNS:b.test', 'c.test'], emails: ['"a, email:b"@c.test'] };
  const { seen, its } = await listening('implicit', 'required');
  const client = await its.connect({ rejectUnauthorized: false, ...ours.issue({ commonName: ['a', 'b'], ...wishes }) });
  await client.reply();
  await sendsMail(client);
  expect(seen.at(-1)?.certificate).toMatchObject({
    commonName: '',
    names: ['email:"a, email:b"@c.test', 'dns:a.test, dns:b.test', 'dns:c.test'],
  });
  const nameless = await its.connect({ rejectUnauthorized: false, ...ours.issue({ commonName: '' }) });
  await nameless.reply();
  await sendsMail(nameless);
  expect(seen.at(-1)?.certificate).toMatchObject({ commonName: '', names: [] });
});

test('a listener with authorities that hold nothing lets nobody in', async () => {
  const { its } = await listening('implicit', 'required', '# nothing yet\n');
  for (const own of [RIGHT, selfSignedAs({ commonName: 'ann' })]) {
    expect(await (await its.connect({ rejectUnauthorized: false, ...own })).rest()).toEqual([]);
  }
});
