/** AUTH EXTERNAL with clients that others wrote: a certificate in place of a password. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { authority, type TestCertificate } from '../support/certificate.ts';
import { describeWithProgram, run } from '../support/external.ts';
import { describeWithPeer, SYSTEM_PYTHON } from '../support/peers.ts';
import { OCTETS } from './octets.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';

const ours = authority('Our clients');
const server = authority('Our servers').issue({ commonName: 'mx.example.test', dns: ['mx.example.test'] });
const ANN = ours.issue({ commonName: 'Ann', emails: ['ann@example.test'] });
const EVE = ours.issue({ commonName: 'Eve', emails: ['eve@example.test'] });
const FORGED = authority('Somebody else').issue({ commonName: 'Ann', emails: ['ann@example.test'] });

async function externalGateway(): Promise<RunningGateway> {
  const clients = { authorities: './clients.pem' };
  return runningGateway({
    listeners: [
      {
        id: 'submission',
        tls: { cert: './cert.pem', key: './key.pem', clients },
        auth: 'required',
        mechanisms: ['EXTERNAL'],
      },
    ],
    plugins: [{ use: 'users', options: { file: './users', certificates: { 'email:ann@example.test': 'ann' } } }],
    policy: { relayFor: ['192.0.2.0/24'] },
    files: { 'cert.pem': server.cert, 'key.pem': server.key, 'clients.pem': ours.cert, users: '' },
  });
}

describeWithProgram('msmtp', 'msmtp and AUTH EXTERNAL', () => {
  const msmtp = async (gateway: RunningGateway, { cert, key }: TestCertificate, user: string) => {
    const own = { cert: join(gateway.folder, 'own-cert.pem'), key: join(gateway.folder, 'own-key.pem') };
    await writeFile(own.cert, cert);
    await writeFile(own.key, key, { mode: 0o600 });
    const lines = {
      host: '127.0.0.1',
      port: String(gateway.port),
      domain: 'client.test',
      tls: 'on',
      'tls-certcheck': 'off',
      'tls-cert-file': own.cert,
      'tls-key-file': own.key,
      auth: 'external',
      user,
      from: 'ann@client.test',
    };
    const args = Object.entries(lines).map(([name, value]) => `--${name}=${value}`);
    return run('msmtp', [...args, 'bob@example.test'], { input: OCTETS, env: { HOME: gateway.folder } });
  };

  test('a certificate of ours is a user', async () => {
    const gateway = await externalGateway();
    expect(await msmtp(gateway, ANN, 'ann')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(gateway.log.of('authenticated')).toMatchObject([
      { fields: { user: 'ann', by: 'users', mechanism: 'EXTERNAL' } },
    ]);
  });

  test.each([
    { what: 'of another user', certificate: EVE, user: 'ann', says: '535 5.7.8' },
    { what: 'that wants to be another one', certificate: ANN, user: 'eve', says: '535 5.7.8' },
    { what: 'of an authority that nobody trusts', certificate: FORGED, user: 'ann', says: 'does not support' },
  ])('a certificate $what lets nobody in', async ({ certificate, user, says }) => {
    const gateway = await externalGateway();
    const { code, stderr } = await msmtp(gateway, certificate, user);
    expect(code).not.toBe(0);
    expect(stderr).toContain(says);
    expect(gateway.log.of('authenticated')).toEqual([]);
  });
});

describeWithPeer(
  { name: 'python3', probe: [SYSTEM_PYTHON, '-c', 'import smtplib'] },
  "Python's smtplib and AUTH EXTERNAL",
  () => {
    const PROGRAM = `
import smtplib, ssl, sys
client = smtplib.SMTP('127.0.0.1', int(sys.argv[1]), local_hostname='client.test')
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
context.load_cert_chain(sys.argv[2])
client.starttls(context=context)
client.ehlo()
try:
    print(*client.auth('EXTERNAL', lambda challenge=None: '', initial_response_ok=sys.argv[3] == 'initial'))
except smtplib.SMTPAuthenticationError as error:
    print(error.smtp_code, error.smtp_error)
client.quit()
`;

    test.each(['initial', 'none'])('a certificate says enough; initial response: %s', async initial => {
      const gateway = await externalGateway();
      const python = async ({ cert, key }: TestCertificate) => {
        const own = join(gateway.folder, 'own.pem');
        await writeFile(own, cert + key, { mode: 0o600 });
        return run(SYSTEM_PYTHON, ['-c', PROGRAM, String(gateway.port), own, initial]);
      };
      expect((await python(ANN)).stdout).toContain("235 b'2.7.0 Authentication successful'");
      expect((await python(EVE)).stdout).toContain("535 b'5.7.8 ");
    });
  },
);
