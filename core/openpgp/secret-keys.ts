/**
 * Private keys of the gateway: read when it starts, unlocked, and kept in memory alone.
 *
 * Guarantee: no message of an error holds anything of a key or a passphrase.
 */
import { decryptKey, type PrivateKey, readPrivateKeys } from 'openpgp';
import { describeError } from '../mail/failure.ts';
import type { Files } from '../plugin/ports.ts';
import type { Secret } from '../plugin/secret.ts';
import { armoredBlocks } from './armor.ts';
import { keyFiles } from './keyring.ts';
import { CONFIG } from './openpgp.ts';

export type { PrivateKey };

/** Where they are. */
export interface SecretKeySettings {
  /** A folder whose files *.asc, *.gpg and *.pgp are private keys, or one such file. */
  readonly path: string;
  /** Unlocks all of them. `null`: they are not locked. */
  readonly passphrase: Secret | null;
}

/**
 * Reads and unlocks private keys.
 * @throws Error that names the file which holds none, or which the passphrase does not unlock
 */
export async function readSecretKeys(
  files: Files,
  { path, passphrase }: SecretKeySettings,
): Promise<readonly PrivateKey[]> {
  const keys: PrivateKey[] = [];
  for (const file of await keyFiles(files, path)) {
    const locked = await privateKeysIn(await files.read(file), file);
    for (const key of locked) keys.push(await unlocked(key, file, passphrase));
  }
  if (keys.length === 0)
    throw new Error(`there is no private key in ${path}: gpg --export-secret-keys --armor writes one`);
  return keys;
}

/** What is wrong with private keys that options name, in words for whoever wrote them; `null`: they can be used. */
export async function secretKeyComplaint(files: Files, settings: SecretKeySettings): Promise<string | null> {
  try {
    await readSecretKeys(files, settings);
    return null;
  } catch (error) {
    return `no private keys can be used at ${files.resolve(settings.path)}: ${describeError(error)}`;
  }
}

async function privateKeysIn(octets: Buffer, file: string): Promise<readonly PrivateKey[]> {
  const blocks = armoredBlocks(octets);
  const pieces =
    blocks.length === 0
      ? [octets]
      : blocks.filter(({ kind }) => kind === 'PRIVATE KEY BLOCK').map(block => block.octets);
  const keys: PrivateKey[] = [];
  for (const piece of pieces) {
    const read = piece === null ? [] : await readPrivateKeys({ binaryKeys: piece, config: CONFIG }).catch(() => []);
    if (read.length === 0) throw new Error(`${file} holds no private key that can be read`);
    keys.push(...read);
  }
  return keys;
}

async function unlocked(key: PrivateKey, file: string, passphrase: Secret | null): Promise<PrivateKey> {
  if (key.isDecrypted()) return key;
  if (passphrase === null) throw new Error(`the private key in ${file} is locked, and no passphrase is given`);
  try {
    return await decryptKey({ privateKey: key, passphrase: passphrase.reveal(), config: CONFIG });
  } catch {
    throw new Error(`the passphrase does not unlock the private key in ${file}`);
  }
}
