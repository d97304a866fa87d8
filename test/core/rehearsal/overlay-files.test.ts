import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { overlayFiles } from '../../../core/rehearsal/overlay-files.ts';
import { OverlayTree } from '../../../core/rehearsal/overlay-tree.ts';
import { systemClock } from '../../../core/system/clock.ts';
import { systemFiles } from '../../../core/system/files.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { filesContract } from '../system/files-contract.ts';

const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) expect(await readdir(folder)).toEqual([]);
});

async function emptyFolder(): Promise<string> {
  const folder = await tempFolder();
  folders.push(folder);
  return folder;
}

function over(folder: string) {
  const below = systemFiles(folder);
  const tree = new OverlayTree(below, systemClock);
  return { tree, files: overlayFiles(below, () => tree) };
}

filesContract('over a disk', async () => over(await emptyFolder()).files);

filesContract('over files that are over a disk', async () => {
  const { files: below } = over(await emptyFolder());
  const tree = new OverlayTree(below, systemClock);
  return overlayFiles(below, () => tree);
});

describe('over files of a disk', () => {
  async function withFile() {
    const folder = await tempFolder();
    await writeFile(join(folder, 'mbox'), 'before ');
    return { folder, ...over(folder) };
  }

  test('what is changed shows, and the disk stays as it was', async () => {
    const { folder, files, tree } = await withFile();
    const was = await stat(join(folder, 'mbox'), { bigint: true });
    const file = await files.open('mbox', 'append');
    await file.write(Buffer.from('after'), (await file.facts()).size);
    await file.write(Buffer.from('B'), 0);
    await file.close();
    expect((await files.read('mbox')).toString()).toBe('Before after');
    await files.rename('mbox', 'moved');
    expect(await files.list('.')).toEqual(['moved']);
    await files.link('moved', 'again');
    await files.remove('moved');
    expect((await files.read('again')).toString()).toBe('Before after');
    expect(tree.changes().map(({ kind, path }) => [kind, path.slice(folder.length + 1)])).toEqual([
      ['written', 'again'],
      ['removed', 'mbox'],
    ]);
    expect(await readFile(join(folder, 'mbox'), 'utf8')).toBe('before ');
    const is = await stat(join(folder, 'mbox'), { bigint: true });
    expect([is.mtimeNs, is.ctimeNs, is.ino]).toEqual([was.mtimeNs, was.ctimeNs, was.ino]);
  });

  test('a folder that is moved takes along what is in it on the disk', async () => {
    const { folder, files } = await withFile();
    await files.makeDirectory('a');
    await files.rename('mbox', 'a/mbox');
    await files.rename('a', 'b');
    expect((await files.read('b/mbox')).toString()).toBe('before ');
    expect(await files.list('.')).toEqual(['b']);
    expect(await readdir(folder)).toEqual(['mbox']);
  });

  test('a folder that is made shows what somebody else puts there later', async () => {
    const { folder, files } = await withFile();
    await files.makeDirectory('made');
    expect(await files.list('made')).toEqual([]);
    await mkdir(join(folder, 'made'));
    await writeFile(join(folder, 'made/later'), 'x');
    expect(await files.list('made')).toEqual(['later']);
    expect((await files.read('made/later')).toString()).toBe('x');
  });

  test('what was made and removed again leaves no change', async () => {
    const { files, tree } = await withFile();
    await (await files.open('lock', 'create')).close();
    await files.remove('lock');
    expect(tree.changes()).toEqual([]);
  });

  test('a file cut short and grown again holds nothing of what was cut off', async () => {
    const { files } = await withFile();
    const file = await files.open('mbox', 'append');
    await file.truncate(3);
    await file.write(Buffer.from('!'), 5);
    expect((await file.read(0, 100)).toString()).toBe('bef\0\0!');
    await file.close();
  });
});
