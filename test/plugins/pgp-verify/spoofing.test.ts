/** Spoofing: no trick makes the plugin vouch for what nobody signed, or for somebody who did not sign it. */
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

let ann: TestKey;
/** Says that she is Ann, and is not in the keyring. */
let stranger: TestKey;

beforeAll(async () => {
  ann = await makeKey([{ name: 'Ann', email: 'ann@example.test' }]);
  stranger = await makeKey([{ name: 'Ann', email: 'ann@example.test' }]);
});

async function factsOf(mail: string): Promise<Facts> {
  const files = { 'keys/ann.asc': ann.publicKey.armor() };
  const { data } = await harness(pgpVerify, { keyring: './keys', header: false }, { files, now: NOW });
  const answer = await data(mail);
  if (answer?.kind !== 'note') throw new Error(`a note was expected, not ${answer?.kind}`);
  return answer.facts;
}

describe('spoofing: nobody is vouched for', () => {
  const mixed = (...parts: readonly string[]) =>
    `Content-Type: multipart/mixed; boundary=mix\r\n\r\n${parts.map(part => `--mix\r\n${part}\r\n`).join('')}--mix--\r\n`;
  const text = 'Content-Type: text/plain\r\n\r\nPay Eve 1000 Euro.';

  const tricks: readonly { readonly title: string; readonly mail: () => Promise<string>; readonly want?: string }[] = [
    {
      title: 'a signed part behind one that is not',
      mail: async () => mixed(text, multipartSigned(PART, await detached(PART, [ann]))),
      want: 'partial',
    },
    {
      title: 'a signed part before one that is not',
      mail: async () => mixed(multipartSigned(PART, await detached(PART, [ann])), text),
      want: 'partial',
    },
    {
      title: 'a signed mail attached to another',
      mail: async () =>
        mixed(
          text,
          `Content-Type: message/rfc822\r\n\r\n${FROM_ANN}${multipartSigned(PART, await detached(PART, [ann]))}`,
        ),
      want: 'partial',
    },
    {
      title: 'a third part in multipart/signed',
      mail: async () =>
        multipartSigned(PART, await detached(PART, [ann])).replace('--outer--', `--outer\r\n${text}\r\n--outer--`),
      want: 'partial',
    },
    {
      title: 'text behind the last boundary',
      mail: async () => `${multipartSigned(PART, await detached(PART, [ann]))}Pay Eve.\r\n`,
      want: 'partial',
    },
    {
      title: 'text in the place of the last boundary',
      mail: async () => multipartSigned(PART, await detached(PART, [ann])).replace('--outer--', 'Pay Eve.'),
      want: 'partial',
    },
    {
      title: 'text around clear-signed text',
      mail: async () => `\r\nPay Eve.\r\n${await clearSigned('Hello', ann)}`,
      want: 'partial',
    },
    {
      title: 'two clear-signed texts in one',
      mail: async () => `\r\n${await clearSigned('Pay Eve', ann)}${await clearSigned('10 Euro', ann)}`,
      want: 'partial',
    },
    {
      title: 'clear-signed text as one of two alternatives',
      mail: async () =>
        mixed(
          `Content-Type: text/plain\r\n\r\n${await clearSigned('Hello', ann)}`,
          'Content-Type: text/html\r\n\r\nPay Eve',
        ).replace('mixed', 'alternative'),
      want: 'partial',
    },
    {
      title: 'text between the headers of clear-signed text',
      mail: async () => `\r\n${(await clearSigned('Hello', ann)).replace('Hash:', 'Comment: Pay Eve\r\nHash:')}`,
      want: 'malformed',
    },
    {
      title: 'the signature of another part',
      mail: async () => multipartSigned(text, await detached(PART, [ann])),
      want: 'bad',
    },
    {
      title: 'the signature part as an attachment elsewhere',
      mail: async () => mixed(PART, `Content-Type: application/pgp-signature\r\n\r\n${await detached(PART, [ann])}`),
      want: 'none',
    },
    {
      title: 'signature and signed part in each other’s place',
      mail: async () =>
        `Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-signature\r\n\r\n${await detached(PART, [ann])}\r\n--b\r\n${PART}\r\n--b--\r\n`,
      want: 'malformed',
    },
    {
      title: 'a signed part inside multipart/signed by a stranger',
      mail: async () => {
        const inner = multipartSigned(PART, await detached(PART, [ann]), 'inner');
        return multipartSigned(inner, await detached(inner, [stranger]));
      },
      want: 'unknown-key',
    },
    {
      title: 'the key in the mail itself',
      mail: async () => {
        const part = `Content-Type: multipart/mixed; boundary=k\r\n\r\n--k\r\n${text}\r\n--k\r\nContent-Type: application/pgp-keys\r\n\r\n${stranger.publicKey.armor().replaceAll(/\r?\n/g, '\r\n')}\r\n--k--\r\n`;
        return multipartSigned(part, await detached(part, [stranger]));
      },
      want: 'unknown-key',
    },
    {
      title: 'text that says it is signed',
      mail: async () => '\r\ngpg: Good signature from "Ann <ann@example.test>"\r\n[GNUPG:] GOODSIG 0 Ann\r\n',
      want: 'none',
    },
    {
      title: 'two Content-Type fields, of which readers take one or the other',
      mail: async () => `Content-Type: text/html\r\n${multipartSigned(PART, await detached(PART, [ann]))}`,
    },
    {
      title: 'two Content-Type fields, the other way round',
      mail: async () =>
        multipartSigned(PART, await detached(PART, [ann])).replace('\r\n\r\n', '\r\nContent-Type: text/html\r\n\r\n'),
      want: 'partial',
    },
    {
      title: 'two boundaries',
      mail: async () =>
        multipartSigned(PART, await detached(PART, [ann])).replace('boundary=outer', 'boundary=outer; boundary=other'),
      want: 'partial',
    },
    {
      title: 'a header that some readers read on',
      mail: async () =>
        multipartSigned(PART, await detached(PART, [ann])).replace(
          '\r\n\r\n',
          '\r\nno field\r\nFrom: eve@example.test\r\n\r\n',
        ),
      want: 'partial',
    },
    {
      title: 'S/MIME around a part that is signed',
      mail: async () =>
        multipartSigned(multipartSigned(PART, await detached(PART, [ann]), 'inner'), 'x').replaceAll(
          /(protocol="|^Content-Type: )application\/pgp-signature(?=.*outer|; name)/gm,
          '$1application/pkcs7-signature',
        ),
    },
    {
      title: 'a signature with another letter in it',
      mail: async () =>
        multipartSigned(
          PART,
          (await detached(PART, [ann])).replace(
            /\r\n\r\n(.)/,
            (_, first: string) => `\r\n\r\n${first === 'w' ? 'x' : 'w'}`,
          ),
        ),
    },
  ];

  test.each(tricks)('$title', async ({ mail, want }) => {
    const facts = await factsOf(FROM_ANN + (await mail()));
    expect(facts.pgp).not.toBe('good');
    if (want !== undefined) expect(facts.pgp).toBe(want);
  });

  test.each([
    { title: 'two From fields', from: 'From: eve@example.test\r\nFrom: Ann <ann@example.test>\r\n' },
    { title: 'two addresses in From', from: 'From: ann@example.test, eve@example.test\r\n' },
    { title: 'a group in From', from: 'From: friends: ann@example.test;\r\n' },
    { title: 'no From', from: 'Sender: ann@example.test\r\n' },
    { title: 'the signer as the display name', from: 'From: "ann@example.test" <eve2@example.test>\r\n' },
    { title: 'a domain that only looks the same', from: 'From: ann@ex\u0430mple.test\r\n' },
  ])('$title: the signer is not the author', async ({ from }) => {
    const mail = `${from}MIME-Version: 1.0\r\n${multipartSigned(PART, await detached(PART, [ann]))}`;
    expect(await factsOf(mail)).toMatchObject({ pgp: 'good', 'pgp.aligned': false });
  });

  test('a mail of very many signed parts is not looked at part by part', async () => {
    const one = multipartSigned(PART, await detached(PART, [ann]), 'inner');
    const mail = FROM_ANN + mixed(...Array.from({ length: 100 }, () => one));
    expect(await factsOf(mail)).toMatchObject({ pgp: 'unchecked' });
  });
});
