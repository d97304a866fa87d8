/** The folder of spool files as the worker thread sees it: checking, syncing, removing, sweeping. */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../mail/failure.ts';
import { Unreadable } from './shape.ts';

/** Makes new names and removals in a folder durable. */
export function syncFolder(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The name of the folder below the queue's. */
export const SPOOL_FOLDER = 'spool';

export class SpoolFolder {
  readonly #path: string;

  constructor(queueDirectory: string) {
    this.#path = join(queueDirectory, SPOOL_FOLDER);
    if (mkdirSync(this.#path, { recursive: true, mode: 0o700 }) !== undefined) syncFolder(queueDirectory);
  }

  /** @throws Unreadable where the file is missing or has another size. */
  check(name: string, size: number): void {
    let found: number;
    try {
      found = statSync(join(this.#path, name)).size;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      throw new Unreadable(`the spool file ${name}`, 'there');
    }
    if (found !== size) throw new Unreadable(`the spool file ${name} of ${found} octets`, `${size} octets long`);
  }

  sync(): void {
    syncFolder(this.#path);
  }

  /** Not being able to remove a file harms nobody: the next sweep takes it. */
  remove(names: Iterable<string>): void {
    for (const name of names) {
      try {
        unlinkSync(join(this.#path, name));
      } catch {
        continue;
      }
    }
  }

  /** Removes what no row names: files of commits that never came to be, and of mail that has left. */
  sweep(known: ReadonlySet<string>): void {
    this.remove(readdirSync(this.#path).filter(name => !known.has(name)));
  }
}
