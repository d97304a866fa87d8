/** The plugin: verdicts as facts, a header field on top, and complaints about a keyring that is of no use. */
import { beforeAll, describe, expect, test } from 'vitest';
import { type Facts, parseHeader, type Rewrite } from '../../../core/index.ts';
import { faultsIn, harness } from '../../../core/testing.ts';
import pgpVerify from '../../../plugins/pgp-verify/index.ts';
import {
  clearSigned,
  detached,
  FROM_ANN,
  makeKey,
  multipartSigned,
  NOW,
  PART,
  revoked,
  type TestKey,
} from '../../support/openpgp-signing.ts';

let ann: TestKey;
let eve: TestKey;
let stranger: TestKey;
let expired: TestKey;

beforeAll(async () => {
  ann = await makeKey([{ name: 'Ann', email: 'ann@example.test' }]);
  eve = await makeKey([{ name: 'Eve', email: 'eve@example.test' }]);
  stranger = await makeKey([{ name: 'Ann', email: 'ann@example.test' }]);
  expired = await makeKey([{ name: 'Ann', email: 'ann@example.test' }], { lasts: 30 * 24 * 60 * 60 });
});

async function plugin(options: object = {}, files: Readonly<Record<string, string>> = {}) {
  const keys = { 'keys/ann.asc': ann.publicKey.armor(), 'keys/eve.asc': eve.publicKey.armor(), ...files };
  return await harness(pgpVerify, { keyring: './keys', ...options }, { files: keys, now: NOW });
}

/** What the plugin says of a mail, and what it makes of it. */
async function verified(mail: string, options: object = {}, files: Readonly<Record<string, string>> = {}) {
  const { data } = await plugin(options, files);
  const answer = await data(mail);
  if (answer?.kind !== 'rewrite') throw new Error(`a rewrite was expected, not ${answer?.kind}`);
  return { ...answer, text: (await answer.content.bytes()).toString('latin1') };
}

const factsOf = async (mail: string, files: Readonly<Record<string, string>> = {}): Promise<Facts> =>
  (await verified(mail, {}, files)).facts;

describe('verdicts', () => {
  test('a mail signed by its author is good and aligned', async () => {
    const mail = FROM_ANN + multipartSigned(PART, await detached(PART, [ann]));
    expect(await factsOf(mail)).toEqual({
      pgp: 'good',
      'pgp.aligned': true,
      'pgp.coverage': 'whole',
      'pgp.encrypted': false,
      'pgp.key': ann.publicKey.getKeyID().toHex().toUpperCase(),
      'pgp.fingerprint': ann.publicKey.getFingerprint().toUpperCase(),
      'pgp.signer': 'ann@example.test',
      'pgp.source': 'keyring',
    });
  });

  test('a clear-signed mail is good', async () => {
    expect(await factsOf(`${FROM_ANN}\r\n${await clearSigned('Hello\n- dash\n', ann)}`)).toMatchObject({
      pgp: 'good',
      'pgp.aligned': true,
    });
  });

  test('a clear-signed mail is good in quoted-printable, in base64 and in a charset that is not UTF-8', async () => {
    const signed = await clearSigned('a=b', ann);
    const encoded = Buffer.from(signed).toString('base64').replaceAll(/.{76}/g, '$&\r\n');
    const quoted = signed.replaceAll('=', '=3D').replaceAll('\r\n', '\r\n');
    for (const [encoding, body] of [
      ['base64', encoded],
      ['quoted-printable', quoted],
    ]) {
      const mail = `${FROM_ANN}Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}`;
      expect(await factsOf(mail)).toMatchObject({ pgp: 'good' });
    }
  });

  test('a mail whose line ends became LF on the way is good: CRLF is what was signed', async () => {
    const mail = (FROM_ANN + multipartSigned(PART, await detached(PART, [ann]))).replaceAll('\r\n', '\n');
    const { data } = await plugin({ header: false });
    expect(await data(Buffer.from(mail))).toMatchObject({ facts: { pgp: 'good' } });
  });

  test('signed by somebody else than the author: good, not aligned', async () => {
    const mail = FROM_ANN + multipartSigned(PART, await detached(PART, [eve]));
    expect(await factsOf(mail)).toMatchObject({ pgp: 'good', 'pgp.aligned': false, 'pgp.signer': 'eve@example.test' });
  });

  test('signed by two: the author speaks', async () => {
    const mail = FROM_ANN + multipartSigned(PART, await detached(PART, [eve, ann]));
    expect(await factsOf(mail)).toMatchObject({ pgp: 'good', 'pgp.aligned': true, 'pgp.signer': 'ann@example.test' });
  });

  test('signed by a subkey: its key id, and the fingerprint of the primary key', async () => {
    const key = await makeKey([{ name: 'Ann', email: 'ann@example.test' }], { subkey: true });
    const mail = FROM_ANN + multipartSigned(PART, await detached(PART, [key]));
    expect(
      await factsOf(mail, { 'keys/a.asc': key.publicKey.armor(), 'keys/b.asc': key.publicKey.armor() }),
    ).toMatchObject({
      pgp: 'good',
      'pgp.aligned': true,
      'pgp.key': key.publicKey.subkeys[0]?.getKeyID().toHex().toUpperCase(),
      'pgp.fingerprint': key.publicKey.getFingerprint().toUpperCase(),
    });
  });

  test('altered by one letter: bad, and nobody is named the signer', async () => {
    const mail = FROM_ANN + multipartSigned(PART.replace('10', '90'), await detached(PART, [ann]));
    const facts = await factsOf(mail);
    expect(facts).toMatchObject({ pgp: 'bad', 'pgp.aligned': false });
    expect(facts).not.toHaveProperty('pgp.signer');
    expect(facts).not.toHaveProperty('pgp.fingerprint');
  });

  test('altered in the header of the signed part: bad', async () => {
    const mail = FROM_ANN + multipartSigned(PART.replace('plain', 'html'), await detached(PART, [ann]));
    expect(await factsOf(mail)).toMatchObject({ pgp: 'bad' });
  });

  test('a key that is not in the keyring is unknown, whatever name it bears', async () => {
    const mail = FROM_ANN + multipartSigned(PART, await detached(PART, [stranger]));
    expect(await factsOf(mail)).toMatchObject({ pgp: 'unknown-key', 'pgp.aligned': false });
  });

  test('a key that has expired since: expired', async () => {
    const mail = FROM_ANN + multipartSigned(PART, await detached(PART, [expired], new Date('2026-11-01T12:00:00Z')));
    const files = { 'keys/old.asc': expired.publicKey.armor() };
    expect(await factsOf(mail, files)).toMatchObject({ pgp: 'expired', 'pgp.aligned': false });
  });

  test('a key that was revoked: revoked', async () => {
    const mail = FROM_ANN + multipartSigned(PART, await detached(PART, [ann]));
    const files = { 'keys/revocation.asc': await revoked(ann) };
    expect(await factsOf(mail, files)).toMatchObject({ pgp: 'revoked', 'pgp.aligned': false });
  });

  test('dated in the future: malformed', async () => {
    const tomorrow = new Date(NOW.getTime() + 24 * 60 * 60 * 1000);
    const mail = FROM_ANN + multipartSigned(PART, await detached(PART, [ann], tomorrow));
    expect(await factsOf(mail)).toMatchObject({ pgp: 'malformed' });
  });

  test.each([
    { title: 'no signature in the signature part', mail: () => multipartSigned(PART, 'none') },
    {
      title: 'a damaged one',
      mail: () => multipartSigned(PART, '-----BEGIN PGP SIGNATURE-----\r\n\r\nYQ==\r\n-----END PGP SIGNATURE-----'),
    },
    {
      title: 'no signature part',
      mail: () => multipartSigned(PART, '').replace('application/pgp-signature; name', 'text/plain; name'),
    },
    { title: 'a clear-signed text without an end', mail: () => '\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\nhello' },
  ])('$title: malformed', async ({ mail }) => {
    expect(await factsOf(FROM_ANN + mail())).toMatchObject({ pgp: 'malformed' });
  });

  test.each([
    { title: 'plain text', mail: '\r\nhello' },
    {
      title: 'S/MIME',
      mail: 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--b--\r\n',
    },
    {
      title: 'a reply that quotes a signed mail',
      mail: '\r\n> -----BEGIN PGP SIGNED MESSAGE-----\r\n> \r\n> hello\r\n',
    },
    { title: 'no header and no body', mail: '' },
  ])('$title: none', async ({ mail }) => {
    const head = mail === '' ? '' : FROM_ANN;
    expect(await factsOf(head + mail)).toMatchObject({ pgp: 'none', 'pgp.aligned': false, 'pgp.coverage': 'none' });
  });

  test.each([
    {
      title: 'PGP/MIME',
      mail: 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b\r\nContent-Type: application/octet-stream\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n--b--\r\n',
    },
    { title: 'in the text', mail: '\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nYQ==\r\n-----END PGP MESSAGE-----\r\n' },
  ])('encrypted, $title: encrypted, and not opened', async ({ mail }) => {
    expect(await factsOf(FROM_ANN + mail)).toMatchObject({ pgp: 'encrypted', 'pgp.encrypted': true });
  });

  test('larger than the limit: unchecked, and not read', async () => {
    const { facts } = await verified(`${FROM_ANN}\r\n${'x'.repeat(2000)}`, { maxSize: 1000 });
    expect(facts).toMatchObject({ pgp: 'unchecked' });
  });
});

describe('the header field', () => {
  const signedMail = async () => FROM_ANN + multipartSigned(PART, await detached(PART, [ann]));
  const valuesOf = ({ text }: { readonly text: string }, name: string) =>
    parseHeader(Buffer.from(text, 'latin1')).values(name);

  test('stands on top and changes no other octet', async () => {
    const mail = await signedMail();
    const made = await verified(mail);
    expect(made.text.endsWith(mail)).toBe(true);
    expect(valuesOf(made, 'authentication-results')).toEqual([
      expect.stringMatching(/^mx\.example\.test; x-pgp=pass .*policy\.aligned=yes .*body\.signer=ann@example\.test$/),
    ]);
    expect(made.changes.map(change => change.what)).toEqual(['added header field Authentication-Results']);
  });

  test('forged results in our name are removed, those of others stay', async () => {
    const forged =
      'Authentication-Results: MX.example.test;\r\n x-pgp=pass\r\nAuthentication-Results: mx.other.test; dkim=pass\r\n' +
      'authentication-results: (x) "mx.example.test" 1; dkim=pass\r\n';
    const made = await verified(`${forged}${FROM_ANN}\r\nhello\r\n`);
    const values = valuesOf(made, 'authentication-results');
    expect(values).toEqual([expect.stringContaining('x-pgp=none'), 'mx.other.test; dkim=pass']);
    expect(made.changes.map(change => change.what)).toEqual([
      'added header field Authentication-Results',
      'removed forged header fields Authentication-Results, authentication-results',
    ]);
  });

  test('a field of another name replaces every one that came with the mail', async () => {
    const forged = 'X-PGP-Verdict: mx.example.test; x-pgp=pass\r\nx-pgp-verdict: good\r\n';
    const made = await verified(`${forged}${FROM_ANN}\r\nhello\r\n`, { header: 'X-PGP-Verdict' });
    expect(valuesOf(made, 'x-pgp-verdict')).toEqual([expect.stringContaining('x-pgp=none')]);
  });

  test('says which DKIM signatures it breaks: those that vouch for there being no such field', async () => {
    const dkim = (h: string) => `DKIM-Signature: v=1; a=rsa-sha256; d=example.test; s=s1; h=${h}; bh=YQ==; b=YQ==\r\n`;
    const [kept] = (await verified(`${dkim('from:subject')}${FROM_ANN}\r\nhello\r\n`)).changes;
    expect(kept?.breaks).toEqual([]);
    const [broken] = (await verified(`${dkim('from:authentication-results')}${FROM_ANN}\r\nhello\r\n`)).changes;
    expect(broken?.breaks).toEqual(['DKIM example.test (selector s1)']);
  });

  test('may be left out: the content stays as it is', async () => {
    const { data } = await plugin({ header: false });
    expect(await data(await signedMail())).toMatchObject({ kind: 'note', facts: { pgp: 'good' } });
  });

  test('a second pass says the same of what the first one made', async () => {
    const first: Rewrite & { readonly text: string } = await verified(await signedMail());
    const second = await verified(first.text);
    expect(second.text).toBe(first.text);
    expect(second.facts).toEqual(first.facts);
  });
});

describe('options', () => {
  const faults = (options: object, files: Readonly<Record<string, string>> = {}) =>
    faultsIn(pgpVerify, options, { files });

  test('a keyring that is not there is a complaint with its path', async () => {
    expect(await faults({ keyring: './keys' })).toEqual([
      expect.stringMatching(/keyring: no keys can be read at \/config\/keys/),
    ]);
  });

  test('a file that is no key is a complaint with its name', async () => {
    expect(await faults({ keyring: './keys' }, { 'keys/a.asc': 'x', 'keys/b.asc': ann.privateKey.armor() })).toEqual([
      expect.stringContaining('keys/a.asc'),
      expect.stringMatching(/keys\/b\.asc.*private key/),
    ]);
  });

  test.each(['X Verdict', 'From', 'X-', 'X-\u00c4'])(
    'a header name that is none, or not free, is a complaint: %s',
    async header => {
      expect(await faults({ keyring: './keys', header }, { 'keys/README': '' })).toEqual([
        expect.stringContaining('header'),
      ]);
    },
  );

  test('a folder without keys is none: every key is unknown then', async () => {
    expect(await faults({ keyring: './keys' }, { 'keys/README': '' })).toEqual([]);
  });

  test('a key that is put into the folder counts a few seconds later', async () => {
    const { data, files, clock } = await plugin({ header: false });
    const mail = FROM_ANN + multipartSigned(PART, await detached(PART, [stranger]));
    expect(await data(mail)).toMatchObject({ facts: { pgp: 'unknown-key' } });
    files.put('keys/stranger.asc', stranger.publicKey.armor());
    await clock.advance(5000);
    expect(await data(mail)).toMatchObject({ facts: { pgp: 'good' } });
  });
});
