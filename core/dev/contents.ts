/** Copies of contents in a scratch folder: the queue forgets a mail when it is delivered, and people look at it afterwards. */
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Content } from '../mail/content.ts';

export class Contents {
  readonly #folder: string;
  /** Copies of an earlier process in the same folder must not be written over. */
  readonly #prefix: string;
  #count = 0;

  constructor(folder: string, prefix: string) {
    this.#folder = folder;
    this.#prefix = prefix;
  }

  /** @returns the path of the copy, which is complete. */
  async keep(content: Content | Buffer): Promise<string> {
    this.#count += 1;
    const file = join(this.#folder, `${this.#prefix}-${this.#count}.eml`);
    if (Buffer.isBuffer(content)) await writeFile(file, content, { mode: 0o600 });
    else await pipeline(Readable.from(content.stream()), createWriteStream(file, { mode: 0o600 }));
    return file;
  }
}
