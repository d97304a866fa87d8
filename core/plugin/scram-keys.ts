/**
 * The keys of SCRAM-SHA-256 (RFC 5802 section 3, RFC 7677): what is stored in place of a password.
 *
 * Whoever has them can test guesses at leisure, and pretend to be the server; nobody can log in with them. Their text is
 * the usual one, `SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey` (RFC 5803; PostgreSQL writes it too).
 */
import { createHash, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { saslPrepared } from './sasl-prep.ts';
import { Secret } from './secret.ts';

export interface ScramKeys {
  readonly mechanism: 'SCRAM-SHA-256';
  /** How often the password was hashed. Any client that asks is told this, and the salt. */
  readonly iterations: number;
  /** Base64. */
  readonly salt: string;
  /** Base64 of 32 octets. */
  readonly storedKey: Secret;
  /** Base64 of 32 octets. */
  readonly serverKey: Secret;
}

/** RFC 7677 section 4. */
export const LEAST_ITERATIONS = 4096;
/** For new keys: some hundredths of a second, for each guess of somebody who has the keys. */
export const USUAL_ITERATIONS = 100_000;
/** More would make the check of a password, a stranger's guess too, dearer than this machine should pay for. */
export const MOST_ITERATIONS = 1_000_000;
const LEAST_SALT = 8;
const MOST_SALT = 64;
const KEY_LENGTH = 32;

const FORM = /^SCRAM-SHA-256\$(\d{1,9}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/;

/** Reads keys. `null` where they are none, are too weak, or cost too much. */
export function parseScramKeys(text: string): ScramKeys | null {
  const [, iterations = '', salt = '', storedKey = '', serverKey = ''] = FORM.exec(text) ?? [];
  const keys = {
    mechanism: 'SCRAM-SHA-256',
    iterations: Number(iterations),
    salt,
    storedKey: new Secret(storedKey),
    serverKey: new Secret(serverKey),
  } as const;
  return areSound(keys) ? keys : null;
}

/** The keys as text: what only a file that nobody else reads may hold. */
export function formatScramKeys({ iterations, salt, storedKey, serverKey }: ScramKeys): string {
  return `SCRAM-SHA-256$${iterations}:${salt}$${storedKey.reveal()}:${serverKey.reveal()}`;
}

/** Whether keys can be worked with, wherever they come from. */
export function areSound({ iterations, salt, storedKey, serverKey }: ScramKeys): boolean {
  const length = octetsIn(salt);
  return (
    Number.isInteger(iterations) &&
    iterations >= LEAST_ITERATIONS &&
    iterations <= MOST_ITERATIONS &&
    length >= LEAST_SALT &&
    length <= MOST_SALT &&
    octetsIn(storedKey.reveal()) === KEY_LENGTH &&
    octetsIn(serverKey.reveal()) === KEY_LENGTH
  );
}

/** Makes keys of a password. The salt must be new, and from a good source of randomness. */
export async function deriveScramKeys(
  password: string,
  salt: Buffer,
  iterations: number = USUAL_ITERATIONS,
): Promise<ScramKeys> {
  const salted = await saltedPassword(password, salt, iterations);
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest();
  return {
    mechanism: 'SCRAM-SHA-256',
    iterations,
    salt: salt.toString('base64'),
    storedKey: new Secret(storedKey.toString('base64')),
    serverKey: new Secret(hmac(salted, 'Server Key').toString('base64')),
  };
}

/** Whether the password is the one that the keys were made of. Takes as long as making them. */
export async function matchesScramKeys(password: string, keys: ScramKeys): Promise<boolean> {
  const own = await deriveScramKeys(password, Buffer.from(keys.salt, 'base64'), keys.iterations);
  return timingSafeEqual(octetsOf(own.storedKey), octetsOf(keys.storedKey));
}

/** SaltedPassword of RFC 5802 section 3. */
function saltedPassword(password: string, salt: Buffer, iterations: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  pbkdf2(saslPrepared(password), salt, iterations, KEY_LENGTH, 'sha256', (error, key) => {
    if (error === null) resolve(key);
    else reject(error);
  });
  return promise;
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function octetsOf(secret: Secret): Buffer {
  return Buffer.from(secret.reveal(), 'base64');
}

/** How many octets a base64 text stands for; -1 where it is none. */
function octetsIn(base64: string): number {
  const octets = Buffer.from(base64, 'base64');
  return octets.toString('base64') === base64 ? octets.length : -1;
}
