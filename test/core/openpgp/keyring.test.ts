/** The keyring: every key file of a folder, complaints that name the file, and changes that take effect. */
import { beforeAll, describe, expect, test } from 'vitest';
import { issuerOf } from '../../../core/openpgp/key-index.ts';
import { Keyring, readKeyring } from '../../../core/openpgp/keyring.ts';
import { isRevoked } from '../../../core/openpgp/openpgp.ts';
import { ManualClock, memoryFiles, recordingLog } from '../../../core/testing.ts';
import { makeKey, NOW, revoked, type TestKey } from '../../support/openpgp-signing.ts';

let ann: TestKey;
let bob: TestKey;

beforeAll(async () => {
  ann = await makeKey([{ name: 'Ann', email: 'ann@example.test' }]);
  bob = await makeKey([{ name: 'Bob', email: 'bob@example.test' }]);
});

const idOf = (key: TestKey) => key.publicKey.getKeyID().toHex();

function keyringOver(initial: Readonly<Record<string, string | Buffer>>, path = './keys') {
  const clock = new ManualClock(NOW);
  const log = recordingLog();
  const files = memoryFiles(initial, { clock });
  return { clock, log, files, keyring: new Keyring({ files, clock, log, path, trust: null }) };
}

describe('what is read', () => {
  test('armored and binary keys, by the names of key files, from a folder', async () => {
    const { keyring } = keyringOver({
      'keys/ann.asc': ann.publicKey.armor(),
      'keys/bob.gpg': Buffer.from(bob.publicKey.write()),
      'keys/README': 'not looked at',
    });
    await keyring.load();
    const { index: keys } = await keyring.keys();
    expect([...keys.keys()]).toEqual(expect.arrayContaining([idOf(ann), idOf(bob)]));
  });

  test('several blocks and several keys of one file', async () => {
    const two = Buffer.concat([ann.publicKey.write(), bob.publicKey.write()]);
    const { keyring } = keyringOver({ 'team.pgp': two }, './team.pgp');
    await keyring.load();
    expect((await keyring.keys()).index.has(idOf(bob))).toBe(true);
    const blocks = `${ann.publicKey.armor()}\n${bob.publicKey.armor()}`;
    const read = await readKeyring(memoryFiles({ 'team.asc': blocks }), './team.asc');
    expect(read.material).toHaveLength(2);
  });

  test('a revocation reaches its key, from another file and from another copy', async () => {
    for (const other of [ann.revocationCertificate, await revoked(ann)]) {
      const { keyring } = keyringOver({ 'keys/a.asc': ann.publicKey.armor(), 'keys/b.asc': other });
      await keyring.load();
      const [issuer] = (await keyring.keys()).index.get(idOf(ann)) ?? [];
      expect(issuer && (await isRevoked(issuer.key, issuer.signer, NOW))).toBe(true);
    }
  });

  test('the revocation of one key does not revoke another', async () => {
    const forged = ann.revocationCertificate;
    const { keyring } = keyringOver({ 'keys/bob.asc': bob.publicKey.armor(), 'keys/forged.asc': forged });
    await keyring.load();
    const [issuer] = (await keyring.keys()).index.get(idOf(bob)) ?? [];
    expect(issuer && (await isRevoked(issuer.key, issuer.signer, NOW))).toBe(false);
  });
});

describe('what is unusable', () => {
  test.each([
    { title: 'no key at all', octets: () => 'hello', why: /no OpenPGP key/ },
    { title: 'a private key', octets: () => ann.privateKey.armor(), why: /private key/ },
    { title: 'a private key in binary', octets: () => Buffer.from(ann.privateKey.write()), why: /private key/ },
    {
      title: 'damaged armor',
      octets: () => ann.publicKey.armor().replace(/\n.*\n-----END/, '\n!\n-----END'),
      why: /armor is damaged/,
    },
    {
      title: 'a keybox that is cut off',
      octets: () => Buffer.from('\0\0\0\x20\x01\x01\0\x02KBXf\0\0\0\0', 'latin1'),
      why: /keybox that is damaged/,
    },
    { title: 'the database of keyboxd', octets: () => 'SQLite format 3\0...', why: /database of keyboxd/ },
    {
      title: 'a message',
      octets: () => '-----BEGIN PGP MESSAGE-----\n\nYQ==\n-----END PGP MESSAGE-----\n',
      why: /no public key/,
    },
    { title: 'an empty file', octets: () => '', why: /no OpenPGP key/ },
  ])('$title is told, and the other keys hold', async ({ octets, why }) => {
    const { keyring, log, files } = keyringOver({ 'keys/ann.asc': ann.publicKey.armor(), 'keys/odd.asc': octets() });
    await keyring.load();
    expect((await keyring.keys()).index.has(idOf(ann))).toBe(true);
    const { unusable } = await readKeyring(files, './keys');
    expect(unusable).toEqual([{ path: './keys/odd.asc', why: expect.stringMatching(why) as string }]);
    expect(log.of('left out')).toHaveLength(1);
  });

  test('a keyring that is not there does not load', async () => {
    const { keyring } = keyringOver({});
    await expect(keyring.load()).rejects.toThrow(/ENOENT/);
  });
});

describe('changes', () => {
  test('a key that is added or taken away is so a few seconds later', async () => {
    const { keyring, clock, files } = keyringOver({ 'keys/ann.asc': ann.publicKey.armor() });
    await keyring.load();
    files.put('keys/bob.asc', bob.publicKey.armor());
    await files.remove('keys/ann.asc');
    expect((await keyring.keys()).index.has(idOf(bob))).toBe(false);
    await clock.advance(5000);
    const { index: keys } = await keyring.keys();
    expect(keys.has(idOf(bob))).toBe(true);
    expect(keys.has(idOf(ann))).toBe(false);
  });

  test('an unchanged folder is not read again', async () => {
    const { keyring, clock, log } = keyringOver({ 'keys/ann.asc': ann.publicKey.armor() });
    await keyring.load();
    await clock.advance(60_000);
    await keyring.keys();
    expect(log.of('read')).toHaveLength(1);
  });

  test('while the folder cannot be read, the keys hold', async () => {
    const { keyring, clock, files, log } = keyringOver({ 'keys/ann.asc': ann.publicKey.armor() });
    await keyring.load();
    files.fail('keys', 'EIO');
    await clock.advance(5000);
    expect((await keyring.keys()).index.has(idOf(ann))).toBe(true);
    expect(log.of('not read')).toHaveLength(1);
  });

  test('many mails at one time look once', async () => {
    const { keyring, clock, files, log } = keyringOver({ 'keys/ann.asc': ann.publicKey.armor() });
    await keyring.load();
    files.put('keys/bob.asc', bob.publicKey.armor());
    await clock.advance(5000);
    const all = await Promise.all(Array.from({ length: 20 }, () => keyring.keys()));
    expect(all.every(keys => keys.index.has(idOf(bob)))).toBe(true);
    expect(log.of('read')).toHaveLength(2);
  });
});

test('an issuer is named as an index names it', async () => {
  const { material } = await readKeyring(memoryFiles({ 'keys/a.asc': ann.revocationCertificate }), './keys');
  expect(material.flatMap(one => one.revocations.map(issuerOf))).toEqual([idOf(ann)]);
});
