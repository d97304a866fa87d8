/**
 * The spool: where content waits while it comes in, in memory as long as it is small and in a file of a folder after that.
 *
 * Guarantee: no file outlives its purpose. `abandon` removes it, and `sweepSpool` removes what a crash left behind. The
 * files are not synced until somebody asks for it: what is to last is copied, or synced and linked, by the queue's store.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Content, contentOf } from '../mail/content.ts';
import { describeError, errnoOf } from '../mail/failure.ts';
import type { Random } from '../plugin/ports.ts';

/** Where content is spooled. */
export interface SpoolSettings {
  /** An absolute path. Made when the first file is needed. */
  readonly directory: string;
  readonly random: Random;
  /** Content of this size in octets, or larger, goes to a file. */
  readonly memory?: number;
}

const MEMORY = 256 * 1024;
/** `intake-<process>-<random>`: the process tells a sweeper whether its owner may still live. */
const LEFTOVER = /^intake-(\d+)-[0-9a-f]+$/;

/** One content on its way in. One call at a time, save `abandon`. */
export interface Spool {
  /** Resolves when the next octets may come. Rejects with the errno as `code`; then only `abandon` is of use. */
  write(...pieces: readonly Buffer[]): Promise<void>;
  /** All that was written; with a `file` where it went to one. Readable, and `sync` works, until `abandon`. */
  finish(): Promise<Content>;
  /** Removes the file, whether the content was finished or not. May be called twice. Does not reject. */
  abandon(): Promise<void>;
}

/** Opens a place for one content. Touches nothing yet. */
export function openSpool({ directory, random, memory = MEMORY }: SpoolSettings): Spool {
  const path = join(directory, `intake-${process.pid}-${random.bytes(12).toString('hex')}`);
  let chunks: Buffer[] = [];
  let size = 0;
  let sum = 0;
  let handle: FileHandle | null = null;
  let writing: Promise<void> = Promise.resolve();
  const write = async () => {
    const pieces = chunks;
    chunks = [];
    handle ??= await openIn(directory, path);
    for (const piece of pieces) sum = crc32(piece, sum);
    await writeAll(handle, pieces);
  };
  const flush = () => write().catch((error: unknown) => Promise.reject(placed(error, directory)));
  return {
    write(...pieces) {
      for (const { length } of pieces) size += length;
      chunks.push(...pieces);
      if (size >= memory) writing = flush();
      return writing;
    },
    async finish() {
      if (handle === null) return contentOf(Buffer.concat(chunks));
      const written = handle;
      return { ...contentOfFile(path, size), crc32: sum, sync: () => written.datasync() };
    },
    async abandon() {
      // A client that vanishes may end the content in the middle of a write.
      await writing.catch(() => undefined);
      chunks = [];
      // What fails here cannot be helped any more: the next sweep removes what stays.
      await handle?.close().catch(() => undefined);
      if (handle !== null) await unlink(path).catch(() => undefined);
    },
  };
}

/** The folder is nearly always there. */
async function openIn(directory: string, path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return open(path, 'wx', 0o600);
  }
}

/** A write may take less than it is given. */
async function writeAll(handle: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  let left = pieces.filter(({ length }) => length > 0);
  while (left.length > 0) {
    const { bytesWritten } = await handle.writev(left);
    left = after(left, bytesWritten);
  }
}

/** All but the first octets. */
function after(pieces: readonly Buffer[], octets: number): Buffer[] {
  let at = 0;
  return pieces.flatMap(piece => {
    const from = Math.max(0, octets - at);
    at += piece.length;
    return from < piece.length ? [piece.subarray(from)] : [];
  });
}

/** What a write says of itself names no file. */
function placed(error: unknown, directory: string): unknown {
  const code = errnoOf(error);
  if (code === null) return error;
  return Object.assign(new Error(`${describeError(error)}, in ${directory}`, { cause: error }), { code });
}

/** Content that lies in a file, whose size is known. */
export function contentOfFile(file: string, size: number): Content {
  return {
    size,
    file,
    bytes: () => readFile(file),
    async *stream() {
      yield* createReadStream(file) as AsyncIterable<Buffer>;
    },
  };
}

/**
 * Removes the files that processes left behind which are no more. Call it at boot, before the first `openSpool`: files of
 * this very process number are leftovers too, as each start in a container gives the same number.
 * @returns how many were removed.
 */
export async function sweepSpool(directory: string): Promise<number> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  });
  const leftovers = names.filter(name => {
    const owner = LEFTOVER.exec(name)?.[1];
    return owner !== undefined && (Number(owner) === process.pid || !isAlive(Number(owner)));
  });
  for (const name of leftovers) await rm(join(directory, name), { force: true });
  return leftovers.length;
}

/** EPERM: it lives, under another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}
