/**
 * Keys for a user whom nobody knows: a stranger who asks for the salt must not learn from it which users there are.
 *
 * Guarantee: the same name has the same salt at every try, after a restart too, as long as the key stays. Limit: they look
 * like keys that `mailframe passwd` makes. Where those of the real users have another count of iterations, that tells.
 */
import { createHmac } from 'node:crypto';
import { type ScramKeys, USUAL_ITERATIONS } from '../../plugin/scram-keys.ts';
import { Secret } from '../../plugin/secret.ts';

/** As `mailframe passwd` makes it, in octets. */
const SALT_LENGTH = 16;

/** @param key what only this gateway knows */
export function decoyKeys(key: Buffer, user: string): ScramKeys {
  const name = user.normalize('NFC');
  const made = (what: string) => createHmac('sha256', key).update(`${what} of ${name}`).digest();
  return {
    mechanism: 'SCRAM-SHA-256',
    iterations: USUAL_ITERATIONS,
    salt: made('salt').subarray(0, SALT_LENGTH).toString('base64'),
    storedKey: new Secret(made('stored key').toString('base64')),
    serverKey: new Secret(made('server key').toString('base64')),
  };
}
