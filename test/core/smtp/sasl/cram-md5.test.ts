/** CRAM-MD5 (RFC 2195): what it takes, and the exact reply to everything else. */
import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isDigest } from '../../../../core/smtp/sasl/cram-md5.ts';
import { HEARD, openLogin } from '../login-setting.ts';

describe('CRAM-MD5', () => {
  const RIGHT = 'af453fef32901b11ab4ae7d64780220e';

  test('the answer to the challenge', async () => {
    const { begin, respond, log } = openLogin();
    expect(await begin('CRAM-MD5')).toBe('334 <a6685f3b62d57bfc4935263140bae87f.1795435200@mx.example.test>');
    expect(await respond(`tim ${RIGHT}`)).toBe(HEARD.right);
    expect(log.of('authenticated')).toMatchObject([
      { fields: { user: 'tim', by: 'stores-secrets', mechanism: 'CRAM-MD5' } },
    ]);
  });

  test.each([
    { response: `tim ${'0'.repeat(32)}`, want: HEARD.wrong },
    { response: `nobody ${RIGHT}`, want: HEARD.wrong },
    { response: `user ${RIGHT}`, want: HEARD.wrong },
    { response: `tim tim ${RIGHT}`, want: HEARD.wrong },
    { response: `tim ${RIGHT.toUpperCase()}`, want: HEARD.bad },
    { response: `tim ${RIGHT.slice(1)}`, want: HEARD.bad },
    { response: `tim${RIGHT}`, want: HEARD.bad },
    { response: ` ${RIGHT}`, want: HEARD.bad },
    { response: 'tim ', want: HEARD.bad },
    { response: '', want: HEARD.bad },
    { response: `t\x07im ${RIGHT}`, want: HEARD.bad },
    { response: Buffer.from(`t\xefm ${RIGHT}`, 'latin1'), want: HEARD.bad },
  ])('$response: $want', async ({ response, want }) => {
    const { begin, respond } = openLogin();
    await begin('CRAM-MD5');
    expect(await respond(response)).toBe(want);
  });

  test('the client does not begin', async () => {
    expect(await openLogin().begin('CRAM-MD5', 'tim')).toBe('501 5.7.0 This mechanism begins with a challenge');
    expect(await openLogin().begin('CRAM-MD5', '')).toBe('501 5.7.0 This mechanism begins with a challenge');
  });

  test('replay: an answer is good for one challenge', async () => {
    const { begin, respond } = openLogin();
    await begin('CRAM-MD5');
    await respond('tim ');
    await begin('CRAM-MD5');
    expect(await respond(`tim ${RIGHT}`)).toBe(HEARD.wrong);
  });

  test('a user without a password knows no empty one either', async () => {
    const { begin, respond } = openLogin();
    await begin('CRAM-MD5');
    // HMAC-MD5 of the challenge with an empty key.
    const digest = createHmac('md5', '').update('<a6685f3b62d57bfc4935263140bae87f.1795435200@mx.example.test>');
    expect(await respond(`nobody ${digest.digest('hex')}`)).toBe(HEARD.wrong);
  });
});

test('the example of RFC 2195 section 2', () => {
  const challenge = '<1896.697170952@postoffice.reston.mci.net>';
  expect(isDigest('b913a602c7eda7a495b4e6e7334d3890', challenge, 'tanstaaftanstaaf')).toBe(true);
  expect(isDigest('b913a602c7eda7a495b4e6e7334d3891', challenge, 'tanstaaftanstaaf')).toBe(false);
  expect(isDigest('b913a602c7eda7a495b4e6e7334d3890', challenge, 'tanstaaftanstaa')).toBe(false);
});
