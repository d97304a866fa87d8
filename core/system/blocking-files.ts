/**
 * The files port for a thread of its own: every call blocks the thread and has ended when it returns.
 *
 * For those who do many small things with files, one after the other: a call costs what the system takes for it, and not
 * the way through the pool of threads, which is ten times as much. The guarantees are those of the files port. Imports
 * little, for every thread loads it anew.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import type { Files, OpenFile } from '../plugin/ports.ts';
import { AS_IT_IS, factsOf } from './open-file.ts';
import { ADD_FLAGS, FLAGS, FOLDER_FLAGS, isNothing, OWNER_ONLY, OWNER_ONLY_FOLDER } from './open-flags.ts';

/** The files of this machine. Relative paths are relative to `base`. */
export function blockingFiles(base: string): Files {
  const at = (path: string) => (isAbsolute(path) ? path : resolve(base, path));
  return {
    resolve: at,
    read: path => done(() => readFileSync(at(path))),
    facts: path => done(() => factsAt(at(path))),
    list: path => done(() => readdirSync(at(path)).sort()),
    makeDirectory: (path, mode = OWNER_ONLY_FOLDER) => done(() => void mkdirSync(at(path), { recursive: true, mode })),
    open: (path, how, mode = OWNER_ONLY) => done(() => openFile(openSync(at(path), FLAGS[how], mode))),
    replace: (path, octets, mode = OWNER_ONLY) => done(() => replace(at(path), octets, mode)),
    append: (path, octets, mode = OWNER_ONLY) => done(() => append(at(path), octets, mode)),
    rename: (from, to) => done(() => renameSync(at(from), at(to))),
    link: (from, to) => done(() => linkSync(at(from), at(to))),
    remove: path => done(() => unlinkSync(at(path))),
    syncDirectory: path => done(() => syncDirectory(at(path))),
  };
}

/** What happened, as a promise that waits for nothing. */
function done<T>(act: () => T): Promise<T> {
  try {
    return Promise.resolve(act());
  } catch (error) {
    return Promise.reject(error);
  }
}

function factsAt(path: string) {
  try {
    return factsOf(lstatSync(path, { bigint: true }));
  } catch (error) {
    if (isNothing(error)) return null;
    throw error;
  }
}

function append(path: string, octets: Buffer, mode: number): void {
  const opened = openSync(path, ADD_FLAGS, mode);
  try {
    writeFileSync(opened, octets);
  } finally {
    closeSync(opened);
  }
}

function openFile(opened: number): OpenFile {
  let open = true;
  /** What is closed must not reach the file that gets its number next. */
  const descriptor = () => {
    if (open) return opened;
    throw Object.assign(new Error('EBADF: the file is closed'), { code: 'EBADF' });
  };
  const close = () => {
    if (!open) return;
    open = false;
    closeSync(opened);
  };
  return {
    facts: () => done(() => factsOf(fstatSync(descriptor(), { bigint: true }))),
    read: (position, length) => done(() => readAt(descriptor(), position, length)),
    write: (octets, position) => done(() => writeAt(descriptor(), octets, position)),
    truncate: size => done(() => ftruncateSync(descriptor(), size)),
    own: (user, group) => done(() => fchownSync(descriptor(), user ?? AS_IT_IS, group ?? AS_IT_IS)),
    sync: () => done(() => fsyncSync(descriptor())),
    close: () => done(close),
  };
}

/** One call may read less than was asked for before the end of the file. */
function readAt(descriptor: number, position: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const count = readSync(descriptor, buffer, filled, length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return buffer.subarray(0, filled);
}

/** One call may write less than was given: a disk that fills up takes a part first and fails then. */
function writeAt(descriptor: number, octets: Buffer, position: number): void {
  let written = 0;
  while (written < octets.length) {
    written += writeSync(descriptor, octets, written, octets.length - written, position + written);
  }
}

/** Writes beside the file, so that both are on one file system and the rename is one step. */
function replace(path: string, octets: Buffer, mode: number): void {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  const descriptor = openSync(beside, FLAGS.create, mode);
  try {
    try {
      writeFileSync(descriptor, octets);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(beside, path);
  } catch (error) {
    unlinkSync(beside);
    throw error;
  }
  syncDirectory(dirname(path));
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, FOLDER_FLAGS);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
