/** What a plugin keeps for a user, so that the engine can check a proof of CRAM-MD5 or SCRAM: the answer to `secret`. */
import type { ChallengeMechanism } from '../mail/mechanism.ts';
import type { ScramKeys } from './scram-keys.ts';
import type { Secret } from './secret.ts';

/**
 * A password as it is (RFC 2195): CRAM-MD5 can be checked with nothing less. Whoever reads the store has the passwords.
 */
export interface SharedSecret {
  readonly mechanism: 'CRAM-MD5';
  readonly password: Secret;
}

/** What is stored, by the mechanism that needs it. */
export type StoredSecret = SharedSecret | ScramKeys;

/** What one mechanism needs. */
export type SecretOf<M extends ChallengeMechanism> = Extract<StoredSecret, { mechanism: M }>;

/** `secret`: this is the user, and this is stored for that one. Whether the client knows it is for the engine to see. */
export interface Stored {
  readonly kind: 'stored';
  /** Who the client is if it knows the secret. */
  readonly user: string;
  readonly secret: StoredSecret;
}

/**
 * Says what is stored for a user.
 * @example
 * const keys = parseScramKeys(row.verifier);
 * return keys === null ? undefined : stored(row.user, keys);
 */
export function stored(user: string, secret: StoredSecret): Stored {
  return { kind: 'stored', user, secret };
}
