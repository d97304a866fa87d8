/**
 * The files port over node:fs, relative to one folder.
 *
 * Guarantees: nothing is written through a symbolic link at the end of a path, new files are for their owner alone unless
 * the caller says otherwise, and `replace` leaves the old octets or the new ones whenever the power fails. What can go
 * wrong carries the errno of the system as `code`.
 */
import { randomBytes } from 'node:crypto';
import { type FileHandle, link, lstat, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Files } from '../plugin/ports.ts';
import { factsOf, openFile } from './open-file.ts';
import { ADD_FLAGS, FLAGS, FOLDER_FLAGS, isNothing, OWNER_ONLY, OWNER_ONLY_FOLDER } from './open-flags.ts';

// The compiler rewrites the endings of imports, not of this address: the other module ends as this one does.
const BLOCKING = new URL(`./blocking-files${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url).href;

/** The files of this machine. Relative paths are relative to `base`. */
export function systemFiles(base: string): Files {
  const at = (path: string) => resolve(base, path);
  return {
    blocking: BLOCKING,
    resolve: at,
    read: path => readFile(at(path)),
    facts: path => orNull(async () => factsOf(await lstat(at(path), { bigint: true }))),
    list: async path => (await readdir(at(path))).sort(),
    async makeDirectory(path, mode = OWNER_ONLY_FOLDER) {
      await mkdir(at(path), { recursive: true, mode });
    },
    open: async (path, how, mode = OWNER_ONLY) => openFile(await open(at(path), FLAGS[how], mode)),
    replace: (path, octets, mode = OWNER_ONLY) => replace(at(path), octets, mode),
    append: (path, octets, mode = OWNER_ONLY) => append(at(path), octets, mode),
    rename: (from, to) => rename(at(from), at(to)),
    link: (from, to) => link(at(from), at(to)),
    remove: path => unlink(at(path)),
    syncDirectory: path => syncDirectory(at(path)),
  };
}

/** `null` for what is not there. */
async function orNull<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    if (isNothing(error)) return null;
    throw error;
  }
}

/** Writes beside the file, so that both are on one file system and the rename is one step. */
async function replace(path: string, octets: Buffer, mode: number): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}`);
  const handle = await open(beside, FLAGS.create, mode);
  try {
    await writeDurably(handle, octets);
    await rename(beside, path);
  } catch (error) {
    await orNull(() => unlink(beside));
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function append(path: string, octets: Buffer, mode: number): Promise<void> {
  const handle = await open(path, ADD_FLAGS, mode);
  try {
    await handle.writeFile(octets);
  } finally {
    await handle.close();
  }
}

async function writeDurably(handle: FileHandle, octets: Buffer): Promise<void> {
  try {
    await handle.writeFile(octets);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, FOLDER_FLAGS);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
