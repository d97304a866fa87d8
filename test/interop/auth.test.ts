/** AUTH with programs and libraries that others wrote: each mechanism that one of them speaks, right and wrong. */
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { describe, expect, onTestFinished, test } from 'vitest';
import { setPassword } from '../../core/cli/passwd.ts';
import { memoryFiles } from '../../core/testing/memory-files.ts';
import { smtpClient } from '../../core/testing/smtp-client.ts';
import { selfSigned, type TestCertificate } from '../support/certificate.ts';
import { describeWithProgram, type Ended, run } from '../support/external.ts';
import { describeWithPeer, SWAKS_WITH_TLS, SYSTEM_PYTHON } from '../support/peers.ts';
import { DOTTED, expectUnchanged, OCTETS } from './octets.ts';
import { gatewayFolder, type RunningGateway, runningGateway, startedIn } from './running-gateway.ts';

const USER = 'ann';
const PASSWORD = 'correct horse "battery" stäple';
const TOKEN = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==';

/** Judges tokens as an issuer's introspection would. */
const TOKENS = `
import { authenticated, definePlugin } from 'mailframe';
export default definePlugin({
  name: 'tokens',
  create: () => ({
    auth: ({ credentials }) =>
      'token' in credentials && credentials.token === '${TOKEN}' && credentials.user === '${USER}'
        ? authenticated('${USER}')
        : undefined,
  }),
});
`;

let written: Promise<string> | null = null;

/** The file of users, with all that can be stored of one. Hashing is slow on purpose, so once is enough. */
function users(): Promise<string> {
  written ??= (async () => {
    const files = memoryFiles();
    const further = { scram: true, iterations: 4096, cramMd5: true };
    await setPassword({ files, path: 'users', uid: null }, { user: USER, password: PASSWORD }, further);
    return files.text('users') ?? '';
  })();
  return written;
}

const certificate: TestCertificate = selfSigned('mx.example.test');

/** Takes mail of users only, by every mechanism, under TLS; on another port what is safe without. */
async function settings() {
  const tls = { cert: './cert.pem', key: './key.pem' };
  const all = ['SCRAM-SHA-256', 'CRAM-MD5', 'PLAIN', 'LOGIN', 'XOAUTH2', 'OAUTHBEARER'];
  return {
    listeners: [
      { id: 'submission', tls, auth: 'required', mechanisms: all },
      { id: 'clear', auth: 'required', mechanisms: ['SCRAM-SHA-256', 'CRAM-MD5'] },
    ],
    plugins: [
      { use: 'users', options: { file: './users', plainPasswords: 'allowed' } },
      { use: './tokens.ts', as: 'tokens' },
    ],
    policy: { relayFor: ['192.0.2.0/24'] },
    files: { 'cert.pem': certificate.cert, 'key.pem': certificate.key, users: await users(), 'tokens.ts': TOKENS },
  };
}

const authGateway = async () => runningGateway(await settings());

/** Who got in, and how. */
function logins({ log }: RunningGateway): readonly unknown[] {
  return log.of('authenticated').map(({ fields: { user, by, mechanism } }) => [mechanism, user, by].join(' '));
}

function expectNoSecret(gateway: RunningGateway): void {
  const text = gateway.log.text();
  for (const secret of ['stäple', 'donkey', TOKEN, 'no-such-token']) expect(text).not.toContain(secret);
}

describeWithPeer(SWAKS_WITH_TLS, 'swaks and AUTH', () => {
  const swaks = (gateway: RunningGateway, mechanism: string, password: string): Promise<Ended> => {
    const server = ['--server', '127.0.0.1', '--port', String(gateway.portOf('submission')), '--tls'];
    const mail = ['--from', 'ann@client.test', '--to', 'bob@example.test', '--data', '-', '--no-data-fixup'];
    const auth = ['--auth', mechanism, '--auth-user', USER, '--auth-password', password];
    return run('swaks', [...server, ...mail, ...auth], { input: DOTTED });
  };

  test.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])('%s', async mechanism => {
    const gateway = await authGateway();
    expect((await swaks(gateway, mechanism, 'incorrect donkey')).stdout).toContain('<~* 535 5.7.8 ');
    expect(await swaks(gateway, mechanism, PASSWORD)).toMatchObject({ code: 0 });
    expect(logins(gateway)).toEqual([`${mechanism} ann users`]);
    expectUnchanged(await gateway.mails('bob', 1));
    expectNoSecret(gateway);
  });
});

describeWithProgram('msmtp', 'msmtp and AUTH', () => {
  const msmtp = (gateway: RunningGateway, auth: string, secret: string, listener = 'submission', user = USER) => {
    const tls = listener === 'clear' ? 'off' : 'on';
    const lines = {
      host: '127.0.0.1',
      port: String(gateway.portOf(listener)),
      domain: 'client.test',
      tls,
      ...(tls === 'on' && {
        'tls-starttls': 'on',
        'tls-trust-file': join(gateway.folder, 'cert.pem'),
        'tls-host-override': 'mx.example.test',
      }),
      auth,
      user,
      passwordeval: 'printf %s "$SECRET"',
      from: 'ann@client.test',
    };
    const args = Object.entries(lines).map(([name, value]) => `--${name}=${value}`);
    return run('msmtp', [...args, 'bob@example.test'], {
      input: OCTETS,
      env: { HOME: gateway.folder, SECRET: secret },
    });
  };

  test.each([
    { auth: 'plain', mechanism: 'PLAIN', by: 'users', right: PASSWORD, wrong: 'incorrect donkey' },
    { auth: 'scram-sha-256', mechanism: 'SCRAM-SHA-256', by: 'users', right: PASSWORD, wrong: 'incorrect donkey' },
    { auth: 'cram-md5', mechanism: 'CRAM-MD5', by: 'users', right: PASSWORD, wrong: 'incorrect donkey' },
    { auth: 'xoauth2', mechanism: 'XOAUTH2', by: 'tokens', right: TOKEN, wrong: 'no-such-token' },
    { auth: 'oauthbearer', mechanism: 'OAUTHBEARER', by: 'tokens', right: TOKEN, wrong: 'no-such-token' },
  ])('$auth', async ({ auth, mechanism, by, right, wrong }) => {
    const gateway = await authGateway();
    const refused = await msmtp(gateway, auth, wrong);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('535 5.7.8');
    expect(await msmtp(gateway, auth, right)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(logins(gateway)).toEqual([`${mechanism} ann ${by}`]);
    expectUnchanged(await gateway.mails('bob', 1));
    expectNoSecret(gateway);
  });

  test('SCRAM-SHA-256 works without TLS, and a user whom nobody knows is refused at its end alone', async () => {
    const gateway = await authGateway();
    expect(await msmtp(gateway, 'scram-sha-256', PASSWORD, 'clear')).toEqual({ code: 0, stdout: '', stderr: '' });
    const nobody = await msmtp(gateway, 'scram-sha-256', PASSWORD, 'clear', 'nobody');
    expect(nobody.stderr).toContain('535 5.7.8');
  });
});

describeWithPeer(
  { name: 'python3', probe: [SYSTEM_PYTHON, '-c', 'import smtplib'] },
  "Python's smtplib and AUTH",
  () => {
    const PROGRAM = `
import os, smtplib, ssl, sys
port, mechanism, trusted = int(sys.argv[1]), sys.argv[2], sys.argv[3]
client = smtplib.SMTP('127.0.0.1', port, local_hostname='client.test')
context = ssl.create_default_context(cafile=trusted)
context.check_hostname = False
client.starttls(context=context)
client.ehlo()
client.user, client.password = 'ann', os.environ['SECRET']
method = getattr(client, 'auth_' + mechanism.lower().replace('-', '_'))
try:
    print(*client.auth(mechanism, method, initial_response_ok=sys.argv[4] == 'initial'))
except smtplib.SMTPAuthenticationError as error:
    print(error.smtp_code, error.smtp_error)
client.quit()
`;

    // It knows no password that is not ASCII.
    const ASCII = 'correct horse';

    test.each(
      ['PLAIN', 'LOGIN', 'CRAM-MD5'].flatMap(mechanism => ['initial', 'none'].map(initial => ({ mechanism, initial }))),
    )('$mechanism, initial response: $initial', async ({ mechanism, initial }) => {
      const files = memoryFiles();
      const further = { scram: false, iterations: 4096, cramMd5: true };
      await setPassword({ files, path: 'users', uid: null }, { user: USER, password: ASCII }, further);
      const its = await settings();
      const gateway = await runningGateway({ ...its, files: { ...its.files, users: files.text('users') ?? '' } });
      const python = (secret: string) => {
        const args = [String(gateway.portOf('submission')), mechanism, join(gateway.folder, 'cert.pem'), initial];
        return run(SYSTEM_PYTHON, ['-c', PROGRAM, ...args], { env: { SECRET: secret } });
      };
      expect((await python(ASCII)).stdout).toContain("235 b'2.7.0 Authentication successful'");
      expect((await python('incorrect donkey')).stdout).toContain("535 b'5.7.8 ");
      expect(logins(gateway)).toEqual([`${mechanism} ann users`]);
    });
  },
);

describe('nodemailer and AUTH', () => {
  async function send(gateway: RunningGateway, auth: object, authMethod: string): Promise<unknown> {
    const transport = createTransport({
      host: '127.0.0.1',
      port: gateway.portOf('submission'),
      name: 'client.test',
      requireTLS: true,
      tls: { ca: certificate.cert, servername: 'mx.example.test' },
      auth,
      authMethod,
    });
    onTestFinished(() => transport.close());
    return transport.sendMail({ envelope: { from: 'ann@client.test', to: 'bob@example.test' }, raw: OCTETS }).then(
      ({ response }) => response,
      (error: unknown) => error,
    );
  }

  test('XOAUTH2', async () => {
    const gateway = await authGateway();
    const auth = (accessToken: string) => ({ type: 'OAuth2', user: USER, accessToken });
    const refused = await send(gateway, auth('no-such-token'), 'XOAUTH2');
    expect(refused).toMatchObject({ code: 'EAUTH', responseCode: 535 });
    expect(await send(gateway, auth(TOKEN), 'XOAUTH2')).toMatch(/^250 2\.0\.0 Ok: queued as /);
    expect(logins(gateway)).toEqual(['XOAUTH2 ann tokens']);
    expectNoSecret(gateway);
  });

  test.each(['PLAIN', 'LOGIN', 'CRAM-MD5'])('%s', async mechanism => {
    const gateway = await authGateway();
    const refused = await send(gateway, { user: USER, pass: 'incorrect donkey' }, mechanism);
    expect(refused).toMatchObject({ code: 'EAUTH', responseCode: 535 });
    expect(await send(gateway, { user: USER, pass: PASSWORD }, mechanism)).toMatch(/^250 /);
    expect(logins(gateway)).toEqual([`${mechanism} ann users`]);
    expectNoSecret(gateway);
  });
});

test('user enumeration: the salt of a name that nobody has is the same after a restart, and in another folder it is not', async () => {
  const saltOf = async (name: string, gateway: RunningGateway) => {
    const client = await smtpClient(gateway.portOf('clear'));
    await client.say('EHLO client.test');
    const message = Buffer.from(`n,,n=${name},r=abc`).toString('base64');
    const { text } = await client.say(`AUTH SCRAM-SHA-256 ${message}`);
    await client.close();
    await gateway.engine.close();
    return Buffer.from(text, 'base64')
      .toString()
      .replace(/^r=[^,]+/, '');
  };
  const folder = await gatewayFolder(await settings());
  const before = await saltOf('nobody', await startedIn(folder));
  expect(before).toMatch(/^,s=[^,]+,i=\d+$/);
  expect(await saltOf('nobody', await startedIn(folder))).toBe(before);
  expect(await saltOf('nobody', await startedIn(await gatewayFolder(await settings())))).not.toBe(before);
});
