/** The folder of spool files as the worker thread sees it: checking, syncing, removing. */
import { closeSync, fsyncSync, mkdirSync, openSync, statfsSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../mail/failure.ts';
import { Unreadable } from './shape.ts';
import { StoreError } from './store-error.ts';

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

/**
 * What new mail leaves free on the volume, in octets: a tenth of it within these bounds. Settling mail needs room too, for
 * SQLite's log above all.
 */
const LEAST_RESERVE = 16 * 1024 * 1024;
const LARGEST_RESERVE = 64 * 1024 * 1024;

/** How much a volume holds, in octets. */
export interface Volume {
  readonly free: number;
  readonly total: number;
}

export class SpoolFolder {
  readonly #path: string;
  readonly #measure: (path: string) => Volume;
  /** Kept open: a process that has no file handle left still commits. The thread closes it when it ends. */
  readonly #descriptor: number;

  constructor(queueDirectory: string, measure: (path: string) => Volume = volumeOf) {
    this.#path = join(queueDirectory, SPOOL_FOLDER);
    this.#measure = measure;
    if (mkdirSync(this.#path, { recursive: true, mode: 0o700 }) !== undefined) syncFolder(queueDirectory);
    this.#descriptor = openSync(this.#path, 'r');
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
    fsyncSync(this.#descriptor);
  }

  /**
   * Without a reserve a queue that has filled its volume could not even write down what was delivered.
   * @throws StoreError `ENOSPC` where new mail would eat into it.
   */
  requireReserve(): void {
    if (this.hasReserve()) return;
    throw new StoreError(`the volume of ${this.#path} is nearly full`, 'ENOSPC');
  }

  hasReserve(): boolean {
    const { free, total } = this.#measure(this.#path);
    return free >= Math.min(Math.max(total / 10, LEAST_RESERVE), LARGEST_RESERVE);
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
}

function volumeOf(path: string): Volume {
  const { bavail, blocks, bsize } = statfsSync(path);
  return { free: bavail * bsize, total: blocks * bsize };
}
