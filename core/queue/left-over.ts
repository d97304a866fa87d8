/**
 * What a gateway has left in its journal that was killed: a guest lands it before it looks, where nobody else owns the queue.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { JOURNAL_FILE, JournalFile } from './journal-file.ts';
import type { Unread } from './passage.ts';
import { SpoolFolder } from './spool-folder.ts';
import { Group } from './sqlite-group.ts';
import { type Opener, openDatabase } from './sqlite-schema.ts';

/**
 * Owns the queue meanwhile. Does nothing where there is nothing, and where a gateway is at work: it lands its mail itself.
 * @returns what could not be read.
 */
export function landLeftOver(directory: string, opener: Opener): Unread | null {
  const size = statSync(join(directory, JOURNAL_FILE), { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return null;
  try {
    // Beside a gateway that works this is every call of the command line: nobody waits for the lock.
    const { database, close } = openDatabase(directory, 'owner', { ...opener, patience: 0 });
    try {
      const group = new Group(database, { spool: new SpoolFolder(directory), journal: new JournalFile(directory) });
      // Leases stay as they are: whoever has them may be there still, and only its store be gone.
      const unread = group.takeOver('again');
      group.end();
      return unread;
    } finally {
      close();
    }
  } catch {
    // Whatever is wrong, the guest meets it itself.
    return null;
  }
}
