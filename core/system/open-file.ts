/** An open file of the files port, over a file handle of node:fs. */
import type { BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { FileFacts, OpenFile } from '../plugin/ports.ts';

/** What chown(2) takes for a user or a group that stays. */
export const AS_IT_IS = 0xff_ff_ff_ff;

const PERMISSION_BITS = 0o7777n;

/** Wraps a handle; `close` closes it. */
export function openFile(handle: FileHandle): OpenFile {
  return {
    facts: async () => factsOf(await handle.stat({ bigint: true })),
    read: (position, length) => readAt(handle, position, length),
    write: (octets, position) => writeAt(handle, octets, position),
    truncate: size => handle.truncate(size),
    own: (user, group) => handle.chown(user ?? AS_IT_IS, group ?? AS_IT_IS),
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

/** What `stat` says. Inodes may be larger than a number can tell apart, hence the big integers. */
export function factsOf(stats: BigIntStats): FileFacts {
  return {
    kind: kindOf(stats),
    size: Number(stats.size),
    mode: Number(stats.mode & PERMISSION_BITS),
    owner: Number(stats.uid),
    links: Number(stats.nlink),
    modifiedAt: stats.mtime,
    identity: `${stats.dev}:${stats.ino}`,
  };
}

function kindOf(stats: BigIntStats): FileFacts['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

/** One call may read less than was asked for before the end of the file. */
async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

/** One call may write less than was given: a disk that fills up takes a part first and fails then. */
async function writeAt(handle: FileHandle, octets: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < octets.length) {
    const { bytesWritten } = await handle.write(octets, written, octets.length - written, position + written);
    written += bytesWritten;
  }
}
