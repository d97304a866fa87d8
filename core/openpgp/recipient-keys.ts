/** Finds the key to encrypt for somebody: in the keyring, which has the last word, and else at the domain of the address. */
import type { Mailbox } from '../mail/address.ts';
import type { KeyIndex } from './key-index.ts';
import type { Keys } from './keyring.ts';
import { isRevoked, type Key, userIds } from './openpgp.ts';
import { belongsTo, canEncryptFor } from './seal.ts';
import { mailboxOf, samePerson } from './signer.ts';
import type { WebKeyDirectory } from './web-key-directory.ts';

/** Where keys are looked for. */
export interface RecipientKeySources {
  readonly keys: Keys;
  readonly directory: WebKeyDirectory | null;
  readonly signal: AbortSignal;
}

/**
 * The youngest key that belongs to the mailbox and can be used now, or `null`. Where the keyring has a key of the mailbox that
 * cannot be used any more (expired, revoked), nothing else is looked for: whoever put it there wants to be asked.
 */
export async function keyFor(
  mailbox: Mailbox,
  now: Date,
  { keys, directory, signal }: RecipientKeySources,
): Promise<Key | null> {
  const own = await believed(keys, mailbox, now);
  if (own.length > 0) return await youngest(own, now);
  if (directory === null) return null;
  const published = uniqueKeys(await directory.keysOf(mailbox, signal));
  const theirs: Key[] = [];
  for (const key of published) if (await belongsTo(key, mailbox, now)) theirs.push(key);
  return await youngest(theirs, now);
}

/** The keys of a mailbox of which somebody vouches that they are. An expired or revoked one belongs to it all the same. */
async function believed({ index, web }: Keys, mailbox: Mailbox, now: Date): Promise<readonly Key[]> {
  const found: Key[] = [];
  for (const key of uniqueKeys(index)) {
    const ids = key.users.flatMap(({ userID }) => (userID === null ? [] : [userID.userID]));
    const mine = ids.filter(id => {
      const named = mailboxOf(id);
      return named !== null && samePerson(named, mailbox);
    });
    if (mine.length === 0) continue;
    const isGone = await isRevoked(key, key, now);
    const certified = await userIds(key, now);
    if (!isGone && !mine.some(id => certified.includes(id))) continue;
    const trusted = web === null || mine.some(id => TRUSTED.has(web.beliefIn(key, id).validity));
    if (trusted) found.push(key);
  }
  return found;
}

const TRUSTED: ReadonlySet<string> = new Set(['full', 'ultimate']);

async function youngest(keys: readonly Key[], now: Date): Promise<Key | null> {
  let best: Key | null = null;
  for (const key of keys) {
    if (!(await canEncryptFor(key, now))) continue;
    if (best === null || key.getCreationTime() > best.getCreationTime()) best = key;
  }
  return best;
}

function uniqueKeys(index: KeyIndex): readonly Key[] {
  return [...new Set([...index.values()].flat().map(({ key }) => key))];
}
