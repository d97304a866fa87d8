/** A folder for as long as it is needed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  /** Removes it with all that is in it. May be called again. */
  readonly remove: () => Promise<void>;
}

/** Makes one, for this user alone. */
export async function temporaryFolder(name: string): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), `mailframe-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
