/**
 * Certifications (RFC 9580 section 5.2.1): who says that a user id belongs to a key, and has not taken it back.
 *
 * As GnuPG weighs them: of one certifier the latest word counts, save that one who promised not to take it back cannot; what has
 * expired is no word; certifications that were made without any check (`persona`) are none. Other than GnuPG, none over SHA-1
 * counts, whenever it was made.
 */
import { config, enums, type Key, type SignaturePacket, type User } from 'openpgp';
import { CONFIG } from './openpgp.ts';

/** What counts. Signatures over SHA-1 of two keys can be made the same (RFC 9580 section 9.5). */
const CERTIFICATIONS = {
  ...CONFIG,
  rejectHashAlgorithms: new Set([...config.rejectHashAlgorithms, enums.hash.sha1]),
};

const COUNTING: ReadonlySet<enums.signature> = new Set([
  enums.signature.certGeneric,
  enums.signature.certCasual,
  enums.signature.certPositive,
]);

/** The keys among `certifiers` that certify a user id of another key at a time. `certifiers`: by key id, lower case. */
export async function certifiersOf(
  user: User,
  certifiers: ReadonlyMap<string, readonly Key[]>,
  now: Date,
): Promise<readonly Key[]> {
  const words = Map.groupBy([...user.otherCertifications, ...user.revocationSignatures], ({ issuerKeyID }) =>
    issuerKeyID.toHex(),
  );
  const found: Key[] = [];
  for (const [keyId, packets] of words) {
    for (const key of certifiers.get(keyId) ?? []) {
      if (await certifies(packets, { user, key, now })) found.push(key);
    }
  }
  return found;
}

/** What is certified, by whom, and when one asks. */
interface Question {
  readonly user: User;
  readonly key: Key;
  readonly now: Date;
}

async function certifies(packets: readonly SignaturePacket[], about: Question): Promise<boolean> {
  const genuine: SignaturePacket[] = [];
  for (const packet of packets) {
    if (await isGenuine(packet, about)) genuine.push(packet);
  }
  if (genuine.some(packet => isStanding(packet, about.now) && packet.revocable === false)) return true;
  // Of two of one second the later in the key counts, and what takes back after what it takes back.
  const latest = genuine.toSorted((one, other) => timeOf(one) - timeOf(other)).at(-1);
  return latest !== undefined && isStanding(latest, about.now);
}

/** Whether it is a certification, and holds at the time: not taken back is another question. */
function isStanding(packet: SignaturePacket, now: Date): boolean {
  return packet.signatureType !== null && COUNTING.has(packet.signatureType) && packet.getExpirationTime() > now;
}

/** Whether the key made it over this user id, before now. What has expired is genuine too. */
async function isGenuine(packet: SignaturePacket, { user, key, now }: Question): Promise<boolean> {
  const { created } = packet;
  if (created === null || created > now || packet.signatureType === enums.signature.certPersona) return false;
  const { mainKey, userID, userAttribute } = user;
  const data = { key: mainKey.keyPacket, userID, userAttribute };
  try {
    await packet.verify(key.keyPacket, enums.signature.certGeneric, data, created, false, CERTIFICATIONS);
    return true;
  } catch {
    return false;
  }
}

function timeOf(packet: SignaturePacket): number {
  return packet.created?.getTime() ?? 0;
}
