/**
 * The file of the journal, below the folder of the queue: what is appended is on the disk when `append` returns.
 *
 * It does not grow with each record: `begin` goes back to its start, and what was there is written over. A sync then needs no
 * new blocks of the disk. So old records lie behind the new ones, and whoever reads must know which are old.
 */
import {
  closeSync,
  copyFileSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { syncFolder } from './spool-folder.ts';

/** Its name in the folder of a queue. */
export const JOURNAL_FILE = 'queue.journal';

export class JournalFile {
  readonly #path: string;
  readonly #descriptor: number;
  #end = 0;

  /** Opens the journal of a queue, and makes it where there is none. */
  constructor(directory: string) {
    this.#path = join(directory, JOURNAL_FILE);
    const isNew = statSync(this.#path, { throwIfNoEntry: false }) === undefined;
    // Not "a": that would write behind everything, whatever the place.
    this.#descriptor = openSync(this.#path, isNew ? 'wx+' : 'r+', 0o600);
    if (isNew) syncFolder(directory);
  }

  /** How much was written since it began, in octets. */
  get size(): number {
    return this.#end;
  }

  /** Everything that lies in it. */
  read(): Buffer {
    return readFileSync(this.#path);
  }

  /** For a person who wants to know what was in it. @returns where it lies, or `null` where there was no room for it. */
  copy(name: string): string | null {
    const to = `${this.#path}.${name}`;
    try {
      copyFileSync(this.#path, to);
      return to;
    } catch {
      return null;
    }
  }

  /** Writes and syncs. Where it throws, a beginning of it may lie on the disk, and the next begins at the same place. */
  append(octets: Uint8Array): void {
    for (let written = 0; written < octets.length; ) {
      written += writeSync(this.#descriptor, octets, written, octets.length - written, this.#end + written);
    }
    fdatasyncSync(this.#descriptor);
    this.#end += octets.length;
  }

  /** From here on it is written over. */
  begin(): void {
    this.#end = 0;
  }

  /** `empty`: nothing in it counts any more, whether it can be emptied or not. */
  close(left: 'as-it-is' | 'empty'): void {
    try {
      if (left === 'empty') ftruncateSync(this.#descriptor);
    } catch {
      // The next owner reads it once more, and finds that all of it has left.
    }
    closeSync(this.#descriptor);
  }
}
