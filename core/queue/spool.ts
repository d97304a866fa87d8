/**
 * Spool files: content too large for a row of the database, one file each.
 *
 * Guarantee: when `write` resolves, the octets are on the disk; the name is once the folder is synced, which the store's
 * worker does before it commits the row that names the file.
 */
import { createReadStream } from 'node:fs';
import { link, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Content } from '../mail/content.ts';
import { describeError, errnoOf } from '../mail/failure.ts';
import { SPOOL_FOLDER } from './spool-folder.ts';
import { StoreError } from './store-error.ts';

const MODE = 0o600;
/** A queue id, and not a path that leads out of the folder. */
const FILE_NAME = /^[0-9A-Za-z][0-9A-Za-z_-]*$/;

export class Spool {
  readonly path: string;
  readonly #writing = new Set<string>();

  constructor(queueDirectory: string) {
    this.path = join(queueDirectory, SPOOL_FOLDER);
  }

  /**
   * Writes a new file. Nothing remains of it where this rejects. Its row is to come: until `settled` says whether it did,
   * no sweep takes the file for left over.
   */
  async write(name: string, content: Content): Promise<void> {
    if (!FILE_NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is no queue id`);
    this.#writing.add(name);
    try {
      await this.#write(join(this.path, name), content);
    } catch (error) {
      this.#writing.delete(name);
      throw error;
    }
  }

  /** The rows of these files are there, or will never be. */
  settled(names: Iterable<string>): void {
    for (const name of names) this.#writing.delete(name);
  }

  isWriting(name: string): boolean {
    return this.#writing.has(name);
  }

  async #write(path: string, content: Content): Promise<void> {
    if (await this.#linked(path, content)) return;
    const file = await open(path, 'wx', MODE);
    try {
      let size = 0;
      for await (const piece of content.stream()) {
        await file.writeFile(piece);
        size += piece.length;
      }
      requireSize(size, content);
      await file.datasync();
    } catch (error) {
      await rm(path, { force: true });
      throw this.#placed(error);
    } finally {
      await file.close();
    }
  }

  /** The content of a file. Reading it fails once its mail has left the queue. */
  content(name: string, size: number): Content {
    const path = join(this.path, name);
    return {
      size,
      file: path,
      bytes: () => readFile(path),
      stream: () => createReadStream(path),
    };
  }

  async remove(names: Iterable<string>): Promise<void> {
    for (const name of names) await rm(join(this.path, name), { force: true });
  }

  /** What a write says of itself names no file. */
  #placed(error: unknown): unknown {
    const code = errnoOf(error);
    return code === null ? error : new StoreError(`${describeError(error)}, in ${this.path}`, code);
  }

  /** A second name for a file that is there costs no copy. Where it cannot be had, the octets are copied. */
  async #linked(path: string, content: Content): Promise<boolean> {
    if (content.file === undefined) return false;
    try {
      await link(content.file, path);
    } catch {
      return false;
    }
    try {
      requireSize((await stat(path)).size, content);
      await sync(path);
      return true;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

function requireSize(size: number, content: Content): void {
  if (size !== content.size) throw new RangeError(`content of ${content.size} octets gave ${size}`);
}
