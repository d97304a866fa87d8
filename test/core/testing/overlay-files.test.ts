import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManualClock, overlayFiles } from 'mailframe/testing';
import { describe, expect, test } from 'vitest';
import { systemFiles } from '../../../core/system/files.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { filesContract } from '../system/files-contract.ts';

filesContract('laid over others', async () => overlayFiles(systemFiles(await tempFolder()), new ManualClock()));

describe('files laid over others', () => {
  async function over() {
    const folder = await tempFolder();
    await writeFile(join(folder, 'aliases'), 'staff: ann\n');
    await mkdir(join(folder, 'mail'));
    await writeFile(join(folder, 'mail/ann'), 'old\n');
    return { folder, files: overlayFiles(systemFiles(folder), new ManualClock()) };
  }

  test('are read as they are, and changed in memory alone', async () => {
    const { folder, files } = await over();
    expect((await files.read('aliases')).toString()).toBe('staff: ann\n');
    await files.append('mail/ann', Buffer.from('new\n'));
    await files.replace('aliases', Buffer.from('none'));
    await files.append('mail/bob', Buffer.from('first\n'));
    expect((await files.read('mail/ann')).toString()).toBe('old\nnew\n');
    expect(await files.list('mail')).toEqual(['ann', 'bob']);
    expect(files.written()).toEqual(['aliases', 'mail/ann', 'mail/bob'].map(name => join(folder, name)));
    expect(files.text('mail/bob')).toBe('first\n');
    expect(await readFile(join(folder, 'mail/ann'), 'utf8')).toBe('old\n');
    expect(await readFile(join(folder, 'aliases'), 'utf8')).toBe('staff: ann\n');
    expect(await readdir(join(folder, 'mail'))).toEqual(['ann']);
  });

  test('are gone where they were removed or renamed, and still there below', async () => {
    const { folder, files } = await over();
    await files.remove('aliases');
    await files.rename('mail/ann', 'mail/carl');
    await expect(files.read('aliases')).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await files.facts('mail/ann')).toBeNull();
    expect(await files.list('mail')).toEqual(['carl']);
    expect((await files.read('mail/carl')).toString()).toBe('old\n');
    const file = await files.open('aliases', 'create');
    await file.write(Buffer.from('again'), 0);
    await expect(files.open('aliases', 'create')).rejects.toMatchObject({ code: 'EEXIST' });
    expect((await files.read('aliases')).toString()).toBe('again');
    expect(await readdir(folder)).toEqual(['aliases', 'mail']);
  });
});
