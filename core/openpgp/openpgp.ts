/**
 * The one door to the package `openpgp`: octets in, keys and signature packets out, and the few questions asked of them.
 *
 * Only key and signature packets are ever read. Compressed and encrypted packets are refused by their type before an octet
 * of them is unpacked: nothing that a mail holds makes the gateway unpack it. Every question takes the time as an argument:
 * left to itself the package would read the wall clock.
 */
import {
  type AnyPacket,
  type Config,
  config,
  createMessage,
  enums,
  type Key,
  PacketList,
  PublicKey,
  PublicKeyPacket,
  PublicSubkeyPacket,
  readKeys,
  readSignature,
  SignaturePacket,
  type Subkey,
  type User,
  UserAttributePacket,
  UserIDPacket,
} from 'openpgp';

export type { Key, SignaturePacket, Subkey };

/** Which keys are good enough is for those to say who put them into the keyring; only RSA below 1024 bits is refused. */
export const CONFIG: Config = {
  ...config,
  minRSABits: 1024,
  rejectPublicKeyAlgorithms: new Set([enums.publicKey.elgamal]),
  rejectCurves: new Set(),
  allowMissingKeyFlags: true,
};

/** One damaged packet must not cost a keyring its other keys. */
const LENIENT: Config = { ...CONFIG, ignoreMalformedPackets: true };

/** A revocation counts whatever its hash: doubt is on the side of "revoked". */
const REVOCATIONS: Config = { ...CONFIG, rejectHashAlgorithms: new Set() };

/**
 * Hashes under which a signature over a mail is worth something. Not MD5, RIPEMD-160 and SHA-1: for these two texts of one
 * hash can be made, one for the signer to sign and one to send. And nothing that is not known.
 */
const STRONG_HASHES: ReadonlySet<enums.hash> = new Set([
  enums.hash.sha224,
  enums.hash.sha256,
  enums.hash.sha384,
  enums.hash.sha512,
  enums.hash.sha3_256,
  enums.hash.sha3_512,
]);

const EXACT_NUMBERS: ReadonlySet<enums.publicKey> = new Set([
  enums.publicKey.rsaEncryptSign,
  enums.publicKey.rsaSign,
  enums.publicKey.dsa,
  enums.publicKey.ecdsa,
]);

const SIGNATURE_TAG = 2;

/** What a key file holds. */
export interface KeyMaterial {
  readonly keys: readonly Key[];
  /** Revocations of keys that stand alone, as `gpg --gen-revoke` writes them. */
  readonly revocations: readonly SignaturePacket[];
}

/**
 * Reads binary key material.
 * @throws Error where it holds neither a public key nor a revocation, or a private key
 */
export async function readKeyMaterial(octets: Buffer): Promise<KeyMaterial> {
  if (packetTag(octets[0]) === SIGNATURE_TAG) {
    const { packets } = await readSignature({ binarySignature: octets, config: LENIENT }).catch(unreadable);
    const revocations = packets.filter(isKeyRevocation);
    if (revocations.length === 0) throw new Error('it holds a signature, but neither a key nor the revocation of one');
    return { keys: [], revocations };
  }
  const keys = await readKeys({ binaryKeys: octets, config: LENIENT }).catch(unreadable);
  if (keys.some(key => key.isPrivate())) throw new Error('it holds a private key, which has no place on a gateway');
  return { keys, revocations: [] };
}

function unreadable(cause: unknown): never {
  throw new Error('no OpenPGP key can be read from it', { cause });
}

/** The type of a packet by its first octet (RFC 9580 section 4.2), or `null` where it begins no packet. */
function packetTag(first: number | undefined): number | null {
  if (first === undefined || (first & 0x80) === 0) return null;
  return (first & 0x40) === 0 ? (first & 0x3c) >> 2 : first & 0x3f;
}

function isKeyRevocation(packet: AnyPacket): packet is SignaturePacket {
  return packet instanceof SignaturePacket && packet.signatureType === enums.signature.keyRevocation;
}

/** One key of all copies of it: every signature of every copy counts, so that a revocation in any of them does. */
export function mergeCopies(copies: readonly Key[], revocations: readonly SignaturePacket[]): Key {
  const groups = new Map<string, AnyPacket[]>();
  for (const copy of copies) {
    let group: AnyPacket[] = [];
    for (const packet of copy.toPacketList()) {
      const name = groupName(packet);
      if (name === null) {
        group.push(packet);
      } else {
        group = groups.get(name) ?? [packet];
        groups.set(name, group);
      }
    }
  }
  groups.get(PRIMARY)?.push(...revocations);
  const packets = new PacketList<AnyPacket>();
  for (const group of groups.values()) packets.push(...group);
  return new PublicKey(packets);
}

const PRIMARY = 'primary key';

/** What the signatures after a packet speak of. `null`: it is such a signature itself. */
function groupName(packet: AnyPacket): string | null {
  // In this order: to the package, a subkey is a kind of primary key.
  if (packet instanceof PublicSubkeyPacket) return `subkey ${packet.getFingerprint()}`;
  if (packet instanceof PublicKeyPacket) return PRIMARY;
  if (packet instanceof UserIDPacket) return `user ${packet.userID}`;
  if (packet instanceof UserAttributePacket) return `attribute ${Buffer.from(packet.write()).toString('base64')}`;
  return null;
}

/**
 * The signature packets in binary octets. `null` stands for one whose version or algorithm is not known.
 * @throws Error where the octets are no sequence of signature packets
 */
export async function readSignaturePackets(octets: Buffer): Promise<readonly (SignaturePacket | null)[]> {
  const { packets } = await readSignature({ binarySignature: octets, config: CONFIG });
  return Array.from<AnyPacket, SignaturePacket | null>(packets, packet =>
    packet instanceof SignaturePacket ? packet : null,
  );
}

/** Why a signature proves nothing, by whatever key. `block`: the octets it was read from. `null`: it may prove something. */
export function whyWorthless(packet: SignaturePacket, block: Buffer): string | null {
  const { signatureType, hashAlgorithm } = packet;
  if (signatureType !== enums.signature.binary && signatureType !== enums.signature.text)
    return 'it is no signature of a document';
  if (hashAlgorithm === null || !STRONG_HASHES.has(hashAlgorithm)) return 'its hash algorithm proves nothing';
  if (packet.unknownSubpackets.some(subpacket => subpacket.critical))
    return 'it holds a critical part that is not known';
  if (packet.rawNotations.some(notation => notation.critical)) return 'it holds a critical notation';
  return hasExactNumbers(packet, block) ? null : 'its numbers are not written as they must be';
}

/**
 * Whether the numbers of a signature are written with their exact lengths (RFC 9580 section 3.2), which the package does not
 * mind. EdDSA is left out: GnuPG 2.2 writes its numbers with zeros in front.
 */
function hasExactNumbers(packet: SignaturePacket, block: Buffer): boolean {
  const { version, publicKeyAlgorithm, signatureData } = packet;
  if (version !== 4 || publicKeyAlgorithm === null || signatureData === null) return true;
  if (!EXACT_NUMBERS.has(publicKeyAlgorithm)) return true;
  const rewritten = Buffer.from(packet.write());
  const unhashed = rewritten.readUInt16BE(signatureData.length);
  const HASH_START = 2;
  return block.includes(rewritten.subarray(signatureData.length + 2 + unhashed + HASH_START));
}

/** Whether a key made a signature over exactly these octets. Says nothing about the key itself. */
export async function signatureMatches(packet: SignaturePacket, octets: Buffer, key: Key | Subkey): Promise<boolean> {
  const { signatureType, created } = packet;
  if (signatureType === null || created === null) return false;
  const { packets } = await createMessage({ binary: octets, date: created });
  const [literal] = packets;
  if (literal === undefined) return false;
  try {
    await packet.verify(key.keyPacket, signatureType, literal, created, true, CONFIG);
    return true;
  } catch {
    return false;
  }
}

/** Whether a key, or the subkey of it that signed, was revoked. */
export async function isRevoked(key: Key, signer: Key | Subkey, now: Date): Promise<boolean> {
  if (isRevokedByDesignee(key) || (await key.isRevoked(undefined, undefined, now, REVOCATIONS))) return true;
  if (!isSubkey(signer)) return false;
  for (const binding of signer.bindingSignatures) {
    if (await signer.isRevoked(binding, key.keyPacket, now, REVOCATIONS)) return true;
  }
  return false;
}

/**
 * Whether somebody revoked a key whom it once named for that (RFC 4880 section 5.2.3.15). The package does not check such
 * revocations; here they count unchecked, for the same reason as above.
 */
function isRevokedByDesignee(key: Key): boolean {
  const designees = key
    .toPacketList()
    .filter(packet => packet instanceof SignaturePacket)
    .flatMap(({ revocationKeyFingerprint: named }) => (named === null ? [] : [Buffer.from(named).toString('hex')]));
  return key.revocationSignatures.some(({ issuerKeyID }) => designees.some(one => one.endsWith(issuerKeyID.toHex())));
}

/** Whether a key, or the subkey of it that signed, has expired. */
export async function isExpired(key: Key, signer: Key | Subkey, now: Date): Promise<boolean> {
  const ends = [await key.getExpirationTime(undefined, CONFIG)];
  if (isSubkey(signer)) ends.push(await signer.getExpirationTime(now, CONFIG));
  return ends.some(end => end !== null && end <= now);
}

/** Whether a key is whole and fit to sign: certified by itself, and a subkey bound in both directions. */
export async function maySign(key: Key, signer: Key | Subkey, now: Date): Promise<boolean> {
  try {
    const fit = await key.getSigningKey(signer.getKeyID(), now, undefined, CONFIG);
    return fit.getFingerprint() === signer.getFingerprint();
  } catch {
    return false;
  }
}

/** The user ids that a key certifies and has not revoked, as they are written, the primary one first. */
export async function userIds(key: Key, now: Date): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const user of key.users) {
    if (user.userID !== null && (await isOwnUserId(user, now))) ids.push(user.userID.userID);
  }
  const primary = await key.getPrimaryUser(now, undefined, CONFIG).catch(() => null);
  const first = primary?.user.userID?.userID;
  return first === undefined ? ids : [first, ...ids.filter(id => id !== first)];
}

/** Whether a key itself says that a user id is its own, and has not revoked it. */
export async function isOwnUserId(user: User, now: Date): Promise<boolean> {
  return await user.verify(now, CONFIG).catch(() => false);
}

function isSubkey(key: Key | Subkey): key is Subkey {
  return 'mainKey' in key;
}
