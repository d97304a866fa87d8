/** What an entry would become at the end of its mailbox: found out by reading alone. */
import { join } from 'node:path';
import type { Files } from '../../core/index.ts';
import { missingSeparator, refuseUnsafe } from './append.ts';
import type { Entry } from './entry.ts';
import { checkFolders } from './folder.ts';
import type { Keeping } from './keeping.ts';
import { full, notSetUp } from './trouble.ts';

/**
 * The octets that would be appended. Whether the mailbox is locked at that time nobody knows now.
 * @throws Refused where the mailbox may not be written to, or has no room
 */
export async function appended(
  { octets }: Entry,
  {
    files,
    directory,
    name,
    keeping,
  }: {
    readonly files: Files;
    readonly directory: string;
    readonly name: string;
    readonly keeping: Keeping;
  },
): Promise<Buffer> {
  await checkFolders(directory, name, files);
  const mailbox = join(directory, name);
  const pieces = typeof octets === 'function' ? await Array.fromAsync(octets()) : octets;
  const found = await files.facts(mailbox);
  if (found?.kind === 'link') throw notSetUp(`${mailbox} is a symbolic link`);
  // To whom it must belong hangs on who the gateway runs as, and that need not be whoever looks.
  if (found !== null) refuseUnsafe(mailbox, found, keeping.user ?? found.owner);
  const separator = found === null ? [] : [await separatorFor(mailbox, found.size, files)];
  const added = Buffer.concat([...separator, ...pieces]);
  const { quota } = keeping;
  if (quota !== null && (found?.size ?? 0) + added.length > quota) throw full(`${mailbox} may hold ${quota} octets`);
  return added;
}

async function separatorFor(mailbox: string, size: number, files: Files): Promise<Buffer> {
  const file = await files.open(mailbox, 'read');
  try {
    return await missingSeparator(file, size);
  } finally {
    await file.close();
  }
}
