/** Folders for one test each, outside the project and removed after it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Makes an empty folder that is removed when the running test is over. Call it inside a test. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailframe-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
