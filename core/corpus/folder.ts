/**
 * What a folder is, by what lies in it. A Maildir has `new` and `cur`, and folders of its own beside them (Maildir++); the folder
 * of a queue has its database.
 */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { filesIn } from '../queue/history-folder.ts';
import { QUEUE_FILE } from '../queue/queue-file.ts';

export interface Folder {
  /** `history`: files of the history of a queue, wherever they were copied to. */
  readonly kind: 'maildir' | 'queue' | 'history' | 'other';
  /** By name. */
  readonly entries: readonly Dirent[];
}

export async function openFolder(path: string): Promise<Folder> {
  const entries = (await readdir(path, { withFileTypes: true })).toSorted(byName);
  const names = new Set(entries.map(({ name }) => name));
  if (names.has(QUEUE_FILE)) return { kind: 'queue', entries };
  if (names.has('cur') && names.has('new')) return { kind: 'maildir', entries };
  if (filesIn(path).length > 0) return { kind: 'history', entries };
  return { kind: 'other', entries };
}

/** Not as people of some country sort: the order is the same everywhere. */
function byName({ name: one }: Dirent, { name: other }: Dirent): number {
  return one < other ? -1 : Number(one > other);
}
