/**
 * Spool files: content too large for a row of the database, one file each.
 *
 * Guarantee: when `write` resolves, the octets are on the disk; the name is once the folder is synced, which the store's
 * worker does before it commits the row that names the file.
 */
import { createReadStream } from 'node:fs';
import { link, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { BlockPool } from '../mail/block-pool.ts';
import type { Content } from '../mail/content.ts';
import { describeError, errnoOf } from '../mail/failure.ts';
import { areKnownLines, knownLines } from '../mail/known-lines.ts';
import { CheckedContent, type Fingerprint } from './checked-content.ts';
import { SPOOL_FOLDER } from './spool-folder.ts';
import { StoreError } from './store-error.ts';

const MODE = 0o600;
/** In octets. */
const PIECE = 64 * 1024;
/** Files. */
const MOST_REMEMBERED = 10_000;
/** A queue id, and not a path that leads out of the folder. */
const FILE_NAME = /^[0-9A-Za-z][0-9A-Za-z_-]*$/;

export class Spool {
  readonly path: string;
  readonly #blocks: BlockPool;
  readonly #writing = new Set<string>();
  /** Those that were written last of which it is known that they are lines. */
  readonly #lines = new Set<string>();

  /** @param blocks that files are read into, as long as there are some. */
  constructor(queueDirectory: string, blocks = new BlockPool(0)) {
    this.path = join(queueDirectory, SPOOL_FOLDER);
    this.#blocks = blocks;
  }

  /**
   * Writes a new file. Nothing remains of it where this rejects. Its row is to come: until `settled` says whether it did,
   * no sweep takes the file for left over.
   * @returns the CRC-32 of the octets, as they came
   */
  async write(name: string, content: Content): Promise<number> {
    if (!FILE_NAME.test(name)) throw new RangeError(`${JSON.stringify(name)} is no queue id`);
    this.#writing.add(name);
    try {
      const sum = await this.#write(join(this.path, name), content);
      if (areKnownLines(content)) this.#areLines(name);
      return sum;
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

  async #write(path: string, content: Content): Promise<number> {
    if (content.crc32 !== undefined && (await this.#linked(path, content))) return content.crc32;
    const file = await open(path, 'wx', MODE);
    try {
      let size = 0;
      let sum = 0;
      for await (const piece of content.stream()) {
        sum = crc32(piece, sum);
        await file.writeFile(piece);
        size += piece.length;
      }
      requireSize(size, content);
      await file.datasync();
      return sum;
    } catch (error) {
      await rm(path, { force: true });
      throw this.#placed(error);
    } finally {
      await file.close();
    }
  }

  /** The content of a file. Reading it fails once its mail has left the queue. */
  content(name: string, came: Fingerprint): Content {
    const path = join(this.path, name);
    const content = new CheckedContent({
      what: `the spool file ${name}`,
      came,
      file: path,
      bytes: () => readFile(path),
      stream: () => createReadStream(path),
      fleeting: () => inOnePlace(path, this.#blocks),
    });
    return this.#lines.has(name) ? knownLines(content) : content;
  }

  async remove(names: Iterable<string>): Promise<void> {
    for (const name of names) await rm(join(this.path, name), { force: true });
  }

  #areLines(name: string): void {
    this.#lines.add(name);
    const [oldest] = this.#lines;
    if (this.#lines.size > MOST_REMEMBERED && oldest !== undefined) this.#lines.delete(oldest);
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
      // The store's worker looks at its size before it commits.
      await (content.sync?.() ?? sync(path));
      return true;
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }
}

/** A file in pieces that all lie in the same place: large ones where a block is left. */
async function* inOnePlace(path: string, blocks: BlockPool): AsyncGenerator<Buffer> {
  const file = await open(path);
  const block = blocks.take();
  try {
    const place = block ?? Buffer.allocUnsafeSlow(PIECE);
    for (;;) {
      const { bytesRead } = await file.read(place, 0, place.length, null);
      if (bytesRead === 0) return;
      yield place.subarray(0, bytesRead);
    }
  } finally {
    if (block !== null) blocks.giveBack([block]);
    await file.close();
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
