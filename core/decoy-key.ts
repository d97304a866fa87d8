/** The key of which the decoys of SCRAM are made: in the queue's folder, which a gateway has to itself and keeps. */
import { join } from 'node:path';
import type { Configuration } from './config/configuration.ts';
import { MailframeError } from './mail/error.ts';
import { describeError } from './mail/failure.ts';
import type { Files, Random } from './plugin/ports.ts';
import { lastingKey } from './system/lasting-key.ts';

/** In octets, where nobody will ever ask for it. */
const LENGTH = 32;

/**
 * The key, the same after every restart. Kept only where it is of use: clients can ask for the salt of a user.
 * @throws MailframeError `MF_QUEUE_OPEN` where it cannot be kept.
 */
export async function decoyKey(
  { listeners, queue }: Configuration,
  ports: { readonly files: Files; readonly random: Random },
): Promise<Buffer> {
  const isUsed = listeners.some(({ auth, mechanisms }) => auth !== 'off' && mechanisms.includes('SCRAM-SHA-256'));
  if (!isUsed) return ports.random.bytes(LENGTH);
  try {
    return await lastingKey(join(queue.directory, 'decoy-key'), ports);
  } catch (error) {
    throw new MailframeError('MF_QUEUE_OPEN', `the key for decoys cannot be kept: ${describeError(error)}`, {
      cause: error,
    });
  }
}
