/** The files port on a real file system: the suite that every implementation passes, and what only a real one can show. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blockingFiles } from '../../../core/system/blocking-files.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { filesContract } from './files-contract.ts';

async function setup() {
  const folder = await tempFolder();
  return { folder, files: systemFiles(folder) };
}

filesContract('on disk', async () => (await setup()).files);
filesContract('on disk, for a thread of their own', async () => blockingFiles((await setup()).folder));

test('files on disk say where a thread finds the same ones', async () => {
  const { folder, files } = await setup();
  await writeFile(join(folder, 'text'), 'here');
  const module = (await import(/* @vite-ignore */ files.blocking ?? '')) as { blockingFiles: typeof blockingFiles };
  expect((await module.blockingFiles(folder).read('text')).toString()).toBe('here');
});

describe('files on disk', () => {
  test('have paths relative to the folder, or absolute ones', async () => {
    const { folder, files } = await setup();
    expect(files.resolve('a/../b')).toBe(join(folder, 'b'));
    expect(files.resolve('/etc/aliases')).toBe('/etc/aliases');
    await writeFile(join(folder, 'text'), 'here');
    expect((await files.read('text')).toString()).toBe('here');
    expect((await files.read(join(folder, 'text'))).toString()).toBe('here');
  });

  test('have the facts of the system', async () => {
    const { folder, files } = await setup();
    await writeFile(join(folder, 'file'), '12345');
    // Without big integers Node rounds the time to the nearest millisecond instead of cutting it off.
    const { mtime, uid, dev, ino } = await stat(join(folder, 'file'), { bigint: true });
    const want = { owner: Number(uid), modifiedAt: mtime, identity: `${dev}:${ino}` };
    expect(await files.facts('file')).toMatchObject(want);
  });

  test('are links where they are links', async () => {
    const { folder, files } = await setup();
    await symlink('file', join(folder, 'link'));
    expect(await files.facts('link')).toMatchObject({ kind: 'link' });
  });

  test.each(['append', 'create'] as const)('%s never writes through a symbolic link', async how => {
    const { folder, files } = await setup();
    await writeFile(join(folder, 'victim'), 'precious');
    await symlink('victim', join(folder, 'mbox'));
    await symlink('not-there', join(folder, 'dangling'));
    const refused = { code: how === 'append' ? 'ELOOP' : 'EEXIST' };
    await expect(files.open('mbox', how)).rejects.toMatchObject(refused);
    await expect(files.open('dangling', how)).rejects.toMatchObject(refused);
    expect(await readdir(folder)).not.toContain('not-there');
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
  });

  test('a pipe in the place of a file blocks nobody', async () => {
    const { folder, files } = await setup();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    for (const how of ['read', 'append'] as const) {
      const file = await files.open('pipe', how);
      expect(await file.facts()).toMatchObject({ kind: 'other' });
      await file.close();
    }
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk is ENOSPC', async () => {
    const { files } = await setup();
    const file = await files.open('/dev/full', 'append');
    await expect(file.write(Buffer.from('mail'), 0)).rejects.toMatchObject({ code: 'ENOSPC' });
    await file.close();
  });

  test('a replacement that fails leaves nothing beside the old file', async () => {
    const { folder, files } = await setup();
    await mkdir(join(folder, 'users', 'inside'), { recursive: true });
    await expect(files.replace('users', Buffer.from('new'))).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await readdir(folder)).toEqual(['users']);
  });
});
