/** Keys made for one run, and mail signed with them, where GnuPG need not be there. */
import {
  createCleartextMessage,
  createMessage,
  generateKey,
  type PrivateKey,
  type PublicKey,
  revokeKey,
  sign,
} from 'openpgp';

export interface TestKey {
  readonly privateKey: PrivateKey;
  readonly publicKey: PublicKey;
  readonly revocationCertificate: string;
}

/** The time of the tests. Keys are made a month before it, mail is signed a day before it. */
export const NOW = new Date('2026-11-23T12:00:00Z');
const MONTH_AGO = new Date('2026-10-23T12:00:00Z');
const YESTERDAY = new Date('2026-11-22T12:00:00Z');

/** The header of a mail by Ann, without the empty line at its end. */
export const FROM_ANN = 'From: Ann <ann@example.test>\r\nSubject: hello\r\nMIME-Version: 1.0\r\n';
/** A part to be signed. */
export const PART = 'Content-Type: text/plain\r\n\r\nPay Bob 10 Euro.\r\n';

interface KeyWish {
  readonly made?: Date;
  /** In seconds; 0 for ever. */
  readonly lasts?: number;
  /** Whether a subkey signs in the place of the primary key. */
  readonly subkey?: boolean;
  /** Whether one can encrypt for it. */
  readonly encrypts?: boolean;
}

/** Makes a key. */
export async function makeKey(
  userIDs: { readonly name?: string; readonly email?: string }[],
  { made = MONTH_AGO, lasts = 0, subkey = false, encrypts = false }: KeyWish = {},
): Promise<TestKey> {
  return await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    userIDs,
    date: made,
    keyExpirationTime: lasts,
    subkeys: [...(subkey ? [{ sign: true }] : []), ...(encrypts ? [{}] : [])],
    format: 'object',
  });
}

/** The public key, revoked. */
export async function revoked({ publicKey, revocationCertificate }: TestKey): Promise<string> {
  const { publicKey: armored } = await revokeKey({
    key: publicKey,
    revocationCertificate,
    date: NOW,
    format: 'armored',
  });
  return armored;
}

/** A detached, armored signature over octets, lines ended by CRLF. */
export async function detached(text: string, by: readonly TestKey[], at: Date = YESTERDAY): Promise<string> {
  const signature = await sign({
    message: await createMessage({ binary: Buffer.from(text, 'latin1') }),
    signingKeys: by.map(key => key.privateKey),
    detached: true,
    date: at,
    format: 'armored',
  });
  return crlf(signature);
}

/** A clear-signed text. */
export async function clearSigned(text: string, by: TestKey, at: Date = YESTERDAY): Promise<string> {
  const message = await createCleartextMessage({ text });
  return crlf(await sign({ message, signingKeys: by.privateKey, date: at, format: 'armored' }));
}

/** A multipart/signed of a part and the signature over it (RFC 3156 section 5). */
export function multipartSigned(part: string, signature: string, boundary = 'outer'): string {
  return [
    `Content-Type: multipart/signed; micalg=pgp-sha256; protocol="application/pgp-signature"; boundary=${boundary}`,
    '',
    `--${boundary}`,
    part,
    `--${boundary}`,
    'Content-Type: application/pgp-signature; name=signature.asc',
    '',
    signature,
    `--${boundary}--`,
    '',
  ].join('\r\n');
}

function crlf(text: string): string {
  return text.replaceAll(/\r?\n/g, '\r\n');
}
