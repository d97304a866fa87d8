/**
 * Removes the spool files that no row names: those of commits that never came to be, and of mail that has left.
 *
 * It works behind everybody's back and in pieces, however many files there are. Guarantee: a file is removed only where no
 * row names it and nobody here is writing it. The order makes that safe: a name is looked up in the database after it was
 * found that nobody writes it, and a file that is there is never written again.
 */
import { opendir } from 'node:fs/promises';
import { errnoOf } from '../mail/failure.ts';
import type { Spool } from './spool.ts';

export interface SweepParts {
  readonly spool: Spool;
  /** Which of these names no row has. */
  readonly unnamed: (names: readonly string[]) => Promise<readonly string[]>;
  /** Ends it early: what is left is for the next time. */
  readonly stopped: AbortSignal;
}

/** So many names are looked up at once. */
const PIECE = 500;

/** @returns how many files were removed. */
export async function sweepSpool({ spool, unnamed, stopped }: SweepParts): Promise<number> {
  let removed = 0;
  for await (const names of namesIn(spool.path)) {
    if (stopped.aborted) break;
    const orphans = await unnamed(names.filter(name => !spool.isWriting(name)));
    await spool.remove(orphans);
    removed += orphans.length;
  }
  return removed;
}

async function* namesIn(path: string): AsyncGenerator<readonly string[]> {
  let names: string[] = [];
  try {
    for await (const entry of await opendir(path)) {
      if (names.push(entry.name) < PIECE) continue;
      yield names;
      names = [];
    }
  } catch (error) {
    // Made with the first large content.
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  if (names.length > 0) yield names;
}
