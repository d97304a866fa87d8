import { describe, expect, test } from 'vitest';
import { selfSigned } from '../../support/certificate.ts';
import { until } from '../../support/until.ts';
import { link } from '../chain/chain-of.ts';
import { gateway } from './gateway.ts';
import { mounted } from './plugins.ts';

const tls = (mode: 'starttls' | 'implicit') => ({
  mode,
  ...selfSigned('mx.example.test'),
  minVersion: 'TLSv1.2' as const,
});

describe('command injection: what comes with STARTTLS in the clear is not carried out inside TLS', () => {
  test.for(['NOOP\r\n', 'EHLO mallory.test\r\n', 'MAIL FROM:<mallory@client.test>\r\n', 'NOOP\r\n'.repeat(500)])(
    '%j',
    async injected => {
      const its = await gateway({ options: { tls: tls('starttls') }, links: mounted('our-domains') });
      const client = await its.greeted();
      await client.command('EHLO client.test');
      client.send(`STARTTLS\r\n${injected}`);
      expect(await client.reply()).toEqual(['220 2.0.0 Ready to start TLS']);
      await client.startTls();
      // One reply, and it is to this.
      expect(await client.command('HELP')).toMatch(/^214 /);
      expect(await client.command('MAIL FROM:<ann@client.test>')).toBe('503 5.5.1 Send HELO or EHLO first');
    },
  );
});

test("the certificate is the operator's, and old versions of TLS are refused", async () => {
  const certificate = tls('implicit');
  const its = await gateway({ options: { tls: certificate } });
  const trusting = { ca: certificate.cert, servername: 'mx.example.test' };
  const client = await its.connect(trusting);
  expect(await client.reply()).toEqual(['220 mx.example.test ESMTP']);
  const outdated = { ...trusting, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  await expect(its.connect(outdated)).rejects.toThrow('alert protocol version');
  expect(its.log.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
});

test('without a certificate STARTTLS is neither offered nor taken', async () => {
  const its = await gateway();
  const client = await its.greeted();
  expect(await client.command('EHLO client.test')).not.toContain('STARTTLS');
  expect(await client.command('STARTTLS')).toBe('502 5.5.1 Command not implemented');
  expect(await client.command('NOOP')).toBe('250 2.0.0 Ok');
});

test('mail that came over TLS says so, to plugins and in its trace', async () => {
  const certificate = tls('starttls');
  const its = await gateway({ options: { tls: certificate }, links: mounted('our-domains') });
  const client = await its.greeted();
  await client.command('STARTTLS');
  await client.startTls({ ca: certificate.cert, servername: 'mx.example.test', rejectUnauthorized: true });
  await client.command('EHLO client.test');
  await client.command('MAIL FROM:<ann@client.test>');
  await client.command('RCPT TO:<bob@example.test>');
  await client.command('DATA');
  await client.command('\r\n.');
  const mail = its.committed[0]?.[0]?.mail;
  expect(mail?.session.tls).toEqual({
    version: 'TLSv1.3',
    cipher: expect.stringMatching(/^TLS_/),
    servername: 'mx.example.test',
    certificate: null,
  });
  expect((await mail?.content.bytes())?.toString()).toContain(' with ESMTPS id Q1\r\n');
});

test('a handshake that the client breaks off is no error', async () => {
  const its = await gateway({ options: { tls: tls('implicit') } });
  const client = await its.connect();
  client.send('EHLO client.test\r\n');
  await client.rest();
  const other = await its.connect();
  other.vanish();
  const good = await its.connect({ rejectUnauthorized: false });
  expect(await good.reply()).toEqual(['220 mx.example.test ESMTP']);
  expect(its.log.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
});

test('a client that ends its side in place of the handshake ends the session', async () => {
  const its = await gateway({ options: { tls: tls('starttls') } });
  const client = await its.greeted();
  await client.command('STARTTLS');
  client.finish();
  await until(() => expect(its.pinned()).toBe(0));
});

describe('a client that leaves in the middle of the handshake is forgotten at once', () => {
  const HALF_A_HELLO = Buffer.from('1603010200010001fc0303', 'hex');
  test.each([
    { mode: 'starttls', octets: HALF_A_HELLO },
    { mode: 'implicit', octets: Buffer.alloc(0) },
    { mode: 'implicit', octets: HALF_A_HELLO },
  ] as const)('$mode, after $octets.length octets', async ({ mode, octets }) => {
    const its = await gateway({ options: { tls: tls(mode) } });
    const client = mode === 'starttls' ? await its.greeted() : await its.connect();
    if (mode === 'starttls') await client.command('STARTTLS');
    client.send(octets);
    client.finish();
    expect(await client.rest()).toEqual([]);
    await its.listener.close(new AbortController().signal);
    expect(its.pinned()).toBe(0);
    expect(its.log.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });
});

test('a handshake that never ends is broken off', async () => {
  const its = await gateway({ options: { tls: tls('starttls') } });
  const client = await its.greeted();
  await client.command('STARTTLS');
  await until(async () => {
    await its.clock.advance(10_000);
    expect(its.pinned()).toBe(0);
  });
  expect(await client.rest()).toEqual([]);
});

test('a handshake that never ends holds no place before there is a session', async () => {
  const its = await gateway({ options: { tls: tls('implicit') }, limits: { connections: 1 } });
  const silent = await its.connect();
  await its.clock.asleep();
  await its.clock.advance(61_000);
  expect(await silent.rest()).toEqual([]);
  const client = await its.connect({ rejectUnauthorized: false });
  expect(await client.reply()).toEqual(['220 mx.example.test ESMTP']);
});

test('by TLS too, a client may end its side after its last command and still hear the reply', async () => {
  const answer = Promise.withResolvers<void>();
  const slow = link('slow', { helo: () => answer.promise.then(() => undefined) });
  const its = await gateway({ options: { tls: tls('implicit') }, links: [slow] });
  const client = await its.connect({ rejectUnauthorized: false });
  await client.reply();
  client.send('HELO client.test\r\n');
  client.finish();
  answer.resolve();
  expect(await client.rest()).toEqual(['250 mx.example.test']);
});

test('a session that negotiates TLS when its listener closes hears of it inside TLS', async () => {
  const its = await gateway({ options: { tls: tls('starttls') } });
  const client = await its.greeted();
  await client.command('STARTTLS');
  const closed = its.listener.close(new AbortController().signal);
  await client.startTls();
  expect(await client.rest()).toEqual(['421 4.3.2 Shutting down, try again later']);
  await closed;
});

test('a listener that is closed while clients are about to negotiate TLS just closes', async () => {
  const its = await gateway({ options: { tls: tls('implicit') } });
  const clients = await Promise.all(Array.from({ length: 5 }, () => its.connect()));
  await its.listener.close(AbortSignal.abort());
  for (const client of clients) expect(await client.rest()).toEqual([]);
});
