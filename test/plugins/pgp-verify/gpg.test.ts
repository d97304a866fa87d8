/** GnuPG signs, the plugin judges, and GnuPG judges what the plugin passed on: both say the same, before and after. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { harness } from '../../../core/testing.ts';
import pgpVerify from '../../../plugins/pgp-verify/index.ts';
import { describeWithGnupg, Gnupg, type Outcome } from '../../support/gnupg.ts';
import { multipartSigned } from '../../support/openpgp-signing.ts';

const NOW = new Date('2026-11-23T12:00:00Z');
const AT_NOW = '20261123T120000';
const SIGNED_AT = '20260201T120000';
const PART = [
  'Content-Type: text/plain; charset=utf-8',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  'Trailing blanks count here: =20',
  'From the start=E2=82=AC  ',
  '',
  '-- ',
  'Ann',
  '',
].join('\r\n');

/** What the plugin is to say where GnuPG says this. */
const VERDICT: Readonly<Record<Outcome, string>> = {
  GOODSIG: 'good',
  BADSIG: 'bad',
  ERRSIG: 'unknown-key',
  EXPSIG: 'expired',
  EXPKEYSIG: 'expired',
  REVKEYSIG: 'revoked',
  NODATA: 'malformed',
};

type Name = 'ed25519' | 'rsa' | 'expired' | 'revoked' | 'subkey' | 'stranger';

/** Signs, and holds every key. */
let signer: Gnupg;
/** Judges, with the keys of the keyring. */
let judge: Gnupg;
const fingerprints = new Map<Name, string>();
const keyring: Record<string, string> = {};

const userIdOf = (name: Name) => `${name} <${name}@example.test>`;
const idOf = (name: Name) => fingerprints.get(name) ?? '';

describeWithGnupg('the plugin and GnuPG agree', () => {
  beforeAll(async () => {
    signer = await Gnupg.create();
    judge = await Gnupg.create();
    for (const name of ['ed25519', 'rsa', 'expired', 'revoked', 'subkey', 'stranger'] as const) {
      const fingerprint = await signer.makeKey({
        userId: userIdOf(name),
        algorithm: name === 'rsa' ? 'rsa2048' : 'ed25519',
        made: '20260101T000000',
        expires: name === 'expired' ? '2026-06-01' : 'never',
      });
      fingerprints.set(name, fingerprint);
    }
    await signer.addSigningSubkey(idOf('subkey'), '20260102T000000');
    for (const [name, fingerprint] of fingerprints) {
      if (name === 'stranger') continue;
      keyring[`keys/${name}.asc`] = await signer.publicKey(fingerprint);
    }
    keyring['keys/revocation.asc'] = await signer.revocation(idOf('revoked'));
    for (const armored of Object.values(keyring)) await judge.importKey(armored);
  });

  afterAll(async () => {
    await signer?.remove();
    await judge?.remove();
  });

  async function pass(mail: string): Promise<{ readonly verdict: unknown; readonly text: string }> {
    const { data } = await harness(pgpVerify, { keyring: './keys' }, { files: keyring, now: NOW });
    const answer = await data(Buffer.from(mail, 'latin1'));
    if (answer?.kind !== 'rewrite') throw new Error('no rewrite');
    return { verdict: answer.facts.pgp, text: (await answer.content.bytes()).toString('latin1') };
  }

  const header = (name: Name) => `From: ${userIdOf(name)}\r\nSubject: hello\r\nMIME-Version: 1.0\r\n`;
  const crlf = (text: string) => text.replaceAll(/\r?\n/g, '\r\n');

  const cases: readonly { readonly name: Name; readonly more: readonly string[]; readonly want: Outcome }[] = [
    ...['SHA256', 'SHA384', 'SHA512'].map(
      hash => ({ name: 'rsa', more: ['--digest-algo', hash], want: 'GOODSIG' }) as const,
    ),
    { name: 'ed25519', more: [], want: 'GOODSIG' },
    { name: 'ed25519', more: ['--textmode'], want: 'GOODSIG' },
    { name: 'subkey', more: [], want: 'GOODSIG' },
    { name: 'expired', more: [], want: 'EXPKEYSIG' },
    { name: 'revoked', more: [], want: 'REVKEYSIG' },
    { name: 'stranger', more: [], want: 'ERRSIG' },
    { name: 'ed25519', more: ['--default-sig-expire', '2026-03-01'], want: 'EXPSIG' },
  ];

  test.each(cases)('PGP/MIME: $name $more is $want to both, before and after', async ({ name, more, want }) => {
    const signature = await signer.sign(Buffer.from(PART), 'detached', { by: [idOf(name)], at: SIGNED_AT, more });
    expect(await judge.verify(Buffer.from(PART), AT_NOW, signature)).toEqual([want]);
    const mail = header(name) + multipartSigned(PART, crlf(signature));
    const { verdict, text } = await pass(mail);
    expect(verdict).toBe(VERDICT[want]);
    const [, part = '', passed = ''] = text.split(/\r\n--outer(?:--)?\r\n/);
    expect(part).toBe(PART);
    expect(await judge.verify(Buffer.from(part), AT_NOW, passed)).toEqual([want]);
  });

  test.each(cases)('clear-signed: $name $more is $want to both, before and after', async ({ name, more, want }) => {
    const body = await signer.sign(Buffer.from('Hello\n- dashes\n--\nb\xe4r  \n\n', 'latin1'), 'clear', {
      by: [idOf(name)],
      at: SIGNED_AT,
      more: more.filter(one => one !== '--textmode'),
    });
    expect(await judge.verify(Buffer.from(body, 'latin1'), AT_NOW)).toEqual([want]);
    const { verdict, text } = await pass(`${header(name)}\r\n${crlf(body)}`);
    expect(verdict).toBe(VERDICT[want]);
    const passed = text.slice(text.indexOf('\r\n\r\n') + 4);
    expect(await judge.verify(Buffer.from(passed, 'latin1'), AT_NOW)).toEqual([want]);
  });

  test.each(['PGP/MIME', 'clear-signed'])('%s: altered by one letter is bad to both', async form => {
    const by = { by: [idOf('rsa')], at: SIGNED_AT };
    if (form === 'PGP/MIME') {
      const signature = await signer.sign(Buffer.from(PART), 'detached', by);
      const altered = PART.replace('Ann', 'Eve');
      expect(await judge.verify(Buffer.from(altered), AT_NOW, signature)).toEqual(['BADSIG']);
      expect((await pass(header('rsa') + multipartSigned(altered, crlf(signature)))).verdict).toBe('bad');
    } else {
      const altered = (await signer.sign(Buffer.from('10 Euro\n'), 'clear', by)).replace('10', '90');
      expect(await judge.verify(Buffer.from(altered), AT_NOW)).toEqual(['BADSIG']);
      expect((await pass(`${header('rsa')}\r\n${crlf(altered)}`)).verdict).toBe('bad');
    }
  });

  test('signed by two keys, one of them unknown: GnuPG lists both, the good one speaks', async () => {
    const by = [idOf('stranger'), idOf('rsa')];
    const signature = await signer.sign(Buffer.from(PART), 'detached', { by, at: SIGNED_AT });
    expect(await judge.verify(Buffer.from(PART), AT_NOW, signature)).toEqual(['GOODSIG', 'ERRSIG']);
    expect((await pass(header('rsa') + multipartSigned(PART, crlf(signature)))).verdict).toBe('good');
  });

  test('a key that another one revoked in its name is revoked to both', async () => {
    const made = { algorithm: 'ed25519', made: '20260101T000000', expires: 'never' } as const;
    const owner = await signer.makeKey({ userId: 'Owner <owner@example.test>', ...made });
    const designee = await signer.makeKey({ userId: 'Designee <designee@example.test>', ...made });
    const signature = await signer.sign(Buffer.from(PART), 'detached', { by: [owner], at: SIGNED_AT });
    const files = { 'keys/owner.asc': await signer.revokedBy(owner, designee, SIGNED_AT) };
    await judge.importKey(await signer.publicKey(designee));
    await judge.importKey(files['keys/owner.asc']);
    expect(await judge.verify(Buffer.from(PART), AT_NOW, signature)).toEqual(['REVKEYSIG']);
    const { data } = await harness(pgpVerify, { keyring: './keys', header: false }, { files, now: NOW });
    expect(await data(header('rsa') + multipartSigned(PART, crlf(signature)))).toMatchObject({
      facts: { pgp: 'revoked' },
    });
  });

  test.each([
    'brainpoolP256r1',
    'brainpoolP384r1',
    'brainpoolP512r1',
    'secp256k1',
    'nistp256',
    'nistp521',
    'dsa2048',
  ] as const)('a key on %s: what it signed is good, and bad where it was altered', async algorithm => {
    const userId = `${algorithm} <curve@example.test>`;
    const fingerprint = await signer.makeKey({ userId, algorithm, made: '20260101T000000', expires: 'never' });
    const signature = await signer.sign(Buffer.from(PART), 'detached', { by: [fingerprint], at: SIGNED_AT });
    const files = { 'keys/curve.asc': await signer.publicKey(fingerprint) };
    const { data } = await harness(pgpVerify, { keyring: './keys', header: false }, { files, now: NOW });
    const mail = `From: ${userId}\r\nMIME-Version: 1.0\r\n${multipartSigned(PART, crlf(signature))}`;
    expect(await data(mail)).toMatchObject({ facts: { pgp: 'good', 'pgp.aligned': true } });
    expect(await data(mail.replace('Ann', 'Eve'))).toMatchObject({ facts: { pgp: 'bad' } });
  });
});
