/** Keys of RFC 9580 (version 6) and older ones, by themselves and together on one text. */
import { createCleartextMessage, createMessage, generateKey, type PrivateKey, sign } from 'openpgp';
import { expect, test } from 'vitest';
import { harness } from '../../../core/testing.ts';
import pgpVerify from '../../../plugins/pgp-verify/index.ts';
import { FROM_ANN, multipartSigned, NOW, PART } from '../../support/openpgp-signing.ts';

const MADE = new Date('2026-10-23T12:00:00Z');
const SIGNED = new Date('2026-11-22T12:00:00Z');

const KINDS = [
  { title: 'version 6, Ed25519', wish: { type: 'curve25519' }, v6: true },
  { title: 'version 6, Ed448', wish: { type: 'curve448' }, v6: true },
  { title: 'version 6, RSA', wish: { type: 'rsa', rsaBits: 2048 }, v6: true },
  { title: 'version 4, Ed25519 of RFC 9580', wish: { type: 'curve25519' }, v6: false },
  { title: 'version 4, P-384', wish: { type: 'ecc', curve: 'nistP384' }, v6: false },
] as const;

async function keyOf({ wish, v6 }: (typeof KINDS)[number]): Promise<PrivateKey> {
  const userIDs = [{ name: 'Ann', email: 'ann@example.test' }];
  const { privateKey } = await generateKey({ ...wish, userIDs, date: MADE, format: 'object', config: { v6Keys: v6 } });
  return privateKey;
}

async function verdictOf(mail: string, keys: readonly PrivateKey[]): Promise<unknown> {
  const files = Object.fromEntries(keys.map((key, at) => [`keys/${at}.asc`, key.toPublic().armor()]));
  const { data } = await harness(
    pgpVerify,
    { keyring: './keys', header: false },
    { files: { 'keys/README': '', ...files }, now: NOW },
  );
  const answer = await data(mail);
  return answer?.kind === 'note' ? answer.facts : null;
}

const detachedBy = async (keys: readonly PrivateKey[], text = PART) =>
  (
    await sign({
      message: await createMessage({ binary: Buffer.from(text) }),
      signingKeys: [...keys],
      detached: true,
      date: SIGNED,
    })
  ).replaceAll(/\r?\n/g, '\r\n');

test.each(KINDS)('$title', async kind => {
  const key = await keyOf(kind);
  const whole = FROM_ANN + multipartSigned(PART, await detachedBy([key]));
  const fingerprint = key.getFingerprint().toUpperCase();
  expect(fingerprint).toHaveLength(kind.v6 ? 64 : 40);
  expect(await verdictOf(whole, [key])).toMatchObject({
    pgp: 'good',
    'pgp.aligned': true,
    'pgp.fingerprint': fingerprint,
  });
  expect(await verdictOf(whole.replace('10 Euro', '90 Euro'), [key])).toMatchObject({ pgp: 'bad' });
  const message = await createCleartextMessage({ text: 'Pay Bob 10 Euro.' });
  const clear = (await sign({ message, signingKeys: key, date: SIGNED })).replaceAll(/\r?\n/g, '\r\n');
  expect(await verdictOf(`${FROM_ANN}\r\n${clear}`, [key])).toMatchObject({ pgp: 'good' });
});

test('an old key and a new one sign one text: one that is known is enough, one that is bad spoils both', async () => {
  const [new6, old] = await Promise.all([keyOf(KINDS[0]), keyOf(KINDS[4])]);
  const mail = FROM_ANN + multipartSigned(PART, await detachedBy([new6, old]));
  expect(await verdictOf(mail, [new6, old])).toMatchObject({ pgp: 'good' });
  expect(await verdictOf(mail, [old])).toMatchObject({
    pgp: 'good',
    'pgp.fingerprint': old.getFingerprint().toUpperCase(),
  });
  expect(await verdictOf(mail, [])).toMatchObject({ pgp: 'unknown-key' });
  const two = (await detachedBy([new6])) + (await detachedBy([old], PART.replace('10', '90')));
  expect(await verdictOf(FROM_ANN + multipartSigned(PART, two), [new6, old])).toMatchObject({ pgp: 'bad' });
});
