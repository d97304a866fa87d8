/**
 * Where the control socket of a gateway lies: in the folder of its queue, which one gateway has to itself and nobody else
 * may enter. Whoever finds the queue finds the gateway.
 *
 * The path of a Unix socket is at most 107 octets on Linux (`sun_path`, unix(7)), and folders of queues may be longer. Then
 * the folder is opened and named by its descriptor: `/proc/self/fd/21/control.sock` is the same file by a short name. Other
 * systems have no such names.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

export const SOCKET_NAME = 'control.sock';

/** In octets: what all systems take. BSD and macOS have 104 with the NUL behind it. */
const LONGEST = process.platform === 'linux' ? 107 : 103;

/** A name for the socket that may be bound and connected to, until `free`. */
export interface SocketPath {
  readonly path: string;
  /** Lets go of the folder. A socket that is bound or connected by then stays so. */
  free(): Promise<void>;
}

/**
 * The name of the socket in a folder of a queue, an absolute path.
 * @throws Error with the errno as `code` where there is no such folder, or `ENAMETOOLONG` where there is no short name.
 */
export async function socketPath(directory: string): Promise<SocketPath> {
  const path = join(directory, SOCKET_NAME);
  if (Buffer.byteLength(path) <= LONGEST) return { path, free: () => Promise.resolve() };
  if (process.platform !== 'linux') {
    throw Object.assign(new Error(`${path} is longer than the ${LONGEST} octets that a socket may have as its name`), {
      code: 'ENAMETOOLONG',
    });
  }
  const folder: FileHandle = await open(directory, 'r');
  return { path: `/proc/self/fd/${folder.fd}/${SOCKET_NAME}`, free: () => folder.close() };
}
