/** What is known of a file without reading it: to see whether it has changed. */
import { describeError, errnoOf } from './mail/failure.ts';
import type { Files } from './plugin/ports.ts';

/** The same as long as the file is the same; follows links, so that one that leads elsewhere counts. Does not reject. */
export async function factsOfFile(path: string, files: Files): Promise<string> {
  try {
    const file = await files.open(path, 'read');
    try {
      const { identity, size, modifiedAt } = await file.facts();
      return `${identity} ${size} ${modifiedAt.getTime()}`;
    } finally {
      await file.close();
    }
  } catch (error) {
    return errnoOf(error) ?? describeError(error);
  }
}
