/** The client's side of SCRAM-SHA-256, written from RFC 5802 section 3 and from nothing of ours. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** What a client says in the end, and what it must hear then. */
export interface ScramAnswer {
  readonly final: string;
  /** `v=`, and what proves the server. */
  readonly expected: string;
}

const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/**
 * Answers `server-first-message`.
 * @param bare `client-first-message-bare`
 * @param nonce in place of the one that the server has given
 */
export function scramAnswer(
  password: string,
  bare: string,
  serverFirst: string,
  { gs2Header = 'n,,', nonce = null as string | null } = {},
): ScramAnswer {
  const [, given = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? [];
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const withoutProof = `c=${Buffer.from(gs2Header).toString('base64')},r=${nonce ?? given}`;
  const said = `${bare},${serverFirst},${withoutProof}`;
  const signature = hmac(createHash('sha256').update(clientKey).digest(), said);
  const proof = Buffer.from(clientKey.map((octet, index) => octet ^ (signature[index] ?? 0)));
  return {
    final: `${withoutProof},p=${proof.toString('base64')}`,
    expected: `v=${hmac(hmac(salted, 'Server Key'), said).toString('base64')}`,
  };
}
