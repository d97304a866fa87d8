/** Machines in front of the gateway that nobody here wrote: each says for whom it speaks, and is believed where it is listed. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { describeWithProgram, type Ended, freePort, launch, run, untilListening } from '../support/external.ts';
import { describeWithPeer, SWAKS_WITH_TLS } from '../support/peers.ts';
import { until } from '../support/until.ts';
import { DOTTED, expectUnchanged } from './octets.ts';
import { type GatewaySettings, type RunningGateway, runningGateway } from './running-gateway.ts';

const LOOPBACK = ['127.0.0.0/8'];

function swaks(port: number, ...args: readonly string[]): Promise<Ended> {
  const server = ['--server', '127.0.0.1', '--port', String(port), '--helo', 'there.test'];
  const mail = ['--from', 'ann@client.test', '--to', 'bob@example.test', '--data', '-', '--no-data-fixup'];
  return run('swaks', [...server, ...mail, ...args], { input: DOTTED });
}

/** A gateway that trusts these, and lets nobody relay that it does not know. */
function trusting(trust: Readonly<Record<string, readonly string[]>>, settings: GatewaySettings = {}) {
  return runningGateway({
    listeners: [{ id: 'inbound', trust }],
    policy: { relayFor: ['203.0.113.0/24'] },
    ...settings,
  });
}

/** The first two lines of the trace field on the one mail that bob has. */
async function traceOf(gateway: RunningGateway): Promise<string> {
  const mails = await gateway.mails('bob', 1);
  expectUnchanged(mails);
  return mails[0]?.content.split('\n').slice(0, 2).join(' ') ?? '';
}

describeWithProgram('swaks', 'swaks with XCLIENT', () => {
  const CLIENT = ['--xclient-name', 'client.test', '--xclient-addr', '203.0.113.7', '--xclient-port', '40000'];

  test.each([
    { how: 'in one command', args: CLIENT },
    {
      how: 'in two commands',
      args: ['--xclient-helo', 'first.test', '--xclient-proto', 'SMTP', '--xclient-delim', ...CLIENT],
    },
    {
      how: 'with where it connected to',
      args: [...CLIENT, '--xclient-destaddr', '192.0.2.1', '--xclient-destport', '25'],
    },
    { how: 'pipelined', args: [...CLIENT, '--pipeline'] },
  ])('speaks for a client $how', async ({ args }) => {
    const gateway = await trusting({ xclient: LOOPBACK });
    expect(await swaks(gateway.port, ...args)).toMatchObject({ code: 0 });
    expect(await traceOf(gateway)).toMatch(
      /^Received: from there\.test \(client\.test \[203\.0\.113\.7\]\) \tby mx\.example\.test with ESMTP id/,
    );
  });

  test('speaks for one over IPv6 who has logged in', async () => {
    const gateway = await trusting({ xclient: LOOPBACK });
    const args = ['--xclient-addr', 'IPV6:2001:db8::7', '--xclient-name', '[UNAVAILABLE]', '--xclient-login', 'ann'];
    expect(await swaks(gateway.port, ...args)).toMatchObject({ code: 0 });
    expect(await traceOf(gateway)).toMatch(
      /^Received: from there\.test \(\[IPv6:2001:db8::7\]\) \tby mx\.example\.test with ESMTPA id/,
    );
  });

  test('gives a client its rights, and keeps its own', async () => {
    const gateway = await trusting({ xclient: LOOPBACK });
    const relay = ['--to', 'eve@elsewhere.test', '--quit-after', 'RCPT'];
    expect(await swaks(gateway.port, ...relay)).toMatchObject({ code: 24 });
    expect(await swaks(gateway.port, ...relay, '--xclient-addr', '198.51.100.7')).toMatchObject({ code: 24 });
    expect(await swaks(gateway.port, ...relay, '--xclient-addr', '203.0.113.7')).toMatchObject({ code: 0 });
  });

  test.each([
    { what: 'a line end in a name', argument: 'NAME=client.test+0D+0A250+20Ok' },
    { what: 'a bad address', argument: 'NAME=client.test ADDR=203.0.113.7.8' },
    { what: 'an unknown attribute', argument: 'FOO=bar' },
    { what: 'an over-long value', argument: `HELO=${'a'.repeat(256)}` },
  ])('hears that $what is wrong', async ({ argument }) => {
    const gateway = await trusting({ xclient: LOOPBACK });
    const ended = await swaks(gateway.port, '--xclient', argument);
    // Its manual: error in XCLIENT transaction.
    expect(ended.code).toBe(33);
    expect(ended.stdout).toContain('<** 501 5.5.4 ');
  });

  test('is not offered it where it is not listed', async () => {
    const gateway = await trusting({ xclient: ['192.0.2.20'] });
    const ended = await swaks(gateway.port, ...CLIENT);
    expect(ended).toMatchObject({ code: 33, stderr: expect.stringContaining('did not advertise XCLIENT') });
  });
});

/** LOCAL of version 2 is HAProxy's business below: what swaks sends for it is no header. */
describeWithProgram('swaks', 'swaks with PROXY', () => {
  const from = (source: string, family: string, dest: string) =>
    `--proxy-family ${family} --proxy-source ${source} --proxy-source-port 40000 --proxy-dest ${dest} --proxy-dest-port 25`.split(
      ' ',
    );
  const V2 = ['--proxy-version', '2'];

  test.each([
    { how: 'version 1', args: from('203.0.113.7', 'TCP4', '192.0.2.1'), client: '203.0.113.7' },
    { how: 'version 1 over IPv6', args: from('2001:db8::7', 'TCP6', '2001:db8::1'), client: 'IPv6:2001:db8::7' },
    { how: 'version 2', args: [...V2, ...from('203.0.113.7', 'AF_INET', '192.0.2.1')], client: '203.0.113.7' },
    {
      how: 'version 2 over IPv6',
      args: [...V2, ...from('2001:db8::7', 'AF_INET6', '2001:db8::1')],
      client: 'IPv6:2001:db8::7',
    },
    { how: 'version 1, for it does not know whom', args: ['--proxy', 'UNKNOWN'], client: '127.0.0.1' },
  ])('speaks by $how', async ({ args, client }) => {
    const gateway = await trusting({ proxy: LOOPBACK });
    expect(await swaks(gateway.port, ...args)).toMatchObject({ code: 0 });
    expect(await traceOf(gateway)).toContain(`Received: from there.test ([${client}]) `);
  });

  test.each([
    { what: 'no header', args: [] },
    { what: 'a malformed header', args: ['--proxy', 'TCP4 203.0.113.7'] },
    { what: 'addresses of another family', args: from('203.0.113.7', 'TCP6', '192.0.2.1') },
  ])('hears nothing where it sends $what', async ({ args }) => {
    const listeners = [{ id: 'inbound', trust: { proxy: LOOPBACK }, limits: { command: '1 s' } }];
    const gateway = await trusting({}, { listeners });
    const ended = await swaks(gateway.port, ...args);
    expect(ended.code).not.toBe(0);
    expect(ended.stdout).not.toMatch(/^<../m);
    expect(gateway.log.of('refused')).toHaveLength(1);
  });

  test('is nobody else where it is not listed', async () => {
    const gateway = await trusting({ proxy: ['192.0.2.20'] });
    const ended = await swaks(gateway.port, ...from('203.0.113.7', 'TCP4', '192.0.2.1'));
    // Whichever comes first, its header or our greeting.
    expect(ended.stdout).toMatch(/^<\*\* (?:421 4\.7\.0|500 5\.5\.2) /m);
    expect(gateway.log.text()).not.toContain('203.0.113.7');
  });
});

/** HAProxy before a gateway. Clients that come from another address of loopback than its own are told apart by that. */
async function haproxy(gateway: RunningGateway, server: string, more: readonly string[] = []) {
  const port = await freePort();
  const file = join(gateway.folder, 'haproxy.cfg');
  const lines = [
    'global',
    '  log stdout format raw local0',
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 20s',
    '  timeout server 20s',
    'listen smtp',
    '  log global',
    `  bind 127.0.0.1:${port}`,
    ...more.map(line => `  ${line}`),
    `  server gateway 127.0.0.1:${gateway.port} ${server}`,
    '',
  ];
  await writeFile(file, lines.join('\n'));
  const program = launch('haproxy', ['-db', '-f', file]);
  await untilListening(port);
  return { port, output: () => program.output() };
}

const OTHER_ADDRESS = ['--local-interface', '127.0.0.2'];

describeWithProgram('haproxy', 'HAProxy', () => {
  test.each([
    { server: 'send-proxy', more: [] },
    { server: 'send-proxy-v2', more: [] },
    { server: 'send-proxy-v2 proxy-v2-options crc32c,unique-id,authority', more: ['unique-id-format %{+X}o%ci:%cp'] },
  ])('names the client: $server', async ({ server, more }) => {
    const gateway = await trusting({ proxy: ['127.0.0.1'] });
    const { port } = await haproxy(gateway, server, more);
    expect(await swaks(port, ...OTHER_ADDRESS)).toMatchObject({ code: 0 });
    expect(await traceOf(gateway)).toContain('Received: from there.test ([127.0.0.2]) ');
  });

  test.each(['send-proxy', 'send-proxy-v2'])('finds the gateway well, by a session of its own: %s', async server => {
    const gateway = await trusting({ proxy: ['127.0.0.1'] });
    const { output } = await haproxy(gateway, `${server} check inter 50ms fall 1`, ['option smtpchk EHLO check.test']);
    await until(() => expect(gateway.log.of('proxied').length).toBeGreaterThan(3));
    expect(gateway.log.of('proxied').map(({ fields }) => fields.client)).toContain('127.0.0.1');
    expect(gateway.log.of('refused')).toEqual([]);
    expect(output()).not.toContain('DOWN');
  });

  test('is found out where it forgets the header: it says DOWN, and our log says why to whoever looks', async () => {
    const gateway = await trusting({ proxy: ['127.0.0.1'] });
    const { output } = await haproxy(gateway, 'check inter 50ms fall 1', ['option smtpchk EHLO check.test']);
    await until(() => expect(output()).toContain('DOWN'));
    expect(gateway.log.of('left')[0]?.fields).toMatchObject({ during: 'the PROXY header', proxy: '127.0.0.1' });
  });
});

describeWithProgram('haproxy', 'HAProxy before TLS', () => {
  describeWithPeer(SWAKS_WITH_TLS, 'swaks over TLS through HAProxy', () => {
    test.each([
      { mode: 'implicit', flag: '--tls-on-connect' },
      { mode: 'starttls', flag: '--tls' },
    ])('names the client before TLS, which goes through it: $mode', async ({ mode, flag }) => {
      const { cert, key } = selfSigned('mx.example.test');
      const gateway = await trusting(
        {},
        {
          listeners: [
            { id: 'inbound', trust: { proxy: ['127.0.0.1'] }, tls: { cert: './cert.pem', key: './key.pem', mode } },
          ],
          files: { 'cert.pem': cert, 'key.pem': key },
        },
      );
      const { port } = await haproxy(gateway, 'send-proxy-v2');
      const verify = ['--tls-verify', '--tls-ca-path', join(gateway.folder, 'cert.pem')];
      expect(await swaks(port, ...OTHER_ADDRESS, flag, ...verify)).toMatchObject({ code: 0 });
      expect(await traceOf(gateway)).toMatch(/\(\[127\.0\.0\.2\]\) \tby mx\.example\.test with ESMTPS id/);
    });
  });
});
