/** Programs that nobody here wrote, over TLS and with a password: what they are let do, and what is written down of it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { selfSigned } from '../support/certificate.ts';
import { describeWithProgram, type Ended, run } from '../support/external.ts';
import { describeWithPeer, SWAKS_WITH_TLS } from '../support/peers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { DOTTED, expectUnchanged, OCTETS } from './octets.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';

const COMMAND = fileURLToPath(new URL('../../core/cli/mailframe.js', import.meta.url));
const USER = 'ann';
const PASSWORD = 'correct horse "battery" stäple';

let written: Promise<string> | null = null;

/** The file of users as the command line writes it. Hashing is slow on purpose, so once is enough. */
function users(): Promise<string> {
  written ??= (async () => {
    const file = join(await tempFolder(), 'users');
    const ended = await run(process.execPath, [COMMAND, 'passwd', file, USER], { input: `${PASSWORD}\n` });
    expect(ended).toEqual({ code: 0, stdout: `${file}: ${USER} is added\n`, stderr: '' });
    return readFile(file, 'utf8');
  })();
  return written;
}

/** Takes mail of strangers for its own domain only; who logs in may send anywhere. */
async function submissionGateway(): Promise<RunningGateway> {
  const { cert, key } = selfSigned('mx.example.test');
  const tls = { cert: './cert.pem', key: './key.pem' };
  return runningGateway({
    listeners: [
      { id: 'starttls', tls: { ...tls, mode: 'starttls' }, auth: 'optional' },
      { id: 'implicit', tls: { ...tls, mode: 'implicit' }, auth: 'required' },
    ],
    plugins: [{ use: 'users', options: { file: './users' } }],
    policy: { relayFor: ['192.0.2.0/24'] },
    files: { 'cert.pem': cert, 'key.pem': key, users: await users() },
  });
}

describeWithPeer(SWAKS_WITH_TLS, 'swaks over TLS', () => {
  const swaks = (gateway: RunningGateway, listener: string, ...args: readonly string[]): Promise<Ended> => {
    const server = ['--server', '127.0.0.1', '--port', String(gateway.portOf(listener)), '--helo', 'client.test'];
    const trust = ['--tls-verify', '--tls-ca-path', join(gateway.folder, 'cert.pem')];
    const mail = ['--from', 'ann@client.test', '--to', 'bob@example.test', '--data', '-', '--no-data-fixup'];
    return run('swaks', [...server, ...trust, ...mail, ...args], { input: DOTTED });
  };
  const login = (mechanism: string, password = PASSWORD) =>
    `--auth ${mechanism} --auth-user ${USER} --auth-password`.split(' ').concat(password);

  test.each([
    { how: 'STARTTLS', listener: 'starttls', args: ['--tls'], protocol: 'ESMTPS' },
    { how: 'STARTTLS, AUTH PLAIN', listener: 'starttls', args: ['--tls', ...login('PLAIN')], protocol: 'ESMTPSA' },
    { how: 'STARTTLS, AUTH LOGIN', listener: 'starttls', args: ['--tls', ...login('LOGIN')], protocol: 'ESMTPSA' },
    { how: 'implicit TLS', listener: 'implicit', args: ['--tls-on-connect', ...login('PLAIN')], protocol: 'ESMTPSA' },
  ])('$how: the mail arrives, and its trace says $protocol', async ({ listener, args, protocol }) => {
    const gateway = await submissionGateway();
    expect(await swaks(gateway, listener, ...args)).toMatchObject({ code: 0 });
    const mails = await gateway.mails('bob', 1);
    expectUnchanged(mails);
    expect(mails[0]?.content).toContain(`\tby mx.example.test with ${protocol} id `);
  });

  test('who has logged in may send to other domains, and a stranger may not', async () => {
    const gateway = await submissionGateway();
    const elsewhere = ['--tls', '--to', 'bob@elsewhere.test', '--quit-after', 'RCPT'];
    const stranger = await swaks(gateway, 'starttls', ...elsewhere);
    expect(stranger.stdout).toContain('<~* 550 5.7.1 ');
    expect(await swaks(gateway, 'starttls', ...elsewhere, ...login('PLAIN'))).toMatchObject({ code: 0 });
  });

  test('a wrong password is refused, and so is mail without one where it is required', async () => {
    const gateway = await submissionGateway();
    const wrong = await swaks(gateway, 'starttls', '--tls', ...login('PLAIN', 'incorrect donkey'));
    expect(wrong.stdout).toContain('<~* 535 5.7.8 ');
    expect(gateway.log.of('refused').map(line => line.fields)).toContainEqual(
      expect.objectContaining({ because: 'wrong password', user: USER }),
    );
    const without = await swaks(gateway, 'implicit', '--tls-on-connect');
    expect(without.stdout).toContain('<~* 530 5.7.0 ');
    expect(gateway.log.text()).not.toContain('donkey');
  });

  test('no password is asked for before there is TLS', async () => {
    const gateway = await submissionGateway();
    const ended = await swaks(gateway, 'starttls', ...login('PLAIN'));
    expect(ended.stdout).not.toMatch(/250.AUTH/);
    expect(ended.stderr).toContain('*** Host did not advertise authentication');
  });
});

describeWithProgram('msmtp', 'msmtp over TLS', () => {
  test.each([
    { how: 'STARTTLS', listener: 'starttls', starttls: 'on', mechanism: 'login' },
    { how: 'implicit TLS', listener: 'implicit', starttls: 'off', mechanism: 'plain' },
  ])('$how: certificate and name are verified, and the mail arrives', async ({ listener, starttls, mechanism }) => {
    const gateway = await submissionGateway();
    const settings = {
      host: '127.0.0.1',
      port: String(gateway.portOf(listener)),
      domain: 'client.test',
      tls: 'on',
      'tls-starttls': starttls,
      'tls-trust-file': join(gateway.folder, 'cert.pem'),
      'tls-host-override': 'mx.example.test',
      auth: mechanism,
      user: USER,
      passwordeval: 'printf %s "$SECRET"',
      from: 'ann@client.test',
    };
    const args = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const env = { HOME: gateway.folder, SECRET: PASSWORD };
    expect(await run('msmtp', [...args, 'bob@example.test'], { input: OCTETS, env })).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    const mails = await gateway.mails('bob', 1);
    expectUnchanged(mails);
    expect(mails[0]?.content).toContain(' with ESMTPSA id ');
  });
});
