import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemFiles } from '../../../core/system/files.ts';
import { tempFolder } from '../../support/temp-folder.ts';

async function setup() {
  const folder = await tempFolder();
  return { folder, files: systemFiles(folder) };
}

describe('paths', () => {
  test('relative ones are relative to the folder, absolute ones stay', async () => {
    const { folder, files } = await setup();
    expect(files.resolve('a/../b')).toBe(join(folder, 'b'));
    expect(files.resolve('/etc/aliases')).toBe('/etc/aliases');
    await writeFile(join(folder, 'text'), 'here');
    expect((await files.read('text')).toString()).toBe('here');
    expect((await files.read(join(folder, 'text'))).toString()).toBe('here');
  });

  test('a file that is not there fails with ENOENT', async () => {
    const { files } = await setup();
    await expect(files.read('missing')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.open('missing', 'read')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.remove('missing')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.list('missing')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('facts', () => {
  test('of a file, a folder, a link and nothing', async () => {
    const { folder, files } = await setup();
    await writeFile(join(folder, 'file'), '12345', { mode: 0o640 });
    await mkdir(join(folder, 'folder'));
    await symlink('file', join(folder, 'link'));
    expect(await files.facts('file')).toMatchObject({
      kind: 'file',
      size: 5,
      mode: 0o640,
      owner: process.getuid?.() ?? 0,
      links: 1,
      modifiedAt: (await stat(join(folder, 'file'))).mtime,
    });
    expect(await files.facts('folder')).toMatchObject({ kind: 'directory' });
    expect(await files.facts('link')).toMatchObject({ kind: 'link' });
    expect(await files.facts('missing')).toBeNull();
    expect(await files.facts('file/below')).toBeNull();
  });

  test('two names of one file have the same identity and count as two links', async () => {
    const { folder, files } = await setup();
    await writeFile(join(folder, 'one'), '');
    await link(join(folder, 'one'), join(folder, 'two'));
    await writeFile(join(folder, 'three'), '');
    const [one, two, three] = await Promise.all(['one', 'two', 'three'].map(name => files.facts(name)));
    expect(one?.identity).toBe(two?.identity);
    expect(one?.identity).not.toBe(three?.identity);
    expect(one?.links).toBe(2);
  });
});

describe('open', () => {
  test('append makes the file for its owner alone and writes where it is told', async () => {
    const { folder, files } = await setup();
    const file = await files.open('mbox', 'append');
    await file.write(Buffer.from('From ann\n'), 0);
    await file.write(Buffer.from('Fr0m'), 0);
    await file.sync();
    expect((await file.read(0, 100)).toString()).toBe('Fr0m ann\n');
    expect((await file.read(5, 3)).toString()).toBe('ann');
    await file.truncate(4);
    expect(await file.facts()).toMatchObject({ kind: 'file', size: 4, mode: 0o600 });
    await file.close();
    expect(await readFile(join(folder, 'mbox'), 'utf8')).toBe('Fr0m');
  });

  test('append keeps what is there', async () => {
    const { folder, files } = await setup();
    await writeFile(join(folder, 'mbox'), 'before ');
    const file = await files.open('mbox', 'append');
    await file.write(Buffer.from('after'), (await file.facts()).size);
    await file.close();
    expect(await readFile(join(folder, 'mbox'), 'utf8')).toBe('before after');
  });

  test.each(['append', 'create'] as const)('%s never writes through a symbolic link', async how => {
    const { folder, files } = await setup();
    await writeFile(join(folder, 'victim'), 'precious');
    await symlink('victim', join(folder, 'mbox'));
    await expect(files.open('mbox', how)).rejects.toMatchObject({ code: how === 'append' ? 'ELOOP' : 'EEXIST' });
    await symlink('not-there', join(folder, 'dangling'));
    await expect(files.open('dangling', how)).rejects.toThrow();
    expect(await readdir(folder)).not.toContain('not-there');
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('precious');
  });

  test('create fails where something is', async () => {
    const { files } = await setup();
    await (await files.open('lock', 'create', 0o644)).close();
    await expect(files.open('lock', 'create')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await files.facts('lock')).toMatchObject({ mode: 0o644 });
  });

  test('a pipe in the place of a file blocks nobody', async () => {
    const { folder, files } = await setup();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const file = await files.open('pipe', 'read');
    expect(await file.facts()).toMatchObject({ kind: 'other' });
    await file.close();
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk is ENOSPC', async () => {
    const { files } = await setup();
    const file = await files.open('/dev/full', 'append');
    await expect(file.write(Buffer.from('mail'), 0)).rejects.toMatchObject({ code: 'ENOSPC' });
    await file.close();
  });
});

describe('replace', () => {
  test('puts new octets in the place of the old ones and leaves nothing beside them', async () => {
    const { folder, files } = await setup();
    await files.replace('users', Buffer.from('one'));
    await files.replace('users', Buffer.from('two'), 0o640);
    expect(await readFile(join(folder, 'users'), 'utf8')).toBe('two');
    expect(await files.facts('users')).toMatchObject({ mode: 0o640 });
    expect(await readdir(folder)).toEqual(['users']);
  });

  test('a reader who has the file open keeps the old octets', async () => {
    const { files } = await setup();
    await files.replace('users', Buffer.from('old'));
    const reader = await files.open('users', 'read');
    await files.replace('users', Buffer.from('new'));
    expect((await reader.read(0, 10)).toString()).toBe('old');
    await reader.close();
  });

  test('a failure leaves the old file and nothing beside it', async () => {
    const { folder, files } = await setup();
    await mkdir(join(folder, 'users', 'inside'), { recursive: true });
    await expect(files.replace('users', Buffer.from('new'))).rejects.toMatchObject({ code: 'EISDIR' });
    expect(await readdir(folder)).toEqual(['users']);
  });
});

describe('folders and names', () => {
  test('makes a folder and those above it, and says nothing if it is there', async () => {
    const { files } = await setup();
    await files.makeDirectory('a/b/c');
    await files.makeDirectory('a/b/c');
    expect(await files.facts('a/b')).toMatchObject({ kind: 'directory', mode: 0o700 });
  });

  test('lists names in order', async () => {
    const { files } = await setup();
    for (const name of ['b', 'a', 'C']) await files.replace(name, Buffer.alloc(0));
    expect(await files.list('.')).toEqual(['C', 'a', 'b']);
  });

  test('renames, links and removes', async () => {
    const { files } = await setup();
    await files.replace('tmp', Buffer.from('mail'));
    await files.rename('tmp', 'new');
    await files.link('new', 'cur');
    await expect(files.link('new', 'cur')).rejects.toMatchObject({ code: 'EEXIST' });
    await files.remove('new');
    await files.syncDirectory('.');
    expect(await files.list('.')).toEqual(['cur']);
    expect((await files.read('cur')).toString()).toBe('mail');
  });
});
