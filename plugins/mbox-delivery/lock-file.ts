/**
 * The files that become locks: `.lock.0.0` beside the mailboxes, signed, and linked to the name of each lock in turn.
 *
 * A lock must say who holds it from the instant that it is there, for one that says nothing is broken by its age alone;
 * so it is written under another name before it gets its own. To make a file for each lock would cost as much as the
 * append: a file system has to find room for it, and to take that down and back in its journal.
 */
import { join } from 'node:path';
import type { Files, OpenFile } from '../../core/index.ts';
import { isOfAnother } from './stale-lock.ts';
import { codeOf } from './trouble.ts';

/** Other programs read who holds a lock. */
const MODE = 0o644;

/** A file that is ours alone and says so, open. */
export interface LockFile {
  readonly folder: string;
  readonly path: string;
  readonly file: OpenFile;
  /** Where the signature ends. */
  readonly start: number;
  /** The user id that files of ours belong to. */
  readonly owner: number;
  readonly identity: string;
  readonly number: number;
}

/** Of this thread: those of one process must not have one name, whatever configuration they serve. */
const numbers = new Set<number>();

/** Lock files of one writer. */
export class LockFiles {
  readonly #files: Files;
  readonly #slot: number;
  readonly #kept: number;
  /** The one that was used last comes last. */
  #idle: readonly LockFile[] = [];

  /** `slot` is a number that no other thread of this process has. So many of its files are kept for the next lock. */
  constructor(files: Files, { slot, kept }: { readonly slot: number; readonly kept: number }) {
    this.#files = files;
    this.#slot = slot;
    this.#kept = kept;
  }

  /** A lock file in this folder. @throws ENOENT where there is no such folder */
  async take(folder: string, signature: string): Promise<LockFile> {
    const idle = this.#idle.find(one => one.folder === folder);
    if (idle === undefined) return this.#make(folder, signature);
    this.#idle = this.#idle.filter(one => one !== idle);
    return idle;
  }

  /** No lock is this file any more. Does not reject. */
  async giveBack(lockFile: LockFile): Promise<void> {
    this.#idle = [...this.#idle, lockFile];
    const [oldest] = this.#idle;
    if (this.#idle.length > this.#kept && oldest !== undefined) await this.discard(oldest);
  }

  /** Removes the name and leaves the rest as it is: where a lock is this file, it stays. Does not reject. */
  async discard({ path, file, number }: LockFile): Promise<void> {
    this.#idle = this.#idle.filter(one => one.path !== path);
    // What stays is removed by the next who wants the name.
    await file.close().catch(() => undefined);
    await this.#files.remove(path).catch(() => undefined);
    numbers.delete(number);
  }

  /** Removes all that no lock is. Does not reject. */
  async rest(): Promise<void> {
    for (const lockFile of this.#idle) await this.discard(lockFile);
  }

  async #make(folder: string, signature: string): Promise<LockFile> {
    const number = smallestFree();
    numbers.add(number);
    try {
      const path = join(folder, `.lock.${this.#slot}.${number}`);
      return { folder, number, ...(await this.#sign(await this.#openAnew(path, signature), signature)) };
    } catch (error) {
      numbers.delete(number);
      throw error;
    }
  }

  /** Where another process has the name, ours bears its process id too. */
  async #openAnew(path: string, signature: string): Promise<{ readonly path: string; readonly file: OpenFile }> {
    const found = await this.#open(path);
    if (found !== null) return { path, file: found };
    if (await isOfAnother(path, signature, this.#files)) return this.#openAnew(`${path}.${process.pid}`, signature);
    await this.#remove(path);
    return { path, file: await this.#files.open(path, 'create', MODE) };
  }

  /** `null` where the name is taken. */
  async #open(path: string): Promise<OpenFile | null> {
    try {
      return await this.#files.open(path, 'create', MODE);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return null;
      throw error;
    }
  }

  async #sign(
    { path, file }: { readonly path: string; readonly file: OpenFile },
    signature: string,
  ): Promise<Omit<LockFile, 'folder' | 'number'>> {
    try {
      const octets = Buffer.from(signature);
      await file.write(octets, 0);
      const { owner, identity } = await file.facts();
      // Until it was signed, another process could take it for one that was left behind.
      if ((await this.#files.facts(path))?.identity !== identity)
        throw new Error(`${path} was replaced by another process`);
      return { path, file, owner, identity, start: octets.length };
    } catch (error) {
      await file.close().catch(() => undefined);
      await this.#files.remove(path).catch(() => undefined);
      throw error;
    }
  }

  async #remove(path: string): Promise<void> {
    try {
      await this.#files.remove(path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
}

function smallestFree(): number {
  let number = 0;
  while (numbers.has(number)) number += 1;
  return number;
}
