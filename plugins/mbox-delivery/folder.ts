/** The folder of a mailbox: made where it is missing, and never reached through a link below the mail directory. */
import { join } from 'node:path';
import { Failure, type Files } from '../../core/index.ts';

/** Makes the folder of a mailbox whose path is relative to the directory. */
export async function makeFolder(directory: string, mailbox: string, files: Files): Promise<void> {
  await files.makeDirectory(directory);
  let folder = directory;
  for (const name of mailbox.split('/').slice(0, -1)) {
    folder = join(folder, name);
    if ((await files.facts(folder)) === null) await files.makeDirectory(folder);
    if ((await files.facts(folder))?.kind !== 'directory') {
      const reply = { code: 451, status: '4.3.5', text: 'Mailbox is not set up correctly, try again later' } as const;
      throw new Failure(reply, `${files.resolve(folder)} is not a folder`);
    }
  }
}
