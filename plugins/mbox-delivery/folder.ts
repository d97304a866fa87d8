/** The folder of a mailbox: made where it is missing, and never reached through a link below the mail directory. */
import { dirname, join } from 'node:path';
import type { Files } from '../../core/index.ts';
import { notSetUp } from './trouble.ts';

type FolderFiles = Pick<Files, 'facts' | 'makeDirectory'>;

/** @throws Refused where a folder between the directory and a mailbox below it is something else. */
export async function checkFolders(directory: string, name: string, files: FolderFiles): Promise<void> {
  for (const folder of foldersOf(directory, name)) {
    const found = await files.facts(folder);
    if (found === null) return;
    if (found.kind !== 'directory') throw notSetUp(`${folder} is not a folder`);
  }
}

/** Makes the folder of a mailbox, and the directory if that is missing. @throws Refused as `checkFolders` does. */
export async function makeFolders(directory: string, name: string, files: FolderFiles): Promise<void> {
  await files.makeDirectory(directory);
  // One after the other, so that none is made through a link.
  for (const folder of foldersOf(directory, name)) {
    if ((await files.facts(folder)) === null) await files.makeDirectory(folder);
    if ((await files.facts(folder))?.kind !== 'directory') throw notSetUp(`${folder} is not a folder`);
  }
}

function foldersOf(directory: string, name: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = dirname(name); folder !== '.'; folder = dirname(folder)) folders.unshift(join(directory, folder));
  return folders;
}
