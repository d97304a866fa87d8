/** The folders of a Maildir: made where they are missing, and never reached through a link below the mail directory. */
import { dirname, join } from 'node:path';
import { Failure, type Files, mailboxName } from '../../core/index.ts';

/** What every Maildir has. */
const PARTS = ['tmp', 'new', 'cur'] as const;
/** Says that a Maildir is a folder of the one above it (Maildir++). */
const MARK = 'maildirfolder';

/** How folders are made. */
export interface FolderParts {
  readonly files: Files;
  /** An absolute path: the mail directory itself may be a link. */
  readonly directory: string;
  /** Permission bits of folders that are made. */
  readonly folderMode: number;
}

/**
 * Makes what is missing of a Maildir, durably.
 * @param name below the directory
 * @throws Failure 451 4.3.5 where something else stands in the way
 */
export async function makeMaildir(name: string, { files, directory, folderMode }: FolderParts): Promise<void> {
  for (const folder of [...foldersOf(name), ...PARTS.map(part => join(name, part))]) {
    const path = join(directory, folder);
    if ((await files.facts(path)) !== null) {
      await requireFolder(path, files);
      continue;
    }
    await files.makeDirectory(path, folderMode);
    // Made by somebody else meanwhile, it may be anything.
    await requireFolder(path, files);
    await files.syncDirectory(dirname(path));
  }
}

/** Makes a folder of a Maildir, with the mark of one. */
export async function makeSubfolder(name: string, parts: FolderParts): Promise<void> {
  await makeMaildir(name, parts);
  const mark = join(parts.directory, name, MARK);
  if ((await parts.files.facts(mark)) === null) await parts.files.replace(mark, Buffer.alloc(0));
}

/** Whether the Maildir is whole, and no part of its path is a link. */
export async function isMaildir(name: string, { files, directory }: FolderParts): Promise<boolean> {
  for (const folder of [...foldersOf(name), ...PARTS.map(part => join(name, part))]) {
    const path = join(directory, folder);
    if ((await files.facts(path)) === null) return false;
    await requireFolder(path, files);
  }
  return true;
}

/** The names of the folders of a Maildir, such as `.lists`. */
export async function subfoldersOf(name: string, { files, directory }: FolderParts): Promise<readonly string[]> {
  const names = await files.list(join(directory, name)).catch(() => []);
  return names.filter(one => one.startsWith('.') && one !== '.' && one !== '..');
}

/**
 * The folder that a detail of a subaddress means: one that is there, whatever the case of its letters, or the name of one to
 * be made. `null` where the detail can be no name.
 */
export async function subfolderFor(
  detail: string,
  name: string,
  parts: FolderParts,
): Promise<{ readonly name: string; readonly isThere: boolean } | null> {
  const wanted = `.${detail}`.toLowerCase();
  const found = (await subfoldersOf(name, parts)).find(one => one.toLowerCase() === wanted);
  if (found !== undefined && (await parts.files.facts(join(parts.directory, name, found)))?.kind === 'directory') {
    return { name: found, isThere: true };
  }
  const made = mailboxName(detail);
  return made === null ? null : { name: `.${made}`, isThere: false };
}

/** The path and all above it, from the top. */
function foldersOf(name: string): readonly string[] {
  const folders: string[] = [];
  for (let folder = name; folder !== '.' && folder !== ''; folder = dirname(folder)) folders.unshift(folder);
  return folders;
}

async function requireFolder(path: string, files: Files): Promise<void> {
  const found = await files.facts(path);
  if (found?.kind === 'directory') return;
  const reply = { code: 451, status: '4.3.5', text: 'Mailbox is not set up correctly, try again later' } as const;
  throw new Failure(reply, `${path} is ${found === null ? 'missing' : 'not a folder'}`);
}
