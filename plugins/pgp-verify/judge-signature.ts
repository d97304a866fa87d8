/**
 * One signature block over some octets: what each of its signatures proves, and what all of them together do.
 *
 * Guarantee: `good` is said only where a key that is believed made a signature over exactly these octets, and where that key
 * and that signature hold at the given time: certified, bound, not revoked, not expired, not from the future. Where nobody
 * vouches for whose key it is, that is `untrusted`.
 */
import type { Mailbox } from '../../core/index.ts';
import {
  type Candidate,
  isExpired,
  isRevoked,
  issuerOf,
  type KeySource,
  maySign,
  type Origin,
  type OwnerName,
  readSignaturePackets,
  type SignaturePacket,
  signatureMatches,
  whyWorthless,
} from '../../core/openpgp/index.ts';

/** What a signature proves, or why it proves nothing. */
export type SignatureVerdict = 'good' | 'untrusted' | 'bad' | 'revoked' | 'expired' | 'unknown-key' | 'malformed';

/** A signature that was looked at. */
export interface JudgedSignature {
  readonly verdict: SignatureVerdict;
  /** Why, for a person. */
  readonly because: string;
  /** The key id that the signature claims: 16 hexadecimal digits, upper case. `null`: it could not be read. */
  readonly keyId: string | null;
  /** The fingerprint of the primary key that made it, upper case. `null` unless a key that is known made it. */
  readonly fingerprint: string | null;
  /** Where that key comes from. */
  readonly origin: Origin | null;
  /** The names of that key which are believed; where none is, those that it claims. The primary one first. */
  readonly names: readonly OwnerName[];
}

/** More signatures in one block are no honest mail. */
const MOST_SIGNATURES = 8;
/** Clocks differ: how far in the future a signature may have been made. In milliseconds. */
const CLOCK_DIFFERENCE = 60 * 60 * 1000;

const UNTRUSTED = 'the signature is good, but nobody who is trusted says whose key it is';

/** What is signed, by whom it can have been, and the time of judgement. */
export interface Case {
  readonly octets: Buffer;
  readonly keys: KeySource;
  readonly author: Mailbox | null;
  readonly now: Date;
}

const UNIDENTIFIED = { fingerprint: null, origin: null, names: [] } as const;

/** A signature of which nothing could be read. */
export function malformed(because: string): JudgedSignature {
  return { verdict: 'malformed', because, keyId: null, ...UNIDENTIFIED };
}

/** Judges all signatures of a binary signature block. There is always at least one judgement. */
export async function judgeSignatures(block: Buffer, about: Case): Promise<readonly JudgedSignature[]> {
  let packets: readonly (SignaturePacket | null)[];
  try {
    packets = await readSignaturePackets(block);
  } catch {
    return [malformed('the signature cannot be read')];
  }
  if (packets.length === 0) return [malformed('there is no signature where one should be')];
  if (packets.length > MOST_SIGNATURES) return [malformed(`there are more than ${MOST_SIGNATURES} signatures`)];
  const judged: JudgedSignature[] = [];
  for (const packet of packets) {
    judged.push(
      packet === null ? malformed('its version or algorithm is not known') : await judge(packet, block, about),
    );
  }
  return judged;
}

async function judge(packet: SignaturePacket, block: Buffer, about: Case): Promise<JudgedSignature> {
  const claimed = { keyId: issuerOf(packet).toUpperCase(), ...UNIDENTIFIED };
  const candidates = await about.keys.candidates(issuerOf(packet), about.author);
  if (candidates.length === 0) return { verdict: 'unknown-key', because: 'the key is not known', ...claimed };
  const worthless = whyWorthless(packet, block);
  if (worthless !== null) return { verdict: 'malformed', because: worthless, ...claimed };
  for (const candidate of candidates) {
    if (!(await signatureMatches(packet, about.octets, candidate.signer))) continue;
    const { verdict, because } = await standing(packet, candidate, about.now);
    if (verdict === 'unknown-key') return { verdict, because, ...claimed };
    const fingerprint = candidate.key.getFingerprint().toUpperCase();
    const { believed, names } = await candidate.ownership(about.now);
    const known = { ...claimed, fingerprint, origin: candidate.origin, names };
    if (verdict === 'good' && !believed) return { ...known, verdict: 'untrusted', because: UNTRUSTED };
    return { ...known, verdict, because };
  }
  return { verdict: 'bad', because: 'the signature does not belong to this text', ...claimed };
}

/** What a signature is worth that does belong to its text. */
async function standing(
  packet: SignaturePacket,
  { key, signer }: Candidate,
  now: Date,
): Promise<Pick<JudgedSignature, 'verdict' | 'because'>> {
  if (await isRevoked(key, signer, now)) return { verdict: 'revoked', because: 'the key was revoked' };
  if (!(await maySign(key, signer, now))) {
    if (await isExpired(key, signer, now)) return { verdict: 'expired', because: 'the key has expired' };
    return { verdict: 'unknown-key', because: 'the key is not fit to sign' };
  }
  const { created } = packet;
  if (created === null || created < signer.getCreationTime())
    return { verdict: 'malformed', because: 'the signature is older than the key' };
  if (created.getTime() > now.getTime() + CLOCK_DIFFERENCE)
    return { verdict: 'malformed', because: 'the signature is dated in the future' };
  if (packet.getExpirationTime() <= now) return { verdict: 'expired', because: 'the signature has expired' };
  return { verdict: 'good', because: 'the signature is good' };
}
