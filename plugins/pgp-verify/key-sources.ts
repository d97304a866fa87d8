/**
 * Where the key of a signature is looked for: first in the keyring, which has the last word on the keys that are in it; then at
 * the domain of the author; then in what earlier mail of the author brought along.
 *
 * Guarantee: a key that is not from the keyring speaks for the one address alone that it was looked for.
 */
import { formatMailbox, type Mailbox } from '../../core/index.ts';
import {
  type AutocryptPeers,
  type Candidate,
  isOf,
  type KeyIndex,
  type Keyring,
  type KeySource,
  keyringSource,
  type Origin,
  userIds,
  type WebKeyDirectory,
} from '../../core/openpgp/index.ts';

/** Where there are keys. */
export interface Sources {
  readonly keyring: Keyring;
  readonly directory: WebKeyDirectory | null;
  readonly autocrypt: { readonly peers: AutocryptPeers; readonly believed: boolean } | null;
}

/** The sources for one mail. `signal`: until when one waits for them. */
export async function keySourceOf(sources: Sources, signal: AbortSignal): Promise<KeySource> {
  const keyring = keyringSource(await sources.keyring.keys());
  return {
    async candidates(keyId, author) {
      const own = await keyring.candidates(keyId, author);
      if (own.length > 0 || author === null) return own;
      const published = await publishedKeys(sources, author, signal);
      const candidates = candidatesIn(published, keyId, ownerOf('wkd', author, true));
      if (candidates.length > 0 || sources.autocrypt === null) return candidates;
      const { peers, believed } = sources.autocrypt;
      return candidatesIn(await peers.keysOf(author), keyId, ownerOf('autocrypt', author, believed));
    },
  };
}

async function publishedKeys({ directory }: Sources, author: Mailbox, signal: AbortSignal): Promise<KeyIndex> {
  return directory === null ? new Map() : await directory.keysOf(author, signal);
}

type Owner = Pick<Candidate, 'origin'> & {
  readonly named: (candidate: Pick<Candidate, 'key'>) => Candidate['ownership'];
};

function ownerOf(origin: Exclude<Origin, 'keyring'>, address: Mailbox, believed: boolean): Owner {
  return {
    origin,
    named:
      ({ key }) =>
      async now => {
        // A domain speaks of user ids, Autocrypt of the address beside the key, whatever user ids it has.
        const ids =
          origin === 'wkd' ? (await userIds(key, now)).filter(id => isOf(id, address)) : [formatMailbox(address)];
        return { believed: believed && ids.length > 0, names: ids.map(userId => ({ userId, belief: null })) };
      },
  };
}

function candidatesIn(index: KeyIndex, keyId: string, { origin, named }: Owner): readonly Candidate[] {
  return (index.get(keyId) ?? []).map(issuer => ({ ...issuer, origin, ownership: named(issuer) }));
}
