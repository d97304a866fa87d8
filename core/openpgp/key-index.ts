/** The keys of a keyring by key id: who may have made a signature. */
import { type Key, type KeyMaterial, mergeCopies, type SignaturePacket, type Subkey } from './openpgp.ts';

/** A key of the keyring, and the part of it that a key id names: itself or one of its subkeys. */
export interface Issuer {
  readonly key: Key;
  readonly signer: Key | Subkey;
}

/** Every key that can have a key id (16 hexadecimal digits, lower case). Key ids can collide: try all. */
export type KeyIndex = ReadonlyMap<string, readonly Issuer[]>;

/** Makes the index of all material. Copies of one key become one key; revocations reach the key that issued them. */
export function indexKeys(material: readonly KeyMaterial[]): KeyIndex {
  const copies = Map.groupBy(
    material.flatMap(one => one.keys),
    key => key.getFingerprint(),
  );
  const revocations = Map.groupBy(
    material.flatMap(one => one.revocations),
    issuerOf,
  );
  const index = new Map<string, readonly Issuer[]>();
  for (const ofOneKey of copies.values()) {
    const id = ofOneKey[0]?.getKeyID().toHex() ?? '';
    const key = mergeCopies(ofOneKey, revocations.get(id) ?? []);
    for (const signer of key.getKeys()) {
      const signerId = signer.getKeyID().toHex();
      index.set(signerId, [...(index.get(signerId) ?? []), { key, signer }]);
    }
  }
  return index;
}

/** The key id that a signature claims for its issuer. */
export function issuerOf(packet: SignaturePacket): string {
  return packet.issuerKeyID.toHex();
}
