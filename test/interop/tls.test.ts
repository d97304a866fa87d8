/** Programs that nobody here wrote, over TLS: which certificate they are shown, and who they are by theirs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { authority, selfSigned, type TestCertificate } from '../support/certificate.ts';
import { describeWithProgram, run } from '../support/external.ts';
import { describeWithPeer, SWAKS_WITH_TLS, SYSTEM_PYTHON } from '../support/peers.ts';
import { DOTTED, expectUnchanged } from './octets.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';

const web = authority('A public authority');
const ours = authority('Our clients');
const NAMES = { first: 'mx.example.test', second: 'mail.other.test', wildcard: '*.customers.test' };
const SHOWN = Object.fromEntries(Object.entries(NAMES).map(([id, name]) => [id, issued(name)]));
const CLIENT = ours.issue({ commonName: 'ann', dns: ['laptop.example.test'], use: 'client' });
const STRANGER = selfSigned('stranger.test');

function issued(name: string): TestCertificate {
  return web.issue({ commonName: '', dns: [name], use: 'server' });
}

/** A gateway with a listener for each way into TLS, and one for each way to ask clients who they are. */
async function tlsGateway(): Promise<RunningGateway> {
  const pairOf = (id: string) => ({ cert: `./${id}.pem`, key: `./${id}.key` });
  const tls = { ...pairOf('first'), more: [pairOf('second'), pairOf('wildcard')] };
  const clients = (certificate: string) => ({ clients: { authorities: './ours.pem', certificate } });
  const files = Object.entries({ ...SHOWN, client: CLIENT, stranger: STRANGER }).flatMap(([id, { cert, key }]) => [
    [`${id}.pem`, cert],
    [`${id}.key`, key],
  ]);
  return runningGateway({
    listeners: [
      { id: 'starttls', tls },
      { id: 'implicit', tls: { ...tls, mode: 'implicit' } },
      { id: 'modern', tls: { ...tls, mode: 'implicit', minVersion: 'TLSv1.3' } },
      { id: 'asking', tls: { ...tls, ...clients('optional') }, auth: 'optional', mechanisms: ['EXTERNAL'] },
      { id: 'members', tls: { ...tls, ...clients('required') } },
      { id: 'members-implicit', tls: { ...tls, mode: 'implicit', ...clients('required') } },
    ],
    plugins: [{ use: 'users', options: { file: './users', certificates: { 'dns:laptop.example.test': 'ann' } } }],
    files: { ...Object.fromEntries(files), 'web.pem': web.cert, 'ours.pem': ours.cert, users: '' },
  });
}

describeWithProgram('openssl', 'openssl s_client', () => {
  const client = (gateway: RunningGateway, listener: string, args: readonly string[]) =>
    run('openssl', ['s_client', '-connect', `127.0.0.1:${gateway.portOf(listener)}`, ...args], { input: 'QUIT\r\n' });

  const STARTTLS = ['-starttls', 'smtp', '-name', 'client.test'];

  test.each([
    { listener: 'starttls', how: STARTTLS },
    { listener: 'implicit', how: [] },
  ])('$listener: chain and name are right for each name that is asked for', async ({ listener, how }) => {
    const gateway = await tlsGateway();
    const trusting = ['-CAfile', join(gateway.folder, 'web.pem'), '-verify_return_error'];
    for (const [asked, name] of [
      ['mx.example.test', 'mx.example.test'],
      ['mail.other.test', 'mail.other.test'],
      ['ann.customers.test', 'ann.customers.test'],
      ['nobody.test', 'mx.example.test'],
    ] as const) {
      const ended = await client(gateway, listener, [
        ...how,
        '-servername',
        asked,
        ...trusting,
        '-verify_hostname',
        name,
      ]);
      expect(ended.stdout).toContain('Verify return code: 0 (ok)');
      expect(ended.stdout).toContain(
        `Verified peername: ${name === asked && name.includes('customers') ? '*.customers.test' : name}`,
      );
      expect(ended.code).toBe(0);
    }
    const nameless = await client(gateway, listener, [...how, '-noservername', ...trusting]);
    expect(nameless.stdout).toContain(SHOWN.first?.cert.split('\n')[1]);
  });

  test('versions below the least, weak ciphers and other protocols are refused', async () => {
    const gateway = await tlsGateway();
    const weak = ['-cipher', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0'];
    const refused: readonly (readonly [string, readonly string[]])[] = [
      ['modern', ['-tls1_2']],
      ['implicit', ['-tls1_1', ...weak]],
      ['implicit', ['-tls1', ...weak]],
      ['implicit', ['-tls1_2', '-cipher', 'aNULL:eNULL:RC4:3DES:@SECLEVEL=0']],
      ['implicit', ['-alpn', 'http/1.1']],
      ['starttls', [...STARTTLS, '-alpn', 'h2,http/1.1']],
    ];
    for (const [listener, args] of refused) {
      const ended = await client(gateway, listener, args);
      expect(ended).toMatchObject({ code: 1 });
      expect(ended.stderr).toContain('alert');
    }
    expect(await client(gateway, 'implicit', ['-tls1_2', '-alpn', 'smtp'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('ALPN protocol: smtp'),
    });
  });

  test('a client is told which authorities are trusted, and nobody else is asked', async () => {
    const gateway = await tlsGateway();
    const asking = await client(gateway, 'asking', STARTTLS);
    expect(asking.stdout).toMatch(/Acceptable client certificate CA names\nO = Tests, CN = Our clients\n/);
    expect((await client(gateway, 'starttls', STARTTLS)).stdout).toContain('No client certificate CA names sent');
  });
});

describeWithPeer(SWAKS_WITH_TLS, 'swaks over TLS, by name and by certificate', () => {
  const swaks = (gateway: RunningGateway, listener: string, ...args: readonly string[]) => {
    const server = ['--server', '127.0.0.1', '--port', String(gateway.portOf(listener)), '--helo', 'client.test'];
    const trust = ['--tls-verify', '--tls-ca-path', join(gateway.folder, 'web.pem')];
    const mail = ['--from', 'ann@client.test', '--to', 'bob@example.test', '--data', '-', '--no-data-fixup'];
    return run('swaks', [...server, ...trust, ...mail, ...args], { input: DOTTED });
  };
  const own = (gateway: RunningGateway, id: string) => [
    '--tls-cert',
    join(gateway.folder, `${id}.pem`),
    '--tls-key',
    join(gateway.folder, `${id}.key`),
  ];

  test.each([
    { listener: 'starttls', how: '--tls' },
    { listener: 'implicit', how: '--tls-on-connect' },
  ])('$listener: it is shown the certificate for the name that it asks for', async ({ listener, how }) => {
    const gateway = await tlsGateway();
    const ended = await swaks(gateway, listener, how, '--tls-sni', 'mail.other.test');
    expect(ended).toMatchObject({ code: 0 });
    expectUnchanged(await gateway.mails('bob', 1));
  });

  test.each([
    { listener: 'members', how: '--tls' },
    { listener: 'members-implicit', how: '--tls-on-connect' },
  ])('$listener: with a certificate its mail is taken, and without one not', async ({ listener, how }) => {
    const gateway = await tlsGateway();
    expect(await swaks(gateway, listener, how, ...own(gateway, 'client'))).toMatchObject({ code: 0 });
    expectUnchanged(await gateway.mails('bob', 1));
    for (const args of [[], own(gateway, 'stranger')]) {
      const ended = await swaks(gateway, listener, how, ...args);
      expect(ended.code).not.toBe(0);
      if (listener === 'members') expect(ended.stdout).toContain('<~* 554 5.7.0 ');
    }
    expect(gateway.log.of('accepted')).toHaveLength(1);
    const reasons = gateway.log.of('refused').map(({ fields }) => fields.because);
    expect(reasons).toEqual([
      'no client certificate',
      'its client certificate is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT',
    ]);
  });

  test('members: nobody gets in by leaving TLS away', async () => {
    const gateway = await tlsGateway();
    const server = ['--server', '127.0.0.1', '--port', String(gateway.portOf('members')), '--helo', 'client.test'];
    const ended = await run('swaks', [...server, '--from', 'ann@client.test', '--to', 'bob@example.test']);
    expect(ended.stdout).toContain('<** 530 5.7.0 Must issue a STARTTLS command first');
  });
});

/** Sends one mail, and prints the subject of what it was shown and the reply. */
const PYTHON = `
import json, smtplib, ssl, sys
port, name, implicit, folder, own = json.loads(sys.argv[1])
context = ssl.create_default_context(cafile=folder + '/web.pem')
if own:
    context.load_cert_chain(folder + '/' + own + '.pem', folder + '/' + own + '.key')
class Named:
    def __init__(self, context): self.context = context
    def wrap_socket(self, sock, server_hostname=None, **rest): return self.context.wrap_socket(sock, server_hostname=name)
if implicit:
    client = smtplib.SMTP_SSL('127.0.0.1', port, 'client.test', context=Named(context))
else:
    client = smtplib.SMTP('127.0.0.1', port, 'client.test')
    client.starttls(context=Named(context))
shown = [value for kind, value in client.sock.getpeercert()['subjectAltName']]
try:
    client.sendmail('ann@client.test', ['bob@example.test'], b'Subject: hello\\r\\n\\r\\nbody\\r\\n')
    print(json.dumps([shown, 'taken']))
except smtplib.SMTPResponseException as e:
    print(json.dumps([shown, e.smtp_code]))
client.quit()
`;

describeWithProgram(SYSTEM_PYTHON, "Python's smtplib and ssl", () => {
  test.each([
    { listener: 'asking', name: 'mail.other.test', own: null, want: 'taken' },
    { listener: 'members', name: 'mx.example.test', own: 'client', want: 'taken' },
    { listener: 'members', name: 'mail.other.test', own: 'client', want: 'taken' },
    { listener: 'members', name: 'mx.example.test', own: null, want: 554 },
    { listener: 'members', name: 'mx.example.test', own: 'stranger', want: 554 },
    { listener: 'members-implicit', name: 'mail.other.test', own: 'client', want: 'taken' },
  ])('$listener as $name with $own: $want', async ({ listener, name, own, want }) => {
    const gateway = await tlsGateway();
    const implicit = listener.endsWith('implicit');
    const settings = [gateway.portOf(listener), name, implicit, gateway.folder, own];
    const ended = await run(SYSTEM_PYTHON, ['-c', PYTHON, JSON.stringify(settings)]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toEqual([[name], want]);
    if (want === 'taken') await gateway.mails('bob', 1);
    const verified = gateway.log.of('verified').map(({ fields }) => fields.commonName);
    expect(verified).toEqual(own === 'client' ? ['ann'] : []);
  });
});

/** Says AUTH EXTERNAL where it is offered. Prints the reply, or what was offered in its place. */
const EXTERNAL = `
import json, smtplib, ssl, sys
port, folder, own = json.loads(sys.argv[1])
context = ssl.create_default_context(cafile=folder + '/web.pem')
context.check_hostname = False
if own:
    context.load_cert_chain(folder + '/' + own + '.pem', folder + '/' + own + '.key')
client = smtplib.SMTP('127.0.0.1', port, 'client.test')
client.starttls(context=context)
client.ehlo()
offered = client.esmtp_features.get('auth', '').strip()
print(json.dumps(client.auth('EXTERNAL', lambda challenge=None: '')[0] if offered == 'EXTERNAL' else offered))
client.quit()
`;

describeWithProgram(SYSTEM_PYTHON, 'AUTH EXTERNAL by Python', () => {
  test.each([
    { own: 'client', want: 235, users: ['ann'] },
    { own: 'stranger', want: '', users: [] },
    { own: null, want: '', users: [] },
  ])('$own: $want', async ({ own, want, users }) => {
    const gateway = await tlsGateway();
    const settings = JSON.stringify([gateway.portOf('asking'), gateway.folder, own]);
    const ended = await run(SYSTEM_PYTHON, ['-c', EXTERNAL, settings]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toBe(want);
    expect(gateway.log.of('authenticated').map(({ fields }) => fields.user)).toEqual(users);
  });
});

describe('one gateway, many clients', () => {
  test('a renewal on demand is seen by the next client of another program', async () => {
    const gateway = await tlsGateway();
    const fresh = issued('renewed.test');
    await writeFile(join(gateway.folder, 'first.pem'), fresh.cert);
    await writeFile(join(gateway.folder, 'first.key'), fresh.key);
    expect((await gateway.engine.reloadCertificates()).map(({ kind }) => kind)).toEqual(
      gateway.engine.listeners.map(() => 'renewed'),
    );
    const settings = [gateway.portOf('asking'), 'renewed.test', false, gateway.folder, null];
    const ended = await run(SYSTEM_PYTHON, ['-c', PYTHON, JSON.stringify(settings)]);
    expect(JSON.parse(ended.stdout)).toEqual([['renewed.test'], 'taken']);
  });
});
