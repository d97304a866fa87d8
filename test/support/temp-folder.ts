/** Folders for one test each, outside the project and removed after it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

/** Makes an empty folder that is removed when the running test is over. Call it inside a test. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailframe-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder for all tests of a file, removed after the last one. The function that is returned gives its path. */
export function folderForAll(): () => string {
  let path: string | null = null;
  beforeAll(async () => {
    path = await mkdtemp(join(tmpdir(), 'mailframe-tests-'));
  });
  afterAll(async () => {
    if (path !== null) await rm(path, { recursive: true, force: true });
  });
  return () => {
    if (path === null) throw new Error('there is no folder before the first test');
    return path;
  };
}
