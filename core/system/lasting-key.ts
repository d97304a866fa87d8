/** A key that only this gateway knows: made once, kept in a file for its owner alone, the same after every restart. */
import { dirname } from 'node:path';
import { errnoOf } from '../mail/failure.ts';
import type { Files, Random } from '../plugin/ports.ts';

/** In octets. */
const LENGTH = 32;

/**
 * The key in a file; where there is no file, it is made.
 * @param path absolute
 * @throws Error where the file cannot be read or written, with the errno as `code`, or holds something else.
 */
export async function lastingKey(
  path: string,
  { files, random }: { readonly files: Files; readonly random: Random },
): Promise<Buffer> {
  const kept = await octetsOf(files, path);
  if (kept !== null) {
    if (kept.length === LENGTH) return kept;
    throw new Error(`${path} holds no key; remove it, and a new one is made`);
  }
  const key = Buffer.from(random.bytes(LENGTH));
  await files.makeDirectory(dirname(path));
  await files.replace(path, key);
  return key;
}

async function octetsOf(files: Files, path: string): Promise<Buffer | null> {
  try {
    return await files.read(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw error;
  }
}
