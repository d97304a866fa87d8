/** swaks over TLS and with a password: what it asks for it gets, or hears why not and says so by its exit code. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { setPassword } from '../../core/cli/passwd.ts';
import { memoryFiles } from '../../core/testing/memory-files.ts';
import { selfSigned } from '../support/certificate.ts';
import type { Ended } from '../support/external.ts';
import { describeWithPeer, SWAKS_WITH_TLS } from '../support/peers.ts';
import { expectUnchanged } from './octets.ts';
import { type RunningGateway, runningGateway } from './running-gateway.ts';
import { AS_IT_IS, codesHeard, EXIT, swaks } from './swaks.ts';

const USER = 'ann';
const PASSWORD = 'correct horse';
const { cert, key } = selfSigned('mx.example.test');
const stranger = selfSigned('mx.example.test');

let written: Promise<string> | null = null;

/** The file of users. Hashing is slow on purpose, so once is enough. */
function users(): Promise<string> {
  written ??= (async () => {
    const files = memoryFiles();
    await setPassword({ files, path: 'users', uid: null }, { user: USER, password: PASSWORD });
    return files.text('users') ?? '';
  })();
  return written;
}

/** Who logs in may send anywhere, and others to example.test. */
async function gateway(): Promise<RunningGateway> {
  const tls = { cert: './cert.pem', key: './key.pem' };
  return runningGateway({
    listeners: [
      { id: 'starttls', tls, auth: 'optional' },
      { id: 'implicit', tls: { ...tls, mode: 'implicit' }, auth: 'optional' },
      { id: 'newest', tls: { ...tls, minVersion: 'TLSv1.3' } },
      { id: 'plain' },
    ],
    plugins: [{ use: 'users', options: { file: './users' } }],
    policy: { relayFor: ['192.0.2.0/24'] },
    files: { 'cert.pem': cert, 'key.pem': key, 'stranger.pem': stranger.cert, users: await users() },
  });
}

const send = (running: RunningGateway, listener: string, ...args: readonly string[]): Promise<Ended> =>
  swaks(running.portOf(listener), [...args, ...AS_IT_IS]);

async function expectTaken(running: RunningGateway, ended: Ended, protocol: string): Promise<void> {
  expect(ended).toMatchObject({ code: EXIT.fine });
  const mails = await running.mails('bob', 1);
  expectUnchanged(mails);
  expect(mails[0]?.content).toContain(`\tby mx.example.test with ${protocol} id `);
}

/** Nothing was taken in, neither now nor while the gateway ended. */
async function expectNothing({ engine, log }: RunningGateway): Promise<void> {
  await engine.close();
  expect(log.of('accepted')).toEqual([]);
  expect(log.of('failed')).toEqual([]);
}

describeWithPeer(SWAKS_WITH_TLS, 'swaks over TLS, every option', () => {
  describe('TLS that works', () => {
    test.each([
      { listener: 'starttls', args: '--tls', says: 'TLS started', protocol: 'ESMTPS' },
      { listener: 'starttls', args: '--tls-optional', says: 'TLS started', protocol: 'ESMTPS' },
      { listener: 'starttls', args: '--tls-optional-strict --pipeline', says: 'TLS started', protocol: 'ESMTPS' },
      { listener: 'starttls', args: '--protocol ESMTPS', says: 'TLS started', protocol: 'ESMTPS' },
      { listener: 'implicit', args: '--tls-on-connect', says: 'TLS started', protocol: 'ESMTPS' },
      { listener: 'implicit', args: '--protocol SSMTP', says: 'TLS started', protocol: 'ESMTPS' },
      // HELO over TLS: RFC 3848 has no SMTPS, and TLS is an extension.
      { listener: 'implicit', args: '--protocol SMTPS', says: 'HELO client.test', protocol: 'ESMTPS' },
      { listener: 'starttls', args: '--tls --tls-protocol tlsv1_2', says: 'TLSv1.2', protocol: 'ESMTPS' },
      { listener: 'starttls', args: '--tls --tls-protocol tlsv1_3', says: 'TLSv1.3', protocol: 'ESMTPS' },
      { listener: 'newest', args: '--tls --tls-protocol tlsv1_3', says: 'TLSv1.3', protocol: 'ESMTPS' },
      {
        listener: 'starttls',
        args: '--tls --tls-protocol tlsv1_2 --tls-cipher ECDHE-ECDSA-AES256-GCM-SHA384',
        says: 'TLSv1.2:ECDHE-ECDSA-AES256-GCM-SHA384:256',
        protocol: 'ESMTPS',
      },
      { listener: 'plain', args: '--tls-optional', says: 'Host did not advertise STARTTLS', protocol: 'ESMTP' },
      { listener: 'plain', args: '--tls-optional-strict', says: 'Host did not advertise STARTTLS', protocol: 'ESMTP' },
    ])('$listener: $args', async ({ listener, args, says, protocol }) => {
      const running = await gateway();
      const ended = await send(running, listener, ...args.split(' '));
      expect(ended.stdout + ended.stderr).toContain(says);
      await expectTaken(running, ended, protocol);
    });

    test('the certificate is verified, is the one that was asked for by name, and swaks may show one of its own', async () => {
      const running = await gateway();
      const file = (name: string) => join(running.folder, name);
      const ended = await send(
        running,
        'starttls',
        ...'--tls --tls-verify --tls-sni mx.example.test --tls-ca-path'.split(' '),
        file('cert.pem'),
        '--tls-get-peer-cert',
        file('seen.pem'),
        '--tls-cert',
        file('cert.pem'),
        '--tls-key',
        file('key.pem'),
      );
      expect(ended.stdout).toMatch(/TLS peer DN="(?:\/O=[^/]*)?\/CN=mx\.example\.test"/);
      await expectTaken(running, ended, 'ESMTPS');
      expect((await readFile(file('seen.pem'), 'utf8')).trim()).toBe(cert.trim());
    });
  });

  test.each([
    { what: 'downgrade: STARTTLS is not offered', listener: 'plain', args: '--tls' },
    { what: 'an older version than we allow', listener: 'starttls', args: '--tls --tls-protocol tlsv1_1' },
    {
      what: 'an older version than we allow, implicitly',
      listener: 'implicit',
      args: '--tls-on-connect --tls-protocol tlsv1',
    },
    { what: 'TLS 1.2 where only TLS 1.3 will do', listener: 'newest', args: '--tls --tls-protocol tlsv1_2' },
    {
      what: 'no cipher in common',
      listener: 'starttls',
      args: '--tls --tls-protocol tlsv1_2 --tls-cipher ECDHE-RSA-AES128-SHA',
    },
    { what: 'impostor: another certificate', listener: 'starttls', args: '--tls --tls-verify --tls-ca-path STRANGER' },
  ])('$what: exit code 29, and nothing was taken', async ({ listener, args }) => {
    const running = await gateway();
    const options = args.replace('STRANGER', join(running.folder, 'stranger.pem')).split(' ');
    expect(await send(running, listener, ...options)).toMatchObject({ code: EXIT.tls });
    await expectNothing(running);
  });

  describe('AUTH', () => {
    const login = ['--auth-user', USER, '--auth-password', PASSWORD];
    const wrong = ['--auth-user', USER, '--auth-password', 'incorrect donkey'];

    test.each([
      { listener: 'starttls', args: '--tls --auth', says: 'AUTH ' },
      { listener: 'starttls', args: '--tls --auth-optional CRAM-SHA1,LOGIN', says: 'AUTH LOGIN' },
      { listener: 'starttls', args: '--protocol ESMTPSA', says: 'AUTH ' },
      { listener: 'implicit', args: '--protocol SSMTPA --auth PLAIN', says: 'AUTH PLAIN' },
      {
        listener: 'implicit',
        args: '--tls-on-connect --auth PLAIN --auth-hide-password --auth-plaintext',
        says: 'PROVIDED_BUT_REMOVED',
      },
    ])('$listener: $args', async ({ listener, args, says }) => {
      const running = await gateway();
      const ended = await send(running, listener, ...args.split(' '), ...login);
      expect(ended.stdout).toContain(says);
      expect(codesHeard(ended)).toContain(235);
      await expectTaken(running, ended, 'ESMTPSA');
    });

    test.each([
      { what: 'a wrong password', listener: 'starttls', args: ['--tls', '--auth', 'PLAIN,LOGIN', ...wrong] },
      {
        what: 'a wrong password, strictly',
        listener: 'starttls',
        args: ['--tls', '--auth-optional-strict', 'PLAIN', ...wrong],
      },
      {
        what: 'a mechanism that is not offered',
        listener: 'starttls',
        args: ['--tls', '--auth', 'CRAM-SHA1', ...login],
      },
      { what: 'no TLS, and so no AUTH', listener: 'starttls', args: ['--auth', 'PLAIN', ...login] },
      { what: 'no AUTH at all', listener: 'plain', args: ['--auth', 'PLAIN', ...login] },
    ])('$what: exit code 28, and nothing was taken', async ({ listener, args }) => {
      const running = await gateway();
      const ended = await send(running, listener, ...args);
      expect(ended.code).toBe(EXIT.auth);
      expect(codesHeard(ended)).not.toContain(235);
      await expectNothing(running);
    });

    test('a wrong password that does not matter: the mail is a stranger’s', async () => {
      const running = await gateway();
      const ended = await send(running, 'starttls', '--tls', '--auth-optional', 'PLAIN', ...wrong);
      expect(codesHeard(ended)).toContain(535);
      await expectTaken(running, ended, 'ESMTPS');
    });

    test('--quit-after AUTH, --drop-after AUTH, --drop-after-send AUTH: nothing was taken', async () => {
      const running = await gateway();
      for (const option of ['--quit-after', '--drop-after', '--drop-after-send']) {
        const ended = await send(running, 'starttls', '--tls', '--auth', 'LOGIN', ...login, option, 'AUTH');
        expect(ended.code, option).toBe(EXIT.fine);
      }
      await expectNothing(running);
    });
  });
});
