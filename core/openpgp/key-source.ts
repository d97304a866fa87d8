/** Where keys come from, and how far each origin vouches for whom they belong to. */
import type { Mailbox } from '../mail/address.ts';
import type { Issuer } from './key-index.ts';
import type { Keys } from './keyring.ts';
import { userIds } from './openpgp.ts';
import type { Belief } from './web-of-trust.ts';

/** Put there by those who run the gateway; published by the address's domain; brought along by earlier mail. */
export const ORIGINS = ['keyring', 'wkd', 'autocrypt'] as const;
export type Origin = (typeof ORIGINS)[number];

/** A user id of a key. */
export interface OwnerName {
  readonly userId: string;
  /** What the web of trust says. `null`: it is not asked. */
  readonly belief: Belief | null;
}

/** To whom a key belongs. */
export interface Ownership {
  /** Whether anybody vouches for it. */
  readonly believed: boolean;
  /** The names that somebody vouches for; where nobody does, those that the key claims. The primary one first. */
  readonly names: readonly OwnerName[];
}

/** A key that can have made a signature. */
export interface Candidate extends Issuer {
  readonly origin: Origin;
  /** @param now The time of judgement. */
  ownership(now: Date): Promise<Ownership>;
}

/** Finds keys. */
export interface KeySource {
  /**
   * The keys that bear a key id (16 hexadecimal digits, lower case).
   * @param author Who a mail says has written it: `null` where it does not clearly say.
   */
  candidates(keyId: string, author: Mailbox | null): Promise<readonly Candidate[]>;
}

/** The keys of a keyring: all of them are believed where there is no web of trust. */
export function keyringSource({ index, web }: Keys): KeySource {
  const ownership = async ({ key }: Issuer, now: Date): Promise<Ownership> => {
    const ids = await userIds(key, now);
    if (web === null) return { believed: true, names: ids.map(userId => ({ userId, belief: null })) };
    const names = ids.map(userId => ({ userId, belief: web.beliefIn(key, userId) }));
    const believed = names.filter(({ belief }) => belief.validity === 'full' || belief.validity === 'ultimate');
    return believed.length > 0 ? { believed: true, names: believed } : { believed: false, names };
  };
  return {
    candidates: keyId =>
      Promise.resolve(
        (index.get(keyId) ?? []).map(issuer => ({
          ...issuer,
          origin: 'keyring' as const,
          ownership: now => ownership(issuer, now),
        })),
      ),
  };
}
