/**
 * The web of trust: which user ids are believed, because of who certified them. GnuPG's classic model.
 *
 * From our own keys (owner trust `ultimate`) outwards, in rounds: a user id is `full` as soon as one of our own or one full
 * introducer has certified it, or several marginal ones; the key then is an introducer of the next round, as far as its owner
 * is trusted. Keys that are revoked or expired are believed by nobody, and introduce nobody.
 *
 * Guarantee: no more than `depth` certifications stand between our own key and what is believed.
 */
import type { Key } from 'openpgp';
import { formatMailbox } from '../mail/path.ts';
import { certifiersOf } from './certifications.ts';
import { isExpired, isOwnUserId, isRevoked, userIds } from './openpgp.ts';
import type { OwnerTrust, OwnerTrusts } from './owner-trust.ts';
import { mailboxOf } from './signer.ts';

/** How far a user id of a key is believed to be its owner's. */
export const VALIDITIES = ['ultimate', 'full', 'marginal', 'unknown'] as const;
export type Validity = (typeof VALIDITIES)[number];

/** What is known of a user id. */
export interface Belief {
  readonly validity: Validity;
  /** By whom, from one of our own keys on: addresses, or fingerprints of keys without one. Those who count together are one step. */
  readonly through: readonly string[];
}

/** How much it takes. */
export interface TrustRules {
  /** How many full introducers make a user id believed. */
  readonly completes: number;
  /** How many marginal introducers do. */
  readonly marginals: number;
  /** How many certifications a path may be long. */
  readonly depth: number;
}

/** What GnuPG takes where it is not told otherwise. */
export const USUAL_RULES: TrustRules = { completes: 1, marginals: 3, depth: 5 };

/** What is known of every key of a keyring. */
export interface WebOfTrust {
  beliefIn(key: Key, userId: string): Belief;
}

/** Somebody whose certifications count. */
interface Introducer {
  readonly key: Key;
  readonly trust: OwnerTrust;
  readonly name: string;
  /** How one came to believe this key. */
  readonly through: readonly string[];
}

/** The certifications of a user id that count. */
interface Account {
  readonly by: readonly Introducer[];
}

const UNKNOWN: Belief = { validity: 'unknown', through: [] };

/** What the web is made of. */
export interface WebParts {
  readonly keys: readonly Key[];
  readonly owners: OwnerTrusts;
  readonly rules: TrustRules;
  readonly now: Date;
}

/** Computes the web, for a time. Each certification by an introducer is checked once. */
export async function webOfTrust({ keys, owners, rules, now }: WebParts): Promise<WebOfTrust> {
  const whole = await filtered(
    keys,
    async key => !(await isRevoked(key, key, now)) && !(await isExpired(key, key, now)),
  );
  const own = whole.filter(key => ownerOf(key, owners) === 'ultimate');
  const others = whole.filter(key => ownerOf(key, owners) !== 'ultimate');
  const accounts = new Map<string, Account>();
  const used = new Set<Key>();
  let introducers: readonly Introducer[] = await Promise.all(
    own.map(async key => ({ key, trust: 'ultimate' as const, name: await nameOf(key, now), through: [] })),
  );
  for (let round = 0; round < rules.depth && introducers.length > 0; round += 1) {
    const next: Introducer[] = [];
    for (const key of others) {
      const belief = strongest(await accountsOf(key, introducers, { accounts, now }), rules);
      if (belief.validity !== 'full' || used.has(key)) continue;
      used.add(key);
      const trust = ownerOf(key, owners);
      if (trust !== null) next.push({ key, trust, name: await nameOf(key, now), through: belief.through });
    }
    introducers = next;
  }
  const ours = new Set(own.map(key => key.getFingerprint()));
  return {
    beliefIn(key, userId) {
      if (ours.has(key.getFingerprint())) return { validity: 'ultimate', through: [] };
      const account = accounts.get(accountName(key, userId));
      return account === undefined ? UNKNOWN : beliefOf(account, rules);
    },
  };
}

/** Books what the introducers of a round certify of a key, and gives the accounts of all its user ids. */
async function accountsOf(
  key: Key,
  introducers: readonly Introducer[],
  { accounts, now }: { readonly accounts: Map<string, Account>; readonly now: Date },
): Promise<readonly Account[]> {
  const byKey = new Map(introducers.map(one => [one.key, one]));
  const certifiers = Map.groupBy(byKey.keys(), one => one.getKeyID().toHex());
  const found: Account[] = [];
  for (const user of key.users) {
    if (user.userID === null || !(await isOwnUserId(user, now))) continue;
    const name = accountName(key, user.userID.userID);
    const before = accounts.get(name)?.by ?? [];
    const certifying = await certifiersOf(user, certifiers, now);
    const account = { by: [...before, ...certifying.map(one => byKey.get(one)).filter(one => one !== undefined)] };
    accounts.set(name, account);
    found.push(account);
  }
  return found;
}

function strongest(accounts: readonly Account[], rules: TrustRules): Belief {
  const beliefs = accounts.map(account => beliefOf(account, rules));
  return beliefs.find(({ validity }) => validity === 'full') ?? UNKNOWN;
}

function beliefOf({ by }: Account, rules: TrustRules): Belief {
  const own = by.filter(({ trust }) => trust === 'ultimate');
  const full = by.filter(({ trust }) => trust === 'full');
  const marginal = by.filter(({ trust }) => trust === 'marginal');
  if (own.length > 0) return believed('full', own.slice(0, 1));
  if (full.length >= rules.completes) return believed('full', full.slice(0, rules.completes));
  if (marginal.length >= rules.marginals) return believed('full', marginal.slice(0, rules.marginals));
  return by.length === 0 ? UNKNOWN : believed('marginal', [...full, ...marginal]);
}

function believed(validity: Validity, by: readonly Introducer[]): Belief {
  return { validity, through: [...(by[0]?.through ?? []), by.map(({ name }) => name).join(' + ')] };
}

function ownerOf(key: Key, owners: OwnerTrusts): OwnerTrust | null {
  return owners.get(key.getFingerprint().toUpperCase()) ?? null;
}

function accountName(key: Key, userId: string): string {
  return `${key.getFingerprint()} ${userId}`;
}

async function nameOf(key: Key, now: Date): Promise<string> {
  const [first] = await userIds(key, now);
  const mailbox = first === undefined ? null : mailboxOf(first);
  return mailbox === null ? key.getFingerprint().toUpperCase() : formatMailbox(mailbox);
}

async function filtered<T>(all: readonly T[], wanted: (one: T) => Promise<boolean>): Promise<readonly T[]> {
  const found: T[] = [];
  for (const one of all) if (await wanted(one)) found.push(one);
  return found;
}
