/** How files are opened and made, whether a thread waits for it or not. */
import { constants } from 'node:fs';
import { errnoOf } from '../mail/failure.ts';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;

/**
 * Not O_APPEND: Linux would then ignore the position of every write. O_NONBLOCK: opening a pipe that somebody put there
 * must not block a thread.
 */
export const FLAGS = {
  read: O_RDONLY | O_NONBLOCK,
  append: O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK,
  create: O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
} as const;

/** To add to the end, wherever that is when the octets are written. */
export const ADD_FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK;

export const FOLDER_FLAGS = O_RDONLY | O_DIRECTORY;

/** Permissions where the caller names none. */
export const OWNER_ONLY = 0o600;
export const OWNER_ONLY_FOLDER = 0o700;

/** Whether an error says that nothing is there. ENOTDIR says so too: a folder of the path is no folder. */
export function isNothing(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
