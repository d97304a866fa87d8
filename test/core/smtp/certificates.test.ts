/** Which certificate a client is shown, and how certificates are exchanged while clients come and go. */
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { TlsOptions } from '../../../core/smtp/options.ts';
import { type CertificateWishes, selfSigned, selfSignedAs } from '../../support/certificate.ts';
import { gateway } from './gateway.ts';
import { mounted } from './plugins.ts';
import type { RawClient } from './raw-client.ts';

type Gateway = Awaited<ReturnType<typeof gateway>>;
type Mode = TlsOptions['mode'];

function tlsWith(mode: Mode, first: CertificateWishes, ...more: readonly CertificateWishes[]): TlsOptions {
  return { mode, minVersion: 'TLSv1.2', ...selfSignedAs(first), more: more.map(selfSignedAs) };
}

/** A client that has negotiated TLS, by whichever way the listener has. */
async function secured(
  its: Gateway,
  mode: Mode,
  options: Parameters<RawClient['startTls']>[0] = {},
): Promise<RawClient> {
  if (mode === 'implicit') {
    const client = await its.connect({ rejectUnauthorized: false, ...options });
    await client.reply();
    return client;
  }
  const client = await its.greeted();
  await client.command('STARTTLS');
  await client.startTls(options);
  return client;
}

describe.each<Mode>(['starttls', 'implicit'])('by SNI, %s', mode => {
  const tls = tlsWith(
    mode,
    { commonName: 'first', dns: ['mx.example.test'] },
    { commonName: 'second', dns: ['mail.other.test', '*.customers.test'] },
    { commonName: 'third.test' },
    { commonName: 'hidden', dns: ['mail.other.test', 'ann.customers.test', 'deep.ann.customers.test'] },
  );

  test.each([
    { asked: 'mx.example.test', shown: 'first', what: 'by its name' },
    { asked: 'mail.other.test', shown: 'second', what: 'the first of two that bear the name' },
    { asked: 'MAIL.Other.TEST', shown: 'second', what: 'in whatever case' },
    { asked: 'mail.other.test.', shown: 'second', what: 'with a final dot' },
    { asked: 'ann.customers.test', shown: 'second', what: 'by a wildcard' },
    { asked: 'deep.ann.customers.test', shown: 'hidden', what: 'a wildcard is one label' },
    { asked: 'customers.test', shown: 'first', what: 'a wildcard is not none' },
    { asked: 'third.test', shown: 'third.test', what: 'a common name, where there are no alternative names' },
    { asked: 'hidden', shown: 'first', what: 'no common name beside alternative names' },
    { asked: 'stranger.test', shown: 'first', what: 'the first for a name that nobody has' },
    { asked: '.customers.test', shown: 'first', what: 'the first for what is no name' },
    { asked: '..', shown: 'first', what: 'the first for what is no name' },
    { asked: 'x'.repeat(250), shown: 'first', what: 'the first for what is no name' },
    { asked: '', shown: 'first', what: 'the first for no name' },
  ])('$asked: $shown $what', async ({ asked, shown }) => {
    const its = await gateway({ options: { tls } });
    // Without SNI where nothing is asked: Node asks for the host otherwise, never for an address.
    const client = await secured(its, mode, asked === '' ? {} : { servername: asked });
    expect(client.shown).toBe(shown);
    expect(await client.command('NOOP')).toBe('250 2.0.0 Ok');
  });
});

test('TLS is not spoken below the least version, whatever name is asked for', async () => {
  const tls = { ...tlsWith('implicit', { commonName: 'a', dns: ['a.test'] }, { commonName: 'b', dns: ['b.test'] }) };
  const its = await gateway({ options: { tls: { ...tls, minVersion: 'TLSv1.3' } } });
  for (const servername of ['a.test', 'b.test']) {
    const old = { servername, rejectUnauthorized: false, maxVersion: 'TLSv1.2' } as const;
    await expect(its.connect(old)).rejects.toThrow('alert protocol version');
    const client = await its.connect({ servername, rejectUnauthorized: false });
    expect(client.secure.getProtocol()).toBe('TLSv1.3');
  }
});

describe('cross-protocol attack (ALPACA): who offers other protocols by ALPN is sent away in the handshake', () => {
  test.each<{ mode: Mode; offers: string[]; want: string | false | RegExp }>([
    { mode: 'implicit', offers: ['h2', 'http/1.1'], want: /alert no application protocol/ },
    { mode: 'starttls', offers: ['http/1.1'], want: /alert no application protocol/ },
    { mode: 'implicit', offers: ['h2', 'smtp'], want: 'smtp' },
    { mode: 'starttls', offers: ['smtp'], want: 'smtp' },
    { mode: 'implicit', offers: [], want: false },
  ])('$mode, $offers: $want', async ({ mode, offers, want }) => {
    const its = await gateway({ options: { tls: tlsWith(mode, { commonName: 'mx' }) } });
    const client = secured(its, mode, offers.length === 0 ? {} : { ALPNProtocols: offers });
    if (want instanceof RegExp) await expect(client).rejects.toThrow(want);
    else expect((await client).secure.alpnProtocol).toBe(want);
  });
});

test('renegotiation is refused: it costs the server more than the client, and changes who the client is', async () => {
  const its = await gateway({ options: { tls: tlsWith('implicit', { commonName: 'mx' }) } });
  const client = await secured(its, 'implicit', { maxVersion: 'TLSv1.2' });
  const refused = once(client.secure, 'error');
  client.secure.renegotiate({ rejectUnauthorized: false }, () => undefined);
  expect(String((await refused)[0])).toContain('no renegotiation');
  expect(its.log.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
});

describe('renewed certificates', () => {
  const old = (mode: Mode) =>
    tlsWith(mode, { commonName: 'old', dns: ['a.test'] }, { commonName: 'old-b', dns: ['b.test'] });
  const fresh = (mode: Mode) =>
    tlsWith(mode, { commonName: 'new', dns: ['a.test'] }, { commonName: 'new-b', dns: ['b.test'] });

  test.each<Mode>(['starttls', 'implicit'])('%s: new handshakes get them, running sessions go on', async mode => {
    const its = await gateway({ options: { tls: old(mode) }, links: mounted('our-domains') });
    const running = await secured(its, mode);
    await running.command('EHLO client.test');
    await running.command('MAIL FROM:<ann@client.test>');
    const plain = mode === 'starttls' ? await its.greeted() : null;
    its.listener.renew(fresh(mode));
    expect((await secured(its, mode)).shown).toBe('new');
    expect((await secured(its, mode, { servername: 'b.test' })).shown).toBe('new-b');
    expect(await running.command('RCPT TO:<bob@example.test>')).toBe('250 2.1.5 Ok');
    await running.command('DATA');
    expect(await running.command('Subject: hello\r\n\r\nbody\r\n.')).toMatch(/^250 /);
    expect(running.shown).toBe('old');
    if (plain === null) return;
    // It was there before, and negotiates after.
    await plain.command('STARTTLS');
    await plain.startTls({ servername: 'a.test' });
    expect(plain.shown).toBe('new');
  });

  test('that cannot be used leave the old ones, all of them, and the error names the listener', async () => {
    const its = await gateway({ options: { tls: old('implicit') } });
    const { cert } = selfSigned('c.test');
    const broken = { ...fresh('implicit'), more: [{ cert, key: selfSigned('c.test').key }] };
    expect(() => its.listener.renew(broken)).toThrow(expect.objectContaining({ code: 'MF_LISTENER_CERTIFICATE' }));
    expect(() => its.listener.renew(broken)).toThrow(/^the listener inbound cannot use its certificate/);
    expect((await secured(its, 'implicit')).shown).toBe('old');
    expect((await secured(its, 'implicit', { servername: 'b.test' })).shown).toBe('old-b');
  });

  test('end what clients remember of earlier sessions: the secret of their tickets goes with the certificates', async () => {
    const its = await gateway({ options: { tls: old('implicit') } });
    const ticket = await ticketFrom(its);
    expect(await isResumed(its, ticket)).toBe(true);
    its.listener.renew(fresh('implicit'));
    expect(await isResumed(its, ticket)).toBe(false);
  });

  test.each<Mode>(['starttls', 'implicit'])('%s: fifty times under load, no client is refused', async mode => {
    const its = await gateway({ options: { tls: old(mode) }, links: mounted('our-domains') });
    const steady = await secured(its, mode);
    const visit = async () => {
      const client = await secured(its, mode, { servername: 'a.test' });
      const name = client.shown;
      expect(await client.command('EHLO client.test')).toMatch(/^250-mx\.example\.test/);
      expect(await client.command('QUIT')).toBe('221 2.0.0 Bye');
      client.destroy();
      return name;
    };
    const shown = new Set<string>();
    for (let round = 0; round < 50; round += 1) {
      const visits = Array.from({ length: 6 }, visit);
      // Each time at another stage of their handshakes.
      for (let turn = 0; turn < round % 10; turn += 1) await new Promise(resolve => setImmediate(resolve));
      its.listener.renew(round % 2 === 0 ? fresh(mode) : old(mode));
      for (const name of await Promise.all(visits)) shown.add(name);
    }
    expect(shown).toEqual(new Set(['old', 'new']));
    expect(await steady.command('NOOP')).toBe('250 2.0.0 Ok');
    expect(its.log.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });
});

/** What a client keeps to take up its session again (RFC 8446 section 2.2). */
async function ticketFrom(its: Gateway): Promise<Buffer> {
  const socket = connectTls({ port: its.port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.resume();
  const [ticket] = (await once(socket, 'session')) as [Buffer];
  socket.destroy();
  return ticket;
}

async function isResumed(its: Gateway, session: Buffer): Promise<boolean> {
  const client = await its.connect({ session, rejectUnauthorized: false });
  return client.secure.isSessionReused();
}
