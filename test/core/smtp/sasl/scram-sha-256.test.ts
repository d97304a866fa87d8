/** SCRAM-SHA-256 (RFC 5802, RFC 7677): what it takes, and the exact reply to everything else. */
import { describe, expect, test } from 'vitest';
import { deriveScramKeys } from '../../../../core/plugin/scram-keys.ts';
import { isProof, signatureOf } from '../../../../core/smtp/sasl/scram-sha-256.ts';
import { link } from '../../chain/chain-of.ts';
import { HEARD, type LoginSetting, openLogin } from '../login-setting.ts';
import { scramAnswer } from '../scram-client.ts';

describe('SCRAM-SHA-256', () => {
  const BARE = 'n=user,r=rOprNGfwEbeRWgbNEkqO';

  /** Up to the first challenge. */
  async function begun(head = 'n,,', setting: LoginSetting = {}) {
    const its = openLogin(setting);
    const serverFirst = (await its.begin('SCRAM-SHA-256', `${head}${BARE}`)).slice(4);
    return { ...its, serverFirst };
  }

  test.each(['n,,', 'y,,', 'n,a=user,'])('after %s both are proved', async head => {
    const { serverFirst, respond, user, log } = await begun(head);
    expect(serverFirst).toMatch(/^r=rOprNGfwEbeRWgbNEkqO[!-+\--~]{24},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096$/);
    const { final, expected } = scramAnswer('pencil', BARE, serverFirst, { gs2Header: head });
    expect(await respond(final)).toBe(`334 ${expected}`);
    // Nothing is sure until the client has seen that we are right.
    expect(user()).toBeNull();
    expect(await respond('')).toBe(HEARD.right);
    expect(user()).toBe('user');
    expect(log.of('authenticated')).toMatchObject([
      { fields: { user: 'user', by: 'stores-secrets', mechanism: 'SCRAM-SHA-256' } },
    ]);
  });

  test.each([
    { message: 'p=tls-exporter,,n=user,r=abc', want: HEARD.noBinding },
    { message: 'p=tls-unique,a=user,n=user,r=abc', want: HEARD.noBinding },
    { message: 'n,a=root,n=user,r=abc', want: HEARD.wrong },
    { message: 'n,a=root=2,n=user,r=abc', want: HEARD.bad },
    { message: 'n,a=,n=user,r=abc', want: HEARD.bad },
    { message: 'x,,n=user,r=abc', want: HEARD.bad },
    { message: 'p=,,n=user,r=abc', want: HEARD.bad },
    { message: 'n=user,r=abc', want: HEARD.bad },
    { message: 'n,,m=must,n=user,r=abc', want: HEARD.bad },
    { message: 'n,,n=user', want: HEARD.bad },
    { message: 'n,,n=user,r=', want: HEARD.bad },
    { message: 'n,,n=,r=abc', want: HEARD.bad },
    { message: 'n,,r=abc,n=user', want: HEARD.bad },
    { message: 'n,,n=us=er,r=abc', want: HEARD.bad },
    { message: 'n,,n=us=2cer,r=abc', want: HEARD.bad },
    { message: 'n,,n=us\0er,r=abc', want: HEARD.bad },
    { message: 'n,,n=us\ner,r=abc', want: HEARD.bad },
    { message: 'n,,n=user,r=a\x7fc', want: HEARD.bad },
    { message: 'n,,n=user,r=aöc', want: HEARD.bad },
    { message: 'n,,n=user,r=abc,x', want: HEARD.bad },
    { message: Buffer.from('n,,n=us\xe9r,r=abc', 'latin1'), want: HEARD.bad },
    { message: '', want: HEARD.bad },
  ])('the first message $message: $want', async ({ message, want }) => {
    const { begin, login } = openLogin();
    expect(await begin('SCRAM-SHA-256', message)).toBe(want);
    expect(login.waiting).toBe(false);
  });

  test.each([
    { what: 'a wrong password', answer: 'wrong', change: (final: string) => final, want: HEARD.wrong },
    {
      what: 'a nonce of another exchange',
      change: (final: string) => final.replace(',r=rOpr', ',r=xOpr'),
      want: HEARD.wrong,
    },
    {
      what: 'half of the nonce',
      change: (final: string) => final.replace(/,r=[^,]+/, ',r=rOprNGfwEbeRWgbNEkqO'),
      want: HEARD.wrong,
    },
    { what: 'another head', change: (final: string) => final.replace('c=biws', 'c=eSws'), want: HEARD.wrong },
    { what: 'no proof', change: (final: string) => final.replace(/,p=.*/, ''), want: HEARD.bad },
    { what: 'an empty proof', change: (final: string) => final.replace(/,p=.*/, ',p='), want: HEARD.bad },
    { what: 'a short proof', change: (final: string) => final.replace(/,p=.*/, ',p=AAAA'), want: HEARD.bad },
    { what: 'a proof that is no base64', change: (final: string) => final.replace(/,p=./, ',p=!'), want: HEARD.bad },
    { what: 'something after the proof', change: (final: string) => `${final},x=y`, want: HEARD.bad },
    { what: 'no head', change: (final: string) => final.replace('c=biws,', ''), want: HEARD.bad },
    { what: 'no nonce', change: (final: string) => final.replace(/,r=[^,]+/, ''), want: HEARD.bad },
    { what: 'nothing', change: () => '', want: HEARD.bad },
  ])('the final message with $what: $want', async ({ answer = 'pencil', change, want }) => {
    const { serverFirst, respond, login } = await begun();
    expect(await respond(change(scramAnswer(answer, BARE, serverFirst).final))).toBe(want);
    expect(login.waiting).toBe(false);
  });

  test('downgrade: a head that somebody has changed on the way is seen at the end', async () => {
    const { serverFirst, respond } = await begun('n,,');
    expect(await respond(scramAnswer('pencil', BARE, serverFirst, { gs2Header: 'p=tls-exporter,,' }).final)).toBe(
      HEARD.wrong,
    );
  });

  test('replay: a proof over a nonce that is not ours is worth nothing', async () => {
    const { serverFirst, respond } = await begun();
    const { final } = scramAnswer('pencil', BARE, serverFirst, { nonce: 'rOprNGfwEbeRWgbNEkqO' });
    expect(await respond(final)).toBe(HEARD.wrong);
  });

  test('an extension that we do not know may be ignored', async () => {
    const { begin, respond } = openLogin();
    const bare = `${BARE},x=new`;
    const serverFirst = (await begin('SCRAM-SHA-256', `n,,${bare}`)).slice(4);
    const { final, expected } = scramAnswer('pencil', bare, serverFirst);
    expect(await respond(final)).toBe(`334 ${expected}`);
  });

  test('a client that does not believe us is not let in', async () => {
    const { serverFirst, respond, say, user } = await begun();
    await respond(scramAnswer('pencil', BARE, serverFirst).final);
    expect(await say('*')).toBe(HEARD.cancelled);
    expect(user()).toBeNull();
  });

  test('after our proof there is nothing more to say', async () => {
    const { serverFirst, respond, user } = await begun();
    await respond(scramAnswer('pencil', BARE, serverFirst).final);
    expect(await respond('x')).toBe(HEARD.bad);
    expect(user()).toBeNull();
  });

  test('a name may hold a comma and an equals sign', async () => {
    const asked: string[] = [];
    const { begin } = openLogin({ links: [link('keeper', { secret: ({ user }) => void asked.push(user) })] });
    await begin('SCRAM-SHA-256', 'n,,n=a=2Cb=3Dc,r=abc');
    expect(asked).toEqual(['a,b=c']);
  });

  test('replay: the nonce is another one every time', async () => {
    const { begin, say } = openLogin();
    const seen = new Set<string>();
    for (let count = 0; count < 10; count += 1) {
      seen.add(await begin('SCRAM-SHA-256', `n,,${BARE}`));
      await say('*');
    }
    expect(seen.size).toBe(10);
  });

  test('user enumeration: a name that nobody has meets the same salt every time, and each name its own', async () => {
    const salt = async (name: string) => {
      const { begin } = openLogin();
      return (await begin('SCRAM-SHA-256', `n,,n=${name},r=abc`)).replace(/^334 r=[^,]+/, '');
    };
    expect(await salt('nobody')).toMatch(/^,s=[A-Za-z0-9+/]{22}==,i=100000$/);
    expect(await salt('nobody')).toBe(await salt('nobody'));
    expect(await salt('caf\u00e9')).toBe(await salt('cafe\u0301'));
    expect(await salt('nobody')).not.toBe(await salt('somebody'));
  });

  test('user enumeration: no password is right for a name that nobody has', async () => {
    const { begin, respond, log } = openLogin();
    const serverFirst = (await begin('SCRAM-SHA-256', 'n,,n=nobody,r=abc')).slice(4);
    expect(await respond(scramAnswer('', 'n=nobody,r=abc', serverFirst).final)).toBe(HEARD.wrong);
    expect(log.of('refused')).toMatchObject([{ fields: { by: 'mailframe', because: 'nobody knows this user' } }]);
    expect(log.text()).not.toContain('"nobody"');
  });

  test('a long nonce comes back on one line', async () => {
    const { begin } = openLogin();
    const nonce = 'x'.repeat(2000);
    expect(await begin('SCRAM-SHA-256', `n,,n=user,r=${nonce}`)).toMatch(/^334 r=x{2000}[^,]+,s=[^,]+,i=4096$/);
  });
});

describe('the example of RFC 7677 section 3', () => {
  const NONCE = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const SAID = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${NONCE}`;
  const PROOF = 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=';
  const keys = () => deriveScramKeys('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096);

  test('its proof is right, and no other one', async () => {
    const proof = Buffer.from(PROOF, 'base64');
    expect(isProof(proof, SAID, await keys())).toBe(true);
    for (let octet = 0; octet < proof.length; octet += 1) {
      const other = Buffer.from(proof);
      other[octet] = (other[octet] ?? 0) ^ 1;
      expect(isProof(other, SAID, await keys())).toBe(false);
    }
    expect(isProof(proof, SAID.replace('n=user', 'n=root'), await keys())).toBe(false);
  });

  test('the server proves itself as it does there', async () => {
    expect(signatureOf(SAID, await keys())).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
  });
});
