/**
 * Opens an encrypted message (RFC 9580 section 10.3), and gives what is in it: octets, and the signatures over them.
 *
 * Guarantee (EFAIL): nothing is given of a message whose integrity is not protected, or not as it was sealed; nor of one that
 * holds more than one text. What is unpacked stays below a size that is given.
 */
import { decrypt, enums, type PrivateKey, readMessage } from 'openpgp';
import { CONFIG } from './openpgp.ts';

/** What is in a message, or why it stays closed. */
export type Opened =
  | {
      readonly kind: 'opened';
      readonly octets: Buffer;
      /** Signature packets over the octets, binary. `null`: it is not signed. */
      readonly signature: Buffer | null;
    }
  | { readonly kind: 'closed'; readonly because: string };

export interface OpenSettings {
  readonly keys: readonly PrivateKey[];
  readonly now: Date;
  /** In octets, unpacked. */
  readonly maxSize: number;
}

/** Each may cost a computation with each of our keys. */
const MOST_RECIPIENTS = 64;

/** Opens a binary message. Never fails for what it holds. */
export async function openMessage(message: Buffer, { keys, now, maxSize }: OpenSettings): Promise<Opened> {
  const config = { ...CONFIG, maxDecompressedMessageSize: maxSize };
  try {
    const sealed = await readMessage({ binaryMessage: new Uint8Array(message), config });
    if (sealed.packets.filterByTag(enums.packet.publicKeyEncryptedSessionKey).length > MOST_RECIPIENTS)
      return closed(`it is for more than ${MOST_RECIPIENTS} keys`);
    const { data, signatures } = await decrypt({
      message: sealed,
      decryptionKeys: [...keys],
      date: now,
      format: 'binary',
      config,
    });
    const pieces: Uint8Array[] = [];
    for (const { signature, verified } of signatures) {
      // Without keys nothing verifies there; the signatures are judged by those who know the keys.
      verified.catch(() => {});
      const octets = (await signature).packets.write();
      pieces.push(octets);
    }
    return {
      kind: 'opened',
      octets: Buffer.from(data as Uint8Array),
      signature: pieces.length === 0 ? null : Buffer.concat(pieces),
    };
  } catch {
    return closed('no private key here opens it, or it is damaged');
  }
}

function closed(because: string): Opened {
  return { kind: 'closed', because };
}
