/** Signs and encrypts octets (RFC 9580), at a time that is given: left to itself the package would read the wall clock. */
import {
  type AnyPacket,
  armor,
  createMessage,
  encrypt,
  enums,
  type Key,
  type PrivateKey,
  readSignature,
  SignaturePacket,
  sign,
} from 'openpgp';
import type { Mailbox } from '../mail/address.ts';
import { CONFIG, isRevoked, userIds } from './openpgp.ts';
import { mailboxesOf, samePerson } from './signer.ts';

/** A detached signature. */
export interface Detached {
  /** ASCII. */
  readonly armor: string;
  /** As RFC 3156 section 5 names the hash: `pgp-sha512`. */
  readonly micalg: string;
}

/** Signs the octets, as they are, with each of the keys. */
export async function signDetached(octets: Buffer, keys: readonly PrivateKey[], now: Date): Promise<Detached> {
  const message = await createMessage({ binary: new Uint8Array(octets) });
  const signature = await sign({
    message,
    signingKeys: [...keys],
    detached: true,
    date: now,
    format: 'object',
    config: CONFIG,
  });
  return { armor: signature.armor(CONFIG), micalg: micalgOf(signature.packets) };
}

/** Signature packets as a detached signature. `null` where they cannot be read. */
export async function detachedOf(packets: Buffer): Promise<Detached | null> {
  try {
    const signature = await readSignature({ binarySignature: new Uint8Array(packets), config: CONFIG });
    const micalg = micalgOf(signature.packets);
    return {
      armor: inArmor(packets),
      micalg,
    };
  } catch {
    return null;
  }
}

/** With its checksum: without one GnuPG does not read every block to its end (T7071). */
function inArmor(packets: Buffer): string {
  return armor(enums.armor.signature, new Uint8Array(packets), undefined, undefined, undefined, true, CONFIG);
}

/** Encrypts the octets for all of the keys, signed inside where keys for that are given. @returns ASCII armor */
export async function encryptFor(
  octets: Buffer,
  {
    keys,
    signers,
    now,
  }: { readonly keys: readonly Key[]; readonly signers: readonly PrivateKey[]; readonly now: Date },
): Promise<string> {
  const message = await createMessage({ binary: new Uint8Array(octets) });
  return await encrypt({
    message,
    encryptionKeys: keys.map(key => key.toPublic()),
    ...(signers.length === 0 ? {} : { signingKeys: [...signers] }),
    date: now,
    format: 'armored',
    config: CONFIG,
  });
}

/** Whether a key belongs to a mailbox by its own word, and can sign now. */
export async function signsFor(key: PrivateKey, mailbox: Mailbox, now: Date): Promise<boolean> {
  return (await belongsTo(key, mailbox, now)) && (await canSign(key, now));
}

/** Whether a key, with a subkey or without, can sign now. */
export async function canSign(key: PrivateKey, now: Date): Promise<boolean> {
  if (await isRevoked(key, key, now)) return false;
  return await key.getSigningKey(undefined, now, undefined, CONFIG).then(
    () => true,
    () => false,
  );
}

/** Whether one can encrypt for a key now: it is whole, neither revoked nor expired, and has a part for that. */
export async function canEncryptFor(key: Key, now: Date): Promise<boolean> {
  if (await isRevoked(key, key, now)) return false;
  return await key.getEncryptionKey(undefined, now, undefined, CONFIG).then(
    () => true,
    () => false,
  );
}

/** Whether a key says of itself that it belongs to a mailbox. */
export async function belongsTo(key: Key, mailbox: Mailbox, now: Date): Promise<boolean> {
  return mailboxesOf(await userIds(key, now)).some(one => samePerson(one, mailbox));
}

const MICALGS: ReadonlyMap<enums.hash | null, string> = new Map([
  [enums.hash.sha224, 'pgp-sha224'],
  [enums.hash.sha256, 'pgp-sha256'],
  [enums.hash.sha384, 'pgp-sha384'],
  [enums.hash.sha512, 'pgp-sha512'],
  [enums.hash.sha3_256, 'pgp-sha3-256'],
  [enums.hash.sha3_512, 'pgp-sha3-512'],
]);

/** Of several signatures the names of all hashes (RFC 3156 section 5), each once. */
function micalgOf(packets: Iterable<AnyPacket>): string {
  const signatures = [...packets].filter(packet => packet instanceof SignaturePacket);
  const names = new Set(signatures.map(({ hashAlgorithm }) => MICALGS.get(hashAlgorithm) ?? 'pgp-sha512'));
  return names.size === 1 ? [...names].join('') : `"${[...names].join(',')}"`;
}
