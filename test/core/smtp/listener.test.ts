import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import type { Session } from '../../../core/mail/session.ts';
import { accept } from '../../../core/mail/verdict.ts';
import { MEMORY_LIMIT } from '../../../core/smtp/reception.ts';
import { selfSigned } from '../../support/certificate.ts';
import { link } from '../chain/chain-of.ts';
import { gateway, inData } from './gateway.ts';
import { mounted } from './plugins.ts';

/** Lines that somebody would have to look at. */
function alarms(its: Awaited<ReturnType<typeof gateway>>) {
  return its.log.lines.filter(({ level }) => level !== 'debug' && level !== 'info');
}

/** A plugin that claims everything and writes down the sessions that it sees. */
function watching() {
  const sessions: Session[] = [];
  const see = ({ session }: { readonly session: Session }) => void sessions.push(session);
  return { sessions, link: link('watching', { connect: see, helo: see, mail: see, rcpt: () => accept }) };
}

describe('a failed commit is never 250', () => {
  test.for([
    { code: 'ENOSPC', want: '452 4.3.1 Insufficient system storage, try again later' },
    { code: 'SQLITE_FULL', want: '452 4.3.1 Insufficient system storage, try again later' },
    { code: 'EIO', want: '451 4.3.0 Local error in processing, try again later' },
  ])('$code', async ({ code, want }) => {
    const its = await gateway({
      links: mounted('our-domains'),
      commit: () => Promise.reject(Object.assign(new Error('the disk says no'), { code })),
    });
    const client = await its.greeted();
    await inData(client);
    expect(await client.command('Subject: hello\r\n\r\n.')).toBe(want);
    expect(await client.command('NOOP')).toBe('250 2.0.0 Ok');
    expect(its.log.of('failed')[0]?.fields).toMatchObject({ queueId: 'Q1', committing: 'the disk says no' });
    expect(its.log.of('accepted')).toEqual([]);
  });
});

test('a fault of ours is 451, once, and the session lives on', async () => {
  const its = await gateway({
    links: mounted('our-domains'),
    queueId() {
      throw new Error('no more ids');
    },
  });
  const client = await its.greeted();
  await inData(client);
  client.send('Subject: hello\r\n\r\n.\r\nNOOP\r\nQUIT\r\n');
  expect(await client.rest()).toEqual([
    '451 4.3.0 Local error in processing, try again later',
    '250 2.0.0 Ok',
    '221 2.0.0 Bye',
  ]);
  expect(its.log.of('failed')[0]?.fields).toMatchObject({ cause: 'no more ids' });
});

describe('a client that leaves is no error', () => {
  test('in the middle of the content: nothing is queued, nothing is left in the spool', async () => {
    const calls: string[] = [];
    const its = await gateway({
      links: mounted('our-domains'),
      spool: () => ({
        write: async () => void calls.push('write'),
        finish: async () => contentOf(''),
        abandon: async () => void calls.push('abandon'),
      }),
    });
    const client = await its.greeted();
    await inData(client);
    client.send('0123456789abcdef\r\n'.repeat(MEMORY_LIMIT / 16));
    while (!calls.includes('write')) await new Promise(resolve => setImmediate(resolve));
    client.vanish();
    await its.listener.close(new AbortController().signal);
    expect(calls.at(-1)).toBe('abandon');
    expect(its.committed).toEqual([]);
    expect(its.pinned()).toBe(0);
    expect(alarms(its)).toEqual([]);
    expect(its.log.of('refused')).toEqual([]);
  });

  test('with the last dot missing: what came is no mail', async () => {
    const its = await gateway({ links: mounted('our-domains') });
    const client = await its.greeted();
    await inData(client);
    client.send('Subject: hello\r\n\r\nbody\r\n');
    client.finish();
    expect(await client.rest()).toEqual([]);
    await its.listener.close(new AbortController().signal);
    expect(its.committed).toEqual([]);
  });

  test('with its side closed after the last dot: it still hears 250, however long that takes', async () => {
    const answer = Promise.withResolvers<void>();
    const slow = link('slow', { rcpt: () => accept, data: () => answer.promise });
    const its = await gateway({ links: [slow] });
    const client = await its.greeted();
    await inData(client);
    client.send('Subject: hello\r\n\r\n.\r\nQUIT\r\n');
    client.finish();
    // Another client's whole session passes meanwhile: the end of this one's side has been seen by then.
    const other = await its.greeted();
    await other.command('QUIT');
    answer.resolve();
    expect(await client.rest()).toEqual(['250 2.0.0 Ok: queued as Q1', '221 2.0.0 Bye']);
    expect(its.committed).toHaveLength(1);
  });

  test('while a plugin thinks: its answer goes nowhere, and the generation is released after it', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    const slow = link('slow', {
      rcpt: async () => {
        asked.resolve();
        await answer.promise;
        return accept;
      },
    });
    const its = await gateway({ links: [slow] });
    const client = await its.greeted();
    await client.command('HELO client.test');
    await client.command('MAIL FROM:<ann@client.test>');
    client.send('RCPT TO:<bob@example.test>\r\n');
    await asked.promise;
    client.vanish();
    const closed = its.listener.close(new AbortController().signal);
    expect(its.pinned()).toBe(1);
    answer.resolve();
    await closed;
    expect(its.pinned()).toBe(0);
    expect(alarms(its)).toEqual([]);
  });

  test('before it was greeted', async () => {
    const its = await gateway({ links: mounted('our-domains') });
    for (let count = 0; count < 20; count += 1) (await its.connect()).vanish();
    const client = await its.greeted();
    expect(await client.command('NOOP')).toBe('250 2.0.0 Ok');
    expect(alarms(its)).toEqual([]);
  });
});

describe('the session', () => {
  test("has the client's name when it is confirmed, from the first greeting on", async () => {
    const zones = { '127.0.0.1': { PTR: ['client.test'] }, 'client.test': { A: ['127.0.0.1'] } };
    const { sessions, link: watch } = watching();
    const its = await gateway({ zones, links: [watch] });
    const client = await its.greeted();
    await inData(client);
    await client.command('.');
    const common = { listener: 'inbound', protocol: 'smtp', tls: null, user: null, forwarded: null };
    const named = { address: '127.0.0.1', port: client.localPort, name: 'client.test' };
    expect(sessions.map(({ client: { name } }) => name)).toEqual([
      expect.toSatisfy(isNameOrNull),
      'client.test',
      'client.test',
    ]);
    expect(sessions[2]).toMatchObject({ ...common, client: named, greeting: { verb: 'EHLO', domain: 'client.test' } });
    expect((await its.committed[0]?.[0]?.mail.content.bytes())?.toString()).toContain('(client.test [127.0.0.1])');
  });

  test('does not wait long for a name that nobody gives', async () => {
    const its = await gateway({ links: mounted('our-domains'), resolver: silentResolver });
    const client = await its.greeted();
    client.send('HELO client.test\r\n');
    await its.clock.asleep();
    await its.clock.advance(300);
    expect(await client.reply()).toEqual(['250 mx.example.test']);
  });
});

describe('submissions', () => {
  test.for([
    { role: 'submission', auth: false, want: true },
    { role: 'inbound', auth: true, want: true },
    { role: 'inbound', auth: false, want: false },
  ] as const)('$role, authenticated: $auth; Date and Message-ID are added: $want', async ({ role, auth, want }) => {
    const its = await gateway({
      options: { role, auth: 'optional', allowPlaintextAuth: true },
      links: mounted('ann-may-log-in', 'our-domains'),
    });
    const client = await its.greeted();
    await client.command('EHLO client.test');
    if (auth) await client.command(`AUTH PLAIN ${Buffer.from('\0ann\0correct horse').toString('base64')}`);
    await inData(client);
    await client.command('Subject: hello\r\n\r\n.');
    const text = (await its.committed[0]?.[0]?.mail.content.bytes())?.toString() ?? '';
    expect(/^Date: Mon, 23 Nov 2026 12:00:00 \+0000\r$/m.test(text)).toBe(want);
    expect(/^Message-ID: <Q1\.[0-9a-f]+@mx\.example\.test>\r$/m.test(text)).toBe(want);
    expect(text.endsWith('Subject: hello\r\n\r\n')).toBe(true);
  });
});

describe('a listener that cannot be opened says why and what to do', () => {
  test('the port is taken', async () => {
    const its = await gateway();
    await expect(gateway({ options: { port: its.port } })).rejects.toMatchObject({
      code: 'MF_LISTENER_BIND',
      message: expect.stringContaining('another program listens there; stop it or choose another port'),
    });
  });

  test('certificate and key do not belong together', async () => {
    const { cert } = selfSigned('mx.example.test');
    const { key } = selfSigned('mx.example.test');
    const tls = { mode: 'starttls', cert, key, minVersion: 'TLSv1.2' } as const;
    await expect(gateway({ options: { tls } })).rejects.toMatchObject({
      code: 'MF_LISTENER_CERTIFICATE',
      message: expect.stringContaining('the listener inbound'),
    });
  });
});

const silentResolver = {
  mx: () => new Promise<never>(() => undefined),
  addresses: () => new Promise<never>(() => undefined),
  reverse: () => new Promise<never>(() => undefined),
  txt: () => new Promise<never>(() => undefined),
  lookUp: () => new Promise<never>(() => undefined),
};

function isNameOrNull(name: string | null): boolean {
  return name === null || name === 'client.test';
}
