/**
 * A file of a mail that is being written into a folder.
 *
 * Guarantee: it lies there whole and durable, or not at all, and nothing that a sender writes chooses a path: the folder of
 * a file is the digest of its octets, and its name is cleaned. The same file sent twice is stored once.
 */
import { createHash } from 'node:crypto';
import type { Files, OpenFile, Random } from '../../core/index.ts';

/** Where a file lies now. */
export interface StoredFile {
  /** SHA-256, in hexadecimal. */
  readonly digest: string;
  /** Cleaned. */
  readonly name: string;
}

export class StoredFileWriter {
  readonly #files: Files;
  readonly #directory: string;
  readonly #unfinished: string;
  readonly #file: OpenFile;
  readonly #hash = createHash('sha256');
  #position = 0;

  private constructor(files: Files, directory: string, unfinished: string, file: OpenFile) {
    this.#files = files;
    this.#directory = directory;
    this.#unfinished = unfinished;
    this.#file = file;
  }

  static async begin(files: Files, directory: string, random: Random): Promise<StoredFileWriter> {
    await files.makeDirectory(directory);
    const unfinished = `${directory}/.${random.bytes(18).toString('base64url')}`;
    return new StoredFileWriter(files, directory, unfinished, await files.open(unfinished, 'create'));
  }

  async write(octets: Buffer): Promise<void> {
    this.#hash.update(octets);
    if (octets.length > 0) await this.#file.write(octets, this.#position);
    this.#position += octets.length;
  }

  /** Gives it its name. Durable when it resolves. */
  async finish(name: string): Promise<StoredFile> {
    await this.#file.sync();
    await this.#file.close();
    const stored = { digest: this.#hash.digest('hex'), name: cleanedName(name) };
    const folder = `${this.#directory}/${stored.digest}`;
    await this.#files.makeDirectory(folder);
    await this.#files.rename(this.#unfinished, `${folder}/${stored.name}`);
    await this.#files.syncDirectory(folder);
    await this.#files.syncDirectory(this.#directory);
    return stored;
  }

  /** Leaves nothing behind. */
  async discard(): Promise<void> {
    await this.#file.close().catch(() => undefined);
    await this.#files.remove(this.#unfinished).catch(() => undefined);
  }
}

const LONGEST_NAME = 100;

/** What is left of a name that is no path, hides nothing and means nothing to a shell or a web server. */
export function cleanedName(name: string): string {
  const file = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  const plain = file
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
    .slice(-LONGEST_NAME)
    .replace(/^[._-]+/, '');
  return plain === '' ? 'file' : plain;
}
