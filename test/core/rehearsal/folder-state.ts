/** A folder as it is: every name in it with its facts and its octets, so that nothing can change unnoticed. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type FolderState = Readonly<Record<string, string>>;

export async function folderState(folder: string): Promise<FolderState> {
  const state: Record<string, string> = {};
  const names = ['', ...(await readdir(folder, { recursive: true })).sort()];
  for (const name of names) {
    const path = join(folder, name);
    const { mode, size, mtimeNs, ctimeNs, ino, nlink } = await lstat(path, { bigint: true });
    const isFile = (mode & 0o170000n) === 0o100000n;
    const octets = isFile ? (await readFile(path)).toString('base64') : '';
    state[name] = [mode, size, mtimeNs, ctimeNs, ino, nlink, octets].join(' ');
  }
  return state;
}
