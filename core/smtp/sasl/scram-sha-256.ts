/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677), without channel binding: each side proves to the other that it knows the password or
 * what was made of it.
 *
 * A user whom nobody knows meets the same exchange, with a salt that is the same every time, and fails at its end.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { ScramKeys } from '../../plugin/scram-keys.ts';
import { BAD_RESPONSE, NO_CHANNEL_BINDING, type Said } from '../replies.ts';
import { decoyKeys } from './decoy.ts';
import { type BeginExchange, isName, textOf } from './exchange.ts';
import { decodeName, readGs2Header } from './gs2-header.ts';

/** Of our half of the nonce, in octets: base64 of them has no comma, which a nonce may not have. */
const NONCE_OCTETS = 18;
const KEY_LENGTH = 32;

/** `client-first-message`. */
interface ClientFirst {
  readonly kind: 'first';
  /** As sent, with its last comma. */
  readonly gs2Header: string;
  /** All after it. */
  readonly bare: string;
  readonly user: string;
  readonly actFor: string | null;
  readonly nonce: string;
}

/** `client-final-message`. */
interface ClientFinal {
  /** As sent. */
  readonly withoutProof: string;
  /** Base64 of the head of the first message, where nobody has changed it on the way. */
  readonly binding: string;
  readonly nonce: string;
  readonly proof: Buffer;
}

export const scramSha256: BeginExchange = async function* ({ setting, authentication }, initial) {
  const first = readFirst(textOf(initial ?? (yield '')) ?? '');
  if (first.kind === 'refused') return first.reply;
  const { user, actFor } = first;
  if (actFor !== null && actFor !== user) return authentication.refuseDelegation('SCRAM-SHA-256', user);
  const claim = await authentication.claim('SCRAM-SHA-256', user);
  if (claim.kind === 'refused') return claim.reply;

  const { random, decoyKey } = setting.reception;
  const keys = claim.secret ?? decoyKeys(decoyKey, user);
  const nonce = `${first.nonce}${random.bytes(NONCE_OCTETS).toString('base64')}`;
  const serverFirst = `r=${nonce},s=${keys.salt},i=${keys.iterations}`;
  const final = readFinal(textOf(yield serverFirst) ?? '');
  if (final === null) return BAD_RESPONSE;

  const said = `${first.bare},${serverFirst},${final.withoutProof}`;
  const answersThis = final.binding === Buffer.from(first.gs2Header).toString('base64') && final.nonce === nonce;
  if (!isProof(final.proof, said, keys) || !answersThis) return authentication.settle(claim, false);
  // SMTP cannot say more than that it went well: what proves us is a challenge, and the response to it is empty.
  const last = yield `v=${signatureOf(said, keys)}`;
  return last.length === 0 ? authentication.settle(claim, true) : BAD_RESPONSE;
};

/** Whether a proof shows that its sender knows the password. `said`: `AuthMessage` of RFC 5802 section 3. */
export function isProof(proof: Buffer, said: string, { storedKey }: ScramKeys): boolean {
  const stored = Buffer.from(storedKey.reveal(), 'base64');
  const signature = createHmac('sha256', stored).update(said).digest();
  const clientKey = Buffer.from(signature.map((octet, index) => octet ^ (proof[index] ?? 0)));
  return timingSafeEqual(createHash('sha256').update(clientKey).digest(), stored);
}

/** What proves to the client that we have the keys: `ServerSignature`, in base64. */
export function signatureOf(said: string, { serverKey }: ScramKeys): string {
  return createHmac('sha256', Buffer.from(serverKey.reveal(), 'base64')).update(said).digest('base64');
}

function readFirst(message: string): ClientFirst | { readonly kind: 'refused'; readonly reply: Said } {
  const header = readGs2Header(message);
  if (header.kind === 'binding') return { kind: 'refused', reply: NO_CHANNEL_BINDING };
  if (header.kind === 'malformed') return { kind: 'refused', reply: BAD_RESPONSE };
  // A mandatory extension (`m=`) would stand before the name, and none is known.
  const [, name = '', nonce = ''] = /^n=([^,]+),r=([!-+\--~]+)(?:,[A-Za-z]=[^,]+)*$/.exec(header.rest) ?? [];
  const user = decodeName(name);
  if (user === null || !isName(user)) return { kind: 'refused', reply: BAD_RESPONSE };
  return { kind: 'first', gs2Header: header.text, bare: header.rest, user, actFor: header.actFor, nonce };
}

function readFinal(message: string): ClientFinal | null {
  const end = message.lastIndexOf(',p=');
  const withoutProof = message.slice(0, Math.max(end, 0));
  const [, binding, nonce] = /^c=([^,]+),r=([^,]+)(?:,[A-Za-z]=[^,]+)*$/.exec(withoutProof) ?? [];
  const text = message.slice(end + 3);
  const proof = Buffer.from(text, 'base64');
  if (binding === undefined || nonce === undefined) return null;
  if (proof.length !== KEY_LENGTH || proof.toString('base64') !== text) return null;
  return { withoutProof, binding, nonce, proof };
}
