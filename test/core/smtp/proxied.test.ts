import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Session } from '../../../core/mail/session.ts';
import { accept } from '../../../core/mail/verdict.ts';
import { selfSigned } from '../../support/certificate.ts';
import { link } from '../chain/chain-of.ts';
import { type GatewaySetting, gateway } from './gateway.ts';
import { binaryHeader, fromIpv6, LOCAL, TCP6, withChecksum } from './proxy-octets.ts';
import { RawClient } from './raw-client.ts';

const LINE = 'PROXY TCP4 203.0.113.7 192.0.2.1 40000 25\r\n';
const GREETING = '220 mx.example.test ESMTP';

/** A gateway that trusts what this machine says of clients, and the sessions that its plugins are shown. */
async function behindProxy(setting: GatewaySetting = {}) {
  const seen: Session[] = [];
  const witness = link('witness', {
    connect: ({ session }) => void seen.push(session),
    rcpt: () => accept,
  });
  const its = await gateway({
    ...setting,
    options: { trust: { proxy: ['127.0.0.0/8'], xclient: [], xforward: [] }, ...setting.options },
    links: [witness, ...(setting.links ?? [])],
  });
  const refusals = () => its.log.of('refused').map(({ level, fields }) => ({ level, ...fields }));
  return { ...its, seen, refusals };
}

describe('a listed proxy names the client', () => {
  test.each([
    { how: 'version 1', header: Buffer.from(LINE), client: { address: '203.0.113.7', port: 40_000 } },
    { how: 'version 2', header: withChecksum(), client: { address: '203.0.113.7', port: 40_000 } },
    {
      how: 'version 2 over IPv6',
      header: binaryHeader({ family: TCP6, block: fromIpv6('20010db8000000000000000000000007') }),
      client: { address: '2001:db8::7', port: 40_000 },
    },
    {
      how: 'IPv4-mapped IPv6',
      header: Buffer.from('PROXY TCP6 ::ffff:203.0.113.7 ::1 0 25\r\n'),
      client: { address: '203.0.113.7', port: 0 },
    },
  ])('by $how', async ({ header, client }) => {
    const its = await behindProxy();
    const peer = await its.connect();
    peer.send(header);
    expect(await peer.reply()).toEqual([GREETING]);
    expect(its.seen.map(session => session.client)).toEqual([{ ...client, name: null }]);
    expect(its.log.of('proxied').map(({ fields }) => fields)).toEqual([
      { listener: 'inbound', proxy: '127.0.0.1', client: client.address },
    ]);
  });

  test('octet by octet', async () => {
    const its = await behindProxy();
    const peer = await its.connect();
    await peer.sendSlowly([...withChecksum()].map(octet => Buffer.from([octet])));
    expect(await peer.reply()).toEqual([GREETING]);
    expect(its.seen[0]?.client.address).toBe('203.0.113.7');
  });

  test('and the trace field, the log and the name come from there', async () => {
    const zones = { '203.0.113.7': { PTR: ['client.test'] }, 'client.test': { A: ['203.0.113.7'] } };
    const its = await behindProxy({ zones });
    const peer = await its.connect();
    peer.send(LINE);
    await peer.reply();
    for (const line of ['EHLO there.test', 'MAIL FROM:<ann@client.test>', 'RCPT TO:<bob@example.test>', 'DATA']) {
      await peer.command(line);
    }
    expect(await peer.command('Subject: hello\r\n\r\n.')).toMatch(/^250 /);
    const content = (await its.committed[0]?.[0]?.mail.content.bytes())?.toString();
    expect(content).toContain('Received: from there.test (client.test [203.0.113.7])\r\n');
    expect(its.log.of('accepted')[0]?.fields).toMatchObject({ client: '203.0.113.7' });
  });

  test('and conditions and limits see that client', async () => {
    const its = await behindProxy({
      links: [
        link(
          'guard',
          { connect: () => ({ kind: 'reject', reply: { code: 554, status: '5.7.1', text: 'No' }, because: null }) },
          {
            when: { kind: 'client', ranges: ['203.0.113.0/24'] },
          },
        ),
      ],
    });
    const peer = await its.connect();
    peer.send(LINE);
    expect(await peer.rest()).toEqual(['554 5.7.1 No']);
  });
});

test('crowd limits are those of the client, not of the proxy that all come through', async () => {
  const its = await behindProxy({
    limits: { perClient: { connections: 1, newConnections: null, mails: null, recipients: null } },
  });
  const heard: (string | null)[] = [];
  for (const from of ['203.0.113.7', '203.0.113.7', '203.0.113.8']) {
    const peer = await its.connect();
    peer.send(`PROXY TCP4 ${from} 192.0.2.1 40000 25\r\n`);
    heard.push(await peer.line());
  }
  expect(heard).toEqual([GREETING, '421 4.7.0 Too many connections, try again later', GREETING]);
  expect(its.log.of('refused').map(({ fields }) => fields.client)).toEqual(['203.0.113.7']);
});

test('a proxy is known by its IPv4 address where the listener speaks both versions of IP', async () => {
  const its = await behindProxy({
    options: { address: '::', trust: { proxy: ['127.0.0.1'], xclient: [], xforward: [] } },
  });
  const peer = await its.connect();
  peer.send(LINE);
  expect(await peer.reply()).toEqual([GREETING]);
  expect(its.log.of('proxied')[0]?.fields).toMatchObject({ proxy: '127.0.0.1', client: '203.0.113.7' });
});

describe('a listed proxy that speaks for itself, or for it does not know whom, has a session like any other', () => {
  test.each([
    { how: 'a health check of version 2', header: binaryHeader({ command: LOCAL, family: 0, block: Buffer.alloc(0) }) },
    { how: 'UNKNOWN of version 1', header: Buffer.from('PROXY UNKNOWN\r\n') },
    { how: 'an unspecified family of version 2', header: binaryHeader({ family: 0, block: Buffer.alloc(0) }) },
  ])('$how', async ({ header }) => {
    const its = await behindProxy();
    const peer = await its.connect();
    peer.send(header);
    expect(await peer.reply()).toEqual([GREETING]);
    expect(its.seen[0]?.client).toEqual({ address: '127.0.0.1', port: peer.localPort, name: null });
    expect(await peer.command('QUIT')).toBe('221 2.0.0 Bye');
  });
});

describe('a listed proxy without a header is closed without a word', () => {
  test.each([
    { what: 'SMTP', octets: 'EHLO client.test\r\n', because: 'it does not begin with a PROXY header' },
    { what: 'TLS', octets: Buffer.from([0x16, 3, 1, 0, 5]), because: 'it does not begin with a PROXY header' },
    { what: 'a header that comes late', octets: `\r\n${LINE}`, because: 'it does not begin with a PROXY header' },
    { what: 'a forged line end', octets: 'PROXY UNKNOWN\nEHLO x\r\n', because: 'its line does not end with CRLF' },
    {
      what: 'a line without end',
      octets: `PROXY UNKNOWN ${'x'.repeat(200)}`,
      because: 'its line is longer than 107 octets',
    },
    { what: 'a wrong checksum', octets: withChecksum().fill(1, 16, 17), because: 'its checksum is wrong' },
  ])('$what', async ({ octets, because }) => {
    const its = await behindProxy();
    const peer = await its.connect();
    peer.send(octets);
    expect(await peer.rest()).toEqual([]);
    expect(its.refusals()).toEqual([
      {
        level: 'warn',
        listener: 'inbound',
        proxy: '127.0.0.1',
        because: `what it sends is no PROXY header: ${because}`,
      },
    ]);
    expect(its.seen).toEqual([]);
    expect(its.pinned()).toBe(0);
  });

  test.each([
    { limit: 60_000, wait: 10_000 },
    { limit: 3000, wait: 3000 },
  ])('one that never comes, in $wait ms', async ({ limit, wait }) => {
    const its = await behindProxy({ limits: { command: limit } });
    const peer = await its.connect();
    peer.send(LINE.slice(0, -1));
    await its.clock.asleep();
    await its.clock.advance(wait - 1);
    expect(its.refusals()).toEqual([]);
    await its.clock.advance(1);
    expect(await peer.rest()).toEqual([]);
    expect(its.refusals()).toMatchObject([{ because: `no whole PROXY header came within ${wait} ms` }]);
    expect(its.clock.sleepers).toBe(0);
  });

  test.each(['finish', 'vanish'] as const)('one that leaves before it: %s', async how => {
    const its = await behindProxy();
    const peer = await its.connect();
    peer.send('PROXY TCP4');
    await its.clock.asleep();
    peer[how]();
    await peer.rest();
    while (its.clock.sleepers > 0) await new Promise(resolve => setImmediate(resolve));
    expect(its.refusals()).toEqual([]);
    expect(its.log.of('left')).toMatchObject([{ level: 'debug', fields: { during: 'the PROXY header' } }]);
  });

  test('one that is waited for when the gateway shuts down', async () => {
    const its = await behindProxy();
    const peer = await its.connect();
    await its.clock.asleep();
    await its.listener.close(new AbortController().signal);
    expect(await peer.rest()).toEqual([]);
    expect(its.clock.sleepers).toBe(0);
  });
});

/** A client over TLS whose first octets leave together with the header. */
async function glued(port: number, header: Buffer | string): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let before = Buffer.from(header);
  const below = new Duplex({
    read: () => undefined,
    write(octets: Buffer, _, done) {
      socket.write(Buffer.concat([before, octets]), done);
      before = Buffer.alloc(0);
    },
  });
  socket.on('data', octets => below.push(octets));
  return RawClient.overTls(below);
}

describe('what follows the header in the same segment', () => {
  test('is early talk where SMTP begins', async () => {
    const its = await behindProxy();
    const peer = await its.connect();
    peer.send(`${LINE}EHLO client.test\r\n`);
    expect(await peer.rest()).toEqual(['421 4.7.0 You talk before you were greeted']);
  });

  test('is early talk where it is a second header', async () => {
    const its = await behindProxy();
    const peer = await its.connect();
    peer.send(`${LINE}PROXY TCP4 198.51.100.1 192.0.2.1 1 25\r\n`);
    expect(await peer.rest()).toEqual(['421 4.7.0 You talk before you were greeted']);
    expect(its.seen.map(({ client }) => client.address)).toEqual(['203.0.113.7']);
  });

  test.each([LINE, withChecksum()])('goes to TLS where that is implicit', async header => {
    const { cert, key } = selfSigned('mx.example.test');
    const its = await behindProxy({ options: { tls: { mode: 'implicit', cert, key, minVersion: 'TLSv1.2' } } });
    const peer = await glued(its.port, header);
    expect(await peer.reply()).toEqual([GREETING]);
    expect(its.seen[0]).toMatchObject({ client: { address: '203.0.113.7' }, tls: { version: 'TLSv1.3' } });
    peer.destroy();
  });
});

describe('threat: forged client addresses', () => {
  const NOBODY = { trust: { proxy: ['192.0.2.0/24'], xclient: ['127.0.0.1'], xforward: ['127.0.0.1'] } };

  test.each([LINE, 'PROXY UNKNOWN\r\n', withChecksum()])(
    'a header of an unlisted peer that comes at once is early talk',
    async header => {
      const its = await behindProxy({ options: NOBODY });
      const peer = await its.connect();
      peer.send(header);
      expect(await peer.rest()).toEqual(['421 4.7.0 You talk before you were greeted']);
      expect(its.seen.map(({ client }) => client.address)).toEqual(['127.0.0.1']);
    },
  );

  test('and later it is an unknown command', async () => {
    const its = await behindProxy({ options: NOBODY });
    const peer = await its.greeted();
    expect(await peer.command(LINE.trim())).toBe('500 5.5.2 Command not recognized');
    expect(await peer.command('PROXY UNKNOWN')).toBe('500 5.5.2 Command not recognized');
  });

  test('a second header of a listed proxy is an unknown command too', async () => {
    const its = await behindProxy();
    const peer = await its.connect();
    peer.send(LINE);
    await peer.reply();
    expect(await peer.command('PROXY TCP4 198.51.100.1 192.0.2.1 1 25')).toBe('500 5.5.2 Command not recognized');
  });

  test('a client named by a proxy is no proxy, though its address be listed', async () => {
    const its = await behindProxy();
    const peer = await its.connect();
    peer.send('PROXY TCP4 127.0.0.9 192.0.2.1 40000 25\r\n');
    expect(await peer.reply()).toEqual([GREETING]);
    expect(its.seen[0]?.client.address).toBe('127.0.0.9');
  });
});
