/**
 * What a user's password is checked against: a scrypt hash, keys of SCRAM-SHA-256, the password itself for CRAM-MD5. One of
 * each at most, separated by blanks. They are all of one password.
 *
 * Guarantee: whoever is checked against one kind takes as long as anybody else who is.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { formatScramKeys, matchesScramKeys, parseScramKeys, type ScramKeys, Secret } from '../../core/index.ts';
import {
  formatPasswordHash,
  hashOfNobody,
  type PasswordHash,
  parsePasswordHash,
  USUAL_COST,
  verifyPassword,
} from './password-hash.ts';

export interface Verifiers {
  readonly hash: PasswordHash | null;
  readonly scram: ScramKeys | null;
  /** Whoever reads the file has it. */
  readonly password: Secret | null;
}

export const NO_VERIFIERS: Verifiers = { hash: null, scram: null, password: null };

/** `malformed`: one of them is none, or cannot be afforded. `double`: two of one kind. */
export type ReadVerifiers =
  | { readonly kind: 'verifiers'; readonly verifiers: Verifiers }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'double' };

const PASSWORD = /^CRAM-MD5\$([A-Za-z0-9+/]+={0,2})$/;
const NO_KEY = new Secret(Buffer.alloc(32).toString('base64'));

/** Reads what stands behind a name. */
export function parseVerifiers(text: string): ReadVerifiers {
  let verifiers = NO_VERIFIERS;
  for (const word of text.split(/\s+/)) {
    const read = verifierOf(word);
    if (read === null) return { kind: 'malformed' };
    if (Object.keys(read).some(kind => verifiers[kind as keyof Verifiers] !== null)) return { kind: 'double' };
    verifiers = { ...verifiers, ...read };
  }
  return { kind: 'verifiers', verifiers };
}

/** As they stand in the file, which only the gateway's user may read. */
export function formatVerifiers({ hash, scram, password }: Verifiers): string {
  const words = [
    hash === null ? '' : formatPasswordHash(hash),
    scram === null ? '' : formatScramKeys(scram),
    password === null ? '' : `CRAM-MD5$${Buffer.from(password.reveal()).toString('base64')}`,
  ];
  return words.filter(word => word !== '').join(' ');
}

/** Whether it is the password. Any of them would tell; the first is asked. */
export async function verify(password: string, { hash, scram, password: stored }: Verifiers): Promise<boolean> {
  if (hash !== null) return verifyPassword(password, hash);
  if (scram !== null) return matchesScramKeys(password, scram);
  await verifyPassword(password, hashOfNobody(USUAL_COST));
  return stored !== null && timingSafeEqual(digestOf(password), digestOf(stored.reveal()));
}

/** Verifiers that no password has, and whose check takes as long as that of `like`. */
export function verifiersOfNobody({ hash, scram }: Verifiers): Verifiers {
  if (hash === null && scram !== null)
    return { ...NO_VERIFIERS, scram: { ...scram, storedKey: NO_KEY, serverKey: NO_KEY } };
  return { ...NO_VERIFIERS, hash: hashOfNobody(hash?.cost ?? USUAL_COST) };
}

function verifierOf(word: string): Partial<Verifiers> | null {
  const [, base64] = PASSWORD.exec(word) ?? [];
  if (base64 !== undefined) return { password: new Secret(Buffer.from(base64, 'base64').toString()) };
  const scram = parseScramKeys(word);
  if (scram !== null) return { scram };
  const hash = parsePasswordHash(word);
  return hash === null ? null : { hash };
}

/** Of equal length, whatever the password: that is what can be compared in constant time. */
function digestOf(password: string): Buffer {
  return createHash('sha256').update(password.normalize('NFC')).digest();
}
