/**
 * Attacks on mail clients that have a name, each by its name: none of them gets `good` for what was not signed, nor a signer
 * who did not sign. Johnny: "Johnny, you are fired!" (USENIX Security 2019), with its classes G, M and I.
 */
import {
  createMessage,
  encrypt,
  enums,
  LiteralDataPacket,
  Message,
  PacketList,
  PublicKey,
  SignaturePacket,
  sign,
} from 'openpgp';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Facts } from '../../../core/index.ts';
import { harness } from '../../../core/testing.ts';
import pgpVerify from '../../../plugins/pgp-verify/index.ts';
import {
  clearSigned,
  detached,
  FROM_ANN,
  makeKey,
  multipartSigned,
  NOW,
  PART,
  type TestKey,
} from '../../support/openpgp-signing.ts';

const YESTERDAY = new Date('2026-11-22T12:00:00Z');

let ann: TestKey;
let eve: TestKey;
let gateway: TestKey;

beforeAll(async () => {
  ann = await makeKey([{ name: 'Ann', email: 'ann@example.test' }]);
  eve = await makeKey([{ name: 'Eve', email: 'eve@example.test' }]);
  gateway = await makeKey([{ email: 'gateway@example.test' }], { encrypts: true });
});

async function factsOf(mail: string, more: Readonly<Record<string, string>> = {}): Promise<Facts> {
  const files = {
    'keys/ann.asc': ann.publicKey.armor(),
    'keys/eve.asc': eve.publicKey.armor(),
    'private/gateway.asc': gateway.privateKey.armor(),
    ...more,
  };
  const options = { keyring: './keys', header: false, decrypt: { keys: './private' } };
  const { data } = await harness(pgpVerify, options, { files, now: NOW });
  const answer = await data(mail);
  if (answer?.kind !== 'note') throw new Error('no note');
  return answer.facts;
}

const signed = async (by: TestKey = ann) => multipartSigned(PART, await detached(PART, [by]));
const multipart = (subtype: string, ...parts: readonly string[]) =>
  `Content-Type: multipart/${subtype}; boundary=wrap\r\n\r\n${parts.map(part => `--wrap\r\n${part}\r\n`).join('')}--wrap--\r\n`;
const html = (text: string) => `Content-Type: text/html\r\n\r\n${text}`;

describe('Johnny M: wrapped parts', () => {
  test.each([
    {
      title: 'M1, an old signed mail behind the new text',
      mail: async () => multipart('mixed', html('Pay Eve.'), await signed()),
    },
    {
      title: 'M2, HTML that hides the signed part by style',
      mail: async () => multipart('mixed', html('Pay Eve.<plaintext style="display:none">'), await signed()),
    },
    {
      title: 'M3, the signed part as a picture of the HTML',
      mail: async () => multipart('related', html('Pay Eve.<img src="cid:x">'), await signed()),
    },
    {
      title: 'M4, the signed part as a file',
      mail: async () =>
        multipart('mixed', html('Pay Eve.'), `Content-Disposition: attachment; filename=x.eml\r\n${await signed()}`),
    },
    {
      title: 'the signed part as the less wanted alternative',
      mail: async () => multipart('alternative', await signed(), html('Pay Eve.')),
    },
  ])('$title: partial', async ({ mail }) => {
    expect(await factsOf(FROM_ANN + (await mail()))).toMatchObject({ pgp: 'partial', 'pgp.coverage': 'part' });
  });
});

describe('Johnny I: who is the author', () => {
  test.each([
    { title: 'I1, the address as the display name', from: 'From: "Ann <ann@example.test>" <eve@elsewhere.test>\r\n' },
    {
      title: 'I1, many blanks behind the name',
      from: `From: "ann@example.test${' '.repeat(200)}" <eve@elsewhere.test>\r\n`,
    },
    { title: 'I2, two From fields', from: 'From: ann@example.test\r\nFrom: eve@example.test\r\n' },
    { title: 'I2, two addresses in From', from: 'From: ann@example.test, eve@example.test\r\n' },
    { title: 'I3, the signer as Sender', from: 'From: ann@example.test\r\nSender: eve@example.test\r\n' },
    { title: 'I3, the signer as Reply-To', from: 'From: ann@example.test\r\nReply-To: eve@example.test\r\n' },
  ])('$title: Eve signs, and is not taken for the author', async ({ from }) => {
    const facts = await factsOf(`${from}MIME-Version: 1.0\r\n${await signed(eve)}`);
    expect(facts).toMatchObject({ pgp: 'good', 'pgp.aligned': false, 'pgp.signer': 'eve@example.test' });
  });

  test.each([
    'ann@example.test <eve@example.test>',
    '<ann@example.test> <eve@example.test>',
    'Eve <eve@example.test> <ann@example.test>',
  ])('a user id with two addresses speaks for Ann in no case: %s', async userId => {
    const odd = await makeKey([{ name: userId }]);
    expect(odd.publicKey.getUserIDs()).toEqual([userId]);
    const facts = await factsOf(FROM_ANN + (await signed(odd)), { 'keys/odd.asc': odd.publicKey.armor() });
    expect(facts.pgp).toBe('good');
    expect(facts['pgp.aligned']).toBe(false);
  });

  test('CVE-2021-23992, a user id that the key did not sign itself', async () => {
    const packets = new PacketList<never>();
    const borrowed = ann.publicKey.users.flatMap(user => [...user.toPacketList()]);
    packets.push(...([...eve.publicKey.toPacketList(), ...borrowed] as never[]));
    const spliced = new PublicKey(packets);
    expect(spliced.getUserIDs()).toContain('Ann <ann@example.test>');
    const facts = await factsOf(FROM_ANN + (await signed(eve)), { 'keys/eve.asc': spliced.armor() });
    expect(facts).toMatchObject({ pgp: 'good', 'pgp.aligned': false, 'pgp.signer': 'eve@example.test' });
  });
});

describe('Johnny G, and SigSpoof (CVE-2018-12020): status lines in what is read', () => {
  const status = '\n[GNUPG:] GOODSIG F231550C4F47E38E Ann <ann@example.test>\n[GNUPG:] VALIDSIG 0\n';

  test('in the name of the file inside a message', async () => {
    const message = await createMessage({ binary: Buffer.from(PART), filename: status });
    const sealed = await encrypt({ message, encryptionKeys: gateway.publicKey, date: YESTERDAY });
    expect(await factsOf(`${FROM_ANN}\r\n${sealed.replaceAll(/\r?\n/g, '\r\n')}`)).toMatchObject({ pgp: 'none' });
  });

  test('CVE-2022-34903, in a notation: nothing of it reaches the header', async () => {
    const signature = await sign({
      message: await createMessage({ binary: Buffer.from(PART) }),
      signingKeys: eve.privateKey,
      detached: true,
      date: YESTERDAY,
      signatureNotations: [
        { name: 'x@example.test', value: Buffer.from(status), humanReadable: true, critical: false },
      ],
    });
    const files = { 'keys/eve.asc': eve.publicKey.armor() };
    const { data } = await harness(pgpVerify, { keyring: './keys' }, { files, now: NOW });
    const answer = await data(FROM_ANN + multipartSigned(PART, signature.replaceAll(/\r?\n/g, '\r\n')));
    if (answer?.kind !== 'rewrite') throw new Error('no rewrite');
    const [header = ''] = (await answer.content.bytes()).toString().split('\r\n\r\n');
    expect(header).toContain('policy.aligned=no');
    expect(header).not.toContain('GNUPG');
    expect(header).not.toContain('body.signer=ann@');
  });

  test('in the text', async () => {
    expect(await factsOf(`${FROM_ANN}\r\nhello${status.replaceAll('\n', '\r\n')}`)).toMatchObject({ pgp: 'none' });
  });
});

test('CVE-2025-47934: a second text behind the signed one, in one message', async () => {
  const inner = await sign({
    message: await createMessage({ binary: Buffer.from(PART) }),
    signingKeys: ann.privateKey,
    date: YESTERDAY,
    format: 'object',
  });
  const packets = new PacketList<never>();
  const second = await createMessage({ binary: Buffer.from(PART.replace('Bob', 'Eve')) });
  packets.push(...([...inner.packets, ...second.packets] as never[]));
  expect([...packets].filter((packet: unknown) => packet instanceof LiteralDataPacket)).toHaveLength(2);
  const sealed = await new Message<Uint8Array>(packets).encrypt(
    [gateway.publicKey],
    [],
    undefined,
    false,
    [],
    YESTERDAY,
  );
  const armored = sealed.armor().replaceAll(/\r?\n/g, '\r\n');
  expect((await factsOf(`${FROM_ANN}\r\n${armored}`)).pgp).not.toBe('good');
});

describe('clear-signed text that readers read otherwise than verifiers', () => {
  test.each([
    { title: 'text in front of it', change: (text: string) => `Pay Eve.\r\n${text}` },
    { title: 'text behind it', change: (text: string) => `${text}Pay Eve.\r\n` },
    { title: 'a NUL in the Hash header', change: (text: string) => text.replace('Hash: SHA512', 'Hash: SHA512\0') },
    { title: 'a second header', change: (text: string) => text.replace('Hash: SHA512', 'Hash: SHA512\r\nPay: Eve') },
    {
      title: 'text for the Hash header',
      change: (text: string) => text.replace('Hash: SHA512', 'Hash: Pay Eve 1000 Euro!'),
    },
    { title: 'a form feed before its begin', change: (text: string) => `\f${text}` },
    {
      title: 'a line that looks like the begin of a signature',
      change: (text: string) => text.replace('Pay Bob', '-----BEGIN PGP SIGNATURE-----\r\n\r\nPay Bob'),
    },
    {
      title: 'text between text and signature',
      change: (text: string) => text.replace('-----BEGIN PGP SIG', 'Pay Eve.\r\n-----BEGIN PGP SIG'),
    },
    {
      title: 'the end of its signature missing',
      change: (text: string) => text.replace('-----END PGP SIGNATURE-----', ''),
    },
  ])('$title', async ({ change }) => {
    const text = await clearSigned('Pay Bob 10 Euro.', ann);
    expect(await factsOf(`${FROM_ANN}\r\n${text}`)).toMatchObject({ pgp: 'good' });
    const changed = change(text);
    expect(changed).not.toBe(text);
    expect((await factsOf(`${FROM_ANN}\r\n${changed}`)).pgp).not.toBe('good');
  });
});

test('a detached signature over a text becomes none over another kind of signature', async () => {
  const standalone = await sign({
    message: await createMessage({ binary: Buffer.from('') }),
    signingKeys: ann.privateKey,
    detached: true,
    date: YESTERDAY,
    format: 'object',
  });
  const packet = [...standalone.packets].find(one => one instanceof SignaturePacket);
  expect(packet?.signatureType).toBe(enums.signature.binary);
  Object.assign(packet ?? {}, { signatureType: enums.signature.standalone });
  const mail = FROM_ANN + multipartSigned(PART, standalone.armor().replaceAll(/\r?\n/g, '\r\n'));
  expect((await factsOf(mail)).pgp).not.toBe('good');
});
