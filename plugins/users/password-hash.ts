/**
 * Password hashes: scrypt (RFC 7914), written as `$scrypt$ln=15,r=8,p=1$salt$hash`, salt and hash in base64 without
 * padding.
 *
 * Guarantees: two hashes are compared in constant time; a hash whose cost is beyond what this machine should pay for a
 * stranger's guess is not read at all.
 */
import { scrypt, timingSafeEqual } from 'node:crypto';

/** How much work a hash is. */
export interface Cost {
  /** The binary logarithm of N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** A hash as it was read. */
export interface PasswordHash {
  readonly cost: Cost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** What new hashes cost: 32 MiB of memory, and some tenths of a second. */
export const USUAL_COST: Cost = { ln: 15, r: 8, p: 3 };

/** In octets, for one verification. */
const MOST_MEMORY = 128 * 1024 * 1024;
const MOST_PARALLEL = 16;
export const SALT_LENGTH = 16;
const HASH_LENGTH = 32;

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** Reads a hash. `null` where it is none, is too short to be safe, or costs too much. */
export function parsePasswordHash(text: string): PasswordHash | null {
  const [, ln, r, p, salt = '', hash = ''] = FORM.exec(text) ?? [];
  const read = {
    cost: { ln: Number(ln), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
  const sound = isAffordable(read.cost) && read.salt.length >= 8 && read.hash.length >= 16 && read.hash.length <= 64;
  return sound ? read : null;
}

/** A hash as text. */
export function formatPasswordHash({ cost: { ln, r, p }, salt, hash }: PasswordHash): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(hash)}`;
}

/** Hashes a password. The salt must be new, and from a good source of randomness. */
export async function hashPassword(password: string, salt: Buffer, cost: Cost = USUAL_COST): Promise<PasswordHash> {
  return { cost, salt, hash: await derive(password, salt, { cost, length: HASH_LENGTH }) };
}

/** Whether the password is the one that was hashed. */
export async function verifyPassword(password: string, { cost, salt, hash }: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, salt, { cost, length: hash.length }), hash);
}

/** A hash that no password has, and whose verification costs as much as that of any other hash of this cost. */
export function hashOfNobody(cost: Cost): PasswordHash {
  return { cost, salt: Buffer.alloc(SALT_LENGTH), hash: Buffer.alloc(HASH_LENGTH) };
}

/** The password is normalised, so that it is the same octets from every keyboard (RFC 8265 section 4.2). */
function derive(
  password: string,
  salt: Buffer,
  { cost, length }: { readonly cost: Cost; readonly length: number },
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const options = { N: 2 ** cost.ln, r: cost.r, p: cost.p, maxmem: 2 * MOST_MEMORY };
  scrypt(password.normalize('NFC'), salt, length, options, (error, key) => {
    if (error === null) resolve(key);
    else reject(error);
  });
  return promise;
}

function isAffordable({ ln, r, p }: Cost): boolean {
  return ln >= 1 && r >= 1 && p >= 1 && p <= MOST_PARALLEL && 128 * r * 2 ** ln <= MOST_MEMORY;
}

function base64(octets: Buffer): string {
  return octets.toString('base64').replace(/=+$/, '');
}
