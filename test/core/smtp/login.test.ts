/** AUTH, line by line: what is common to all mechanisms, which of them there are, and how guessing ends. */

import { describe, expect, test } from 'vitest';
import { MECHANISMS, type Mechanism } from '../../../core/mail/mechanism.ts';
import { authenticated, defer, reject } from '../../../core/mail/verdict.ts';
import * as fc from '../../support/fast-check.ts';
import { link } from '../chain/chain-of.ts';
import { gateway } from './gateway.ts';
import { CERTIFICATE, HEARD, openLogin } from './login-setting.ts';
import { mounted } from './plugins.ts';
import { scramAnswer } from './scram-client.ts';

const NOT_BASE64 = '501 5.5.2 The response is not base64';
const TOO_LONG = '500 5.5.6 Authentication exchange line is too long';

describe('any exchange', () => {
  test.each(MECHANISMS)('%s is cancelled by a *', async mechanism => {
    const { begin, say, login, user, log } = openLogin({ certificate: CERTIFICATE });
    expect(await begin(mechanism)).toMatch(/^334 /);
    expect(login.waiting).toBe(true);
    expect(await say('*')).toBe(HEARD.cancelled);
    expect(login.waiting).toBe(false);
    expect(user()).toBeNull();
    expect(log.of('refused')).toEqual([]);
  });

  test.each(['=AAA', 'AAA=BBB', 'YW5u=', 'YW5', 'Y', 'YW5u ', ' YW5u', 'YW5u\t', 'YW-_', 'YW5uä', '=', '**', '\0'])(
    'what is no base64 is refused and ends it: "%s"',
    async line => {
      const { begin, say, login } = openLogin();
      await begin('LOGIN');
      expect(await say(line)).toBe(NOT_BASE64);
      expect(login.waiting).toBe(false);
    },
  );

  test.each(['=AAA', 'YW5', '*', '==', 'YW5uä'])('neither is it taken as an initial response: "%s"', async initial => {
    const { login } = openLogin();
    expect(await login.begin(`PLAIN ${initial}`)).toMatchObject({ code: 501, status: '5.5.2' });
    expect(login.waiting).toBe(false);
  });

  test('a line may have 12288 octets, and not one more', async () => {
    for (const [length, reply] of [
      [12_288, HEARD.bad],
      [12_292, TOO_LONG],
    ] as const) {
      const { begin, say, login } = openLogin();
      await begin('PLAIN');
      expect(await say('A'.repeat(length))).toBe(reply);
      expect(await begin(`PLAIN ${'A'.repeat(length)}`)).toBe(reply);
      expect(login.waiting).toBe(false);
    }
  });

  test.each([
    { argument: '', want: '501 5.5.4 Syntax: AUTH mechanism [initial-response]' },
    { argument: 'PLAIN YQ== YQ==', want: '501 5.5.4 Syntax: AUTH mechanism [initial-response]' },
    { argument: 'DIGEST-MD5', want: HEARD.unknown },
    { argument: 'SCRAM-SHA-256-PLUS', want: HEARD.unknown },
    { argument: 'constructor', want: HEARD.unknown },
    { argument: 'plain', want: '334 ' },
    { argument: 'Login', want: '334 Username:' },
  ])('AUTH $argument: $want', async ({ argument, want }) => {
    expect(await openLogin().begin(argument)).toBe(want);
  });

  test('an empty initial response is a response', async () => {
    const { begin, user } = openLogin({
      certificate: CERTIFICATE,
      links: [link('x', { auth: () => authenticated('ann') })],
    });
    expect(await begin('PLAIN', '')).toBe(HEARD.bad);
    expect(await begin('EXTERNAL', '')).toBe(HEARD.right);
    expect(user()).toBe('ann');
  });

  test('only what the listener lists is taken', async () => {
    const { begin } = openLogin({ options: { mechanisms: ['LOGIN'] } });
    expect(await begin('PLAIN')).toBe(HEARD.unknown);
    expect(await begin('LOGIN')).toBe('334 Username:');
  });

  test('a second AUTH has to wait for another session', async () => {
    const { begin } = openLogin();
    expect(await begin('PLAIN', '\0ann\0correct horse')).toBe(HEARD.right);
    expect(await begin('SCRAM-SHA-256')).toBe('503 5.5.1 Authenticated already');
  });

  test('whatever a client sends, it is answered and nobody is let in', async () => {
    const octets = fc.uint8Array({ maxLength: 60 }).map(one => Buffer.from(one));
    const pieces = fc
      .array(
        fc.constantFrom(
          'n,',
          'y,',
          'p=',
          'a=',
          ',',
          '\x01',
          '\0',
          'n=user',
          'r=',
          'c=biws',
          'p=AAAA',
          'auth=Bearer ',
          'user=',
          'x',
          ' ',
        ),
      )
      .map(list => Buffer.from(list.join('')));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Mechanism>(...MECHANISMS),
        fc.array(fc.oneof(octets, pieces), { minLength: 1, maxLength: 4 }),
        async (mechanism, responses) => {
          const { begin, respond, login, user, log } = openLogin({
            certificate: CERTIFICATE,
            links: mounted('stores-secrets'),
            limits: { failedLogins: 100 },
          });
          let said = await begin(mechanism);
          for (const response of responses) {
            if (!login.waiting) break;
            said = await respond(response);
          }
          expect(login.waiting).toBe(said.startsWith('334 '));
          expect(said).toMatch(/^(334 |501 5\.|535 5\.7\.8 |504 5\.5\.4 )/);
          expect(user()).toBeNull();
          expect(log.of('failed')).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('what is offered, and when', () => {
  const CLEAR = { session: { tls: null } };
  const ENCRYPT = '538 5.7.11 Encryption required for authentication';

  test.each([
    { mechanism: 'PLAIN', want: ENCRYPT },
    { mechanism: 'LOGIN', want: ENCRYPT },
    { mechanism: 'XOAUTH2', want: ENCRYPT },
    { mechanism: 'OAUTHBEARER', want: ENCRYPT },
    { mechanism: 'EXTERNAL', want: ENCRYPT },
    { mechanism: 'CRAM-MD5', want: '334 <' },
    { mechanism: 'SCRAM-SHA-256', want: '334 ' },
  ])('without TLS: $mechanism: $want', async ({ mechanism, want }) => {
    expect((await openLogin(CLEAR).begin(mechanism)).slice(0, want.length)).toBe(want);
  });

  test.each([
    { mechanism: 'PLAIN', want: '334 ' },
    { mechanism: 'XOAUTH2', want: '334 ' },
    { mechanism: 'EXTERNAL', want: ENCRYPT },
  ])('without TLS, on purpose: $mechanism: $want', async ({ mechanism, want }) => {
    expect(await openLogin({ ...CLEAR, options: { allowPlaintextAuth: true } }).begin(mechanism)).toBe(want);
  });

  test('where nothing works without TLS, that is what any AUTH hears', async () => {
    const { begin } = openLogin({ ...CLEAR, options: { mechanisms: ['PLAIN'] } });
    expect(await begin('SCRAM-SHA-256')).toBe(ENCRYPT);
  });

  test.each([
    {
      tls: true,
      certificate: CERTIFICATE,
      want: 'AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER EXTERNAL',
    },
    { tls: true, certificate: null, want: 'AUTH PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 XOAUTH2 OAUTHBEARER' },
    { tls: false, certificate: null, want: 'AUTH CRAM-MD5 SCRAM-SHA-256' },
  ])('EHLO, TLS: $tls: $want', async ({ tls, certificate, want }) => {
    const { conversation } = openLogin({ certificate, ...(tls ? {} : CLEAR) });
    expect((await conversation.hello('EHLO', 'client.test')).text).toContain(want);
  });

  test('no line where nothing can be used', async () => {
    for (const options of [{ mechanisms: ['EXTERNAL'] }, { auth: 'off' }] as const) {
      const { conversation } = openLogin({ options });
      expect(JSON.stringify((await conversation.hello('EHLO', 'client.test')).text)).not.toContain('AUTH');
    }
  });

  test('a mechanism that is listed twice is offered once, and the order is that of the list', async () => {
    const { conversation } = openLogin({ options: { mechanisms: ['LOGIN', 'PLAIN', 'LOGIN'] } });
    expect((await conversation.hello('EHLO', 'client.test')).text).toContain('AUTH LOGIN PLAIN');
  });
});

describe('guessing', () => {
  test('the last wrong password, proof or token ends the session, however they are mixed', async () => {
    const { begin, respond } = openLogin({ limits: { failedLogins: 4 } });
    expect(await begin('PLAIN', '\0ann\0guess')).toBe(HEARD.wrong);
    await begin('CRAM-MD5');
    expect(await respond(`tim ${'0'.repeat(32)}`)).toBe(HEARD.wrong);
    const serverFirst = (await begin('SCRAM-SHA-256', 'n,,n=user,r=abc')).slice(4);
    expect(await respond(scramAnswer('guess', 'n=user,r=abc', serverFirst).final)).toBe(HEARD.wrong);
    expect(await begin('PLAIN', '\0ann\0guess')).toBe(HEARD.tooMany);
  });

  test('a directory that is down is no wrong password', async () => {
    const { begin } = openLogin({ limits: { failedLogins: 1 }, links: mounted('nobody-knows-passwords') });
    for (let count = 0; count < 3; count += 1) {
      expect(await begin('PLAIN', '\0ann\0guess')).toBe('454 4.7.0 Try again later');
    }
  });
});

describe('what stores the secrets', () => {
  const FIRST = 'n,,n=user,r=abc';

  test.each([
    { what: 'refuses', answer: () => reject(535, '5.7.8', 'Locked', 'three months unpaid'), want: '535 5.7.8 Locked' },
    { what: 'defers', answer: () => defer(451, '4.3.0', 'Directory away'), want: '454 4.7.0 Directory away' },
    { what: 'sends away', answer: () => defer(421, '4.7.0', 'Go away'), want: '421 4.7.0 Go away' },
  ])('$what: there is no exchange', async ({ answer, want }) => {
    const { begin, login, log } = openLogin({ links: [link('keeper', { secret: answer })] });
    expect(await begin('SCRAM-SHA-256', FIRST)).toBe(want);
    expect(login.waiting).toBe(false);
    expect(log.of('refused')).toMatchObject([{ fields: { hook: 'auth', by: 'keeper' } }]);
  });
});

describe('on the wire', () => {
  const options = { auth: 'optional', allowPlaintextAuth: true } as const;

  /** A client that has been asked for its PLAIN message. */
  async function asked(commandLine: number) {
    const its = await gateway({ options, limits: { commandLine }, links: mounted('ann-may-log-in') });
    const client = await its.greeted();
    await client.command('EHLO client.test');
    expect(await client.command('AUTH PLAIN')).toBe('334 ');
    return client;
  }

  test('a response may be longer than a command may be', async () => {
    const client = await asked(512);
    expect(await client.command('A'.repeat(12_288))).toBe(HEARD.bad);
    expect(await client.command(`NOOP ${'x'.repeat(600)}`)).toMatch(/^500 5\.5\.2 /);
  });

  test.each([512, 16_384])('one that is too long ends the exchange and nothing else: %d', async commandLine => {
    const client = await asked(commandLine);
    expect(await client.command('A'.repeat(20_000))).toBe(TOO_LONG);
    expect(await client.command('NOOP')).toBe('250 2.0.0 Ok');
    expect(await client.command(`AUTH PLAIN ${Buffer.from('\0ann\0correct horse').toString('base64')}`)).toBe(
      HEARD.right,
    );
  });

  test('commands that are sent behind AUTH are heard after it', async () => {
    const its = await gateway({ options, links: mounted('ann-may-log-in', 'our-domains') });
    const client = await its.greeted();
    const plain = Buffer.from('\0ann\0correct horse').toString('base64');
    client.send(`EHLO client.test\r\nAUTH PLAIN\r\n${plain}\r\nMAIL FROM:<ann@client.test>\r\nQUIT\r\n`);
    expect((await client.rest()).slice(-4)).toEqual(['334 ', HEARD.right, '250 2.1.0 Ok', '221 2.0.0 Bye']);
  });
});
