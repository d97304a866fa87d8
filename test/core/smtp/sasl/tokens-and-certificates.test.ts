/** XOAUTH2, OAUTHBEARER (RFC 7628) and EXTERNAL (RFC 4422): what they take, and the exact reply to everything else. */
import { describe, expect, test } from 'vitest';
import { reject } from '../../../../core/mail/verdict.ts';
import { link } from '../../chain/chain-of.ts';
import { CERTIFICATE, HEARD, openLogin } from '../login-setting.ts';
import { mounted } from '../plugins.ts';

describe('tokens', () => {
  const TOKEN = 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==';
  const FAILURES = { XOAUTH2: '{"status":"401","schemes":"bearer"}', OAUTHBEARER: '{"status":"invalid_token"}' };

  test.each([
    {
      mechanism: 'XOAUTH2',
      message: `user=ann@example.test\x01auth=Bearer ${TOKEN}\x01\x01`,
      user: 'ann@example.test',
    },
    {
      mechanism: 'OAUTHBEARER',
      message: `n,a=ann@example.test,\x01auth=Bearer ${TOKEN}\x01\x01`,
      user: 'ann@example.test',
    },
    { mechanism: 'OAUTHBEARER', message: `n,,\x01auth=bearer  ${TOKEN}\x01\x01`, user: null },
    {
      mechanism: 'OAUTHBEARER',
      message: `y,a=a=2Cb,\x01auth=Bearer ${TOKEN}\x01host=mx\x01x=y\x01\x01`,
      user: 'a,b',
      host: 'mx',
    },
    {
      mechanism: 'OAUTHBEARER',
      message: `n,,\x01host=\x01port=587\x01auth=Bearer ${TOKEN}\x01\x01`,
      user: null,
      host: '',
      port: 587,
    },
  ] as const)('$mechanism $message is taken', async ({ mechanism, message, user, ...where }) => {
    const { begin, shown } = openLogin();
    expect(await begin(mechanism, message)).toBe(HEARD.right);
    expect(shown).toEqual([{ mechanism, user, token: TOKEN, host: null, port: null, ...where }]);
  });

  test.each([
    { mechanism: 'XOAUTH2', message: '' },
    { mechanism: 'XOAUTH2', message: '\x01' },
    { mechanism: 'XOAUTH2', message: 'user=ann\x01auth=Bearer abc\x01' },
    { mechanism: 'XOAUTH2', message: 'user=ann\x01auth=Bearer abc' },
    { mechanism: 'XOAUTH2', message: 'user=\x01auth=Bearer abc\x01\x01' },
    { mechanism: 'XOAUTH2', message: 'user=a\nb\x01auth=Bearer abc\x01\x01' },
    { mechanism: 'XOAUTH2', message: 'user=ann\x01auth=Basic abc\x01\x01' },
    { mechanism: 'XOAUTH2', message: 'user=ann\x01auth=Bearer \x01\x01' },
    { mechanism: 'XOAUTH2', message: 'user=ann\x01auth=Bearer a b\x01\x01' },
    { mechanism: 'XOAUTH2', message: 'user=ann\x01\x01' },
    { mechanism: 'XOAUTH2', message: 'auth=Bearer abc\x01user=ann\x01\x01' },
    { mechanism: 'XOAUTH2', message: Buffer.from('user=\xe9\x01auth=Bearer abc\x01\x01', 'latin1') },
    { mechanism: 'OAUTHBEARER', message: '' },
    { mechanism: 'OAUTHBEARER', message: '\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,,' },
    { mechanism: 'OAUTHBEARER', message: 'n,,\x01\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,,auth=Bearer abc\x01\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,a=x=y,\x01auth=Bearer abc\x01\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,a=x\ny,\x01auth=Bearer abc\x01\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,,\x01auth=Bearer abc\x01auth=Bearer abc\x01\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,,\x01auth=Bearer abc\x01port=x\x01\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,,\x01auth=Bearer abc\x01port=65536\x01\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,,\x01auth=Bearer abc\x01port=\x01\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,,\x01auth=Bearer abc\x01host=é\x01\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,,\x01auth=Bearer abc\x01=x\x01\x01' },
    { mechanism: 'OAUTHBEARER', message: 'n,,\x01auth=Bearer abc\x01\x01more' },
  ])('$mechanism $message is not what it says', async ({ mechanism, message }) => {
    const { begin, shown } = openLogin();
    expect(await begin(mechanism, message)).toBe(HEARD.bad);
    expect(shown).toEqual([]);
  });

  test('OAUTHBEARER has no channel binding', async () => {
    expect(await openLogin().begin('OAUTHBEARER', `p=tls-exporter,,\x01auth=Bearer ${TOKEN}\x01\x01`)).toBe(
      HEARD.noBinding,
    );
  });

  test.each(['XOAUTH2', 'OAUTHBEARER'] as const)('%s: a refusal is said in a challenge first', async mechanism => {
    const message = mechanism === 'XOAUTH2' ? 'user=ann\x01' : 'n,,\x01';
    for (const dummy of ['\x01', '']) {
      const { begin, respond, login } = openLogin();
      expect(await begin(mechanism, `${message}auth=Bearer old\x01\x01`)).toBe(`334 ${FAILURES[mechanism]}`);
      expect(await respond(dummy)).toBe(HEARD.wrong);
      expect(login.waiting).toBe(false);
    }
    const { begin, say } = openLogin({ limits: { failedLogins: 2 } });
    await begin(mechanism, `${message}auth=Bearer old\x01\x01`);
    expect(await say('*')).toBe(HEARD.cancelled);
    // It has been counted although it was cancelled, and nobody is asked to answer the last word.
    expect(await begin(mechanism, `${message}auth=Bearer old\x01\x01`)).toBe(HEARD.tooMany);
  });

  test('a deferral is said at once: another token would not help', async () => {
    const { begin } = openLogin({ links: mounted('nobody-knows-passwords') });
    expect(await begin('XOAUTH2', 'user=ann\x01auth=Bearer x\x01\x01')).toBe('454 4.7.0 Try again later');
  });
});

describe('EXTERNAL', () => {
  test.each([
    { message: '', user: null },
    { message: 'ann', user: 'ann' },
  ])('the certificate and "$message" are shown', async ({ message, user }) => {
    const { begin, respond, shown } = openLogin({ certificate: CERTIFICATE });
    expect(await begin('EXTERNAL')).toBe('334 ');
    expect(await respond(message)).toBe(HEARD.wrong);
    expect(shown).toEqual([{ mechanism: 'EXTERNAL', user, certificate: CERTIFICATE }]);
  });

  test.each(['a\nb', 'a\0b', Buffer.from([0xff])])('a name that is none: %j', async message => {
    expect(await openLogin({ certificate: CERTIFICATE }).begin('EXTERNAL', message)).toBe(HEARD.bad);
  });

  test('without a verified certificate there is no such mechanism', async () => {
    expect(await openLogin().begin('EXTERNAL', '')).toBe(HEARD.unknown);
  });

  test('a trace says whose certificate it was where the client says no name', async () => {
    const traces: string[] = [];
    const watch = link('watch', {
      observe: { refused: ({ trace }) => void traces.push(...trace.map(step => step.asked)) },
      auth: () => reject(535, '5.7.8', 'No'),
    });
    await openLogin({ certificate: CERTIFICATE, links: [watch] }).begin('EXTERNAL', '');
    expect(traces).toContain(`EXTERNAL ${CERTIFICATE.fingerprint}`);
  });
});
