/** What every implementation of the files port does: the one of the machine and the one in memory. */
import { describe, expect, test } from 'vitest';
import type { Files } from '../../../core/plugin/ports.ts';

/** The suite. `setup` gives files relative to an empty folder. */
export function filesContract(title: string, setup: () => Promise<Files>): void {
  describe(`${title}: files`, () => {
    test('that are missing fail with ENOENT', async () => {
      const files = await setup();
      await expect(files.read('missing')).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.open('missing', 'read')).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.open('missing/file', 'append')).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.remove('missing')).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.list('missing')).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.rename('missing', 'new')).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.link('missing', 'new')).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(files.syncDirectory('missing')).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await files.facts('missing')).toBeNull();
    });

    test('have facts', async () => {
      const files = await setup();
      await files.replace('file', Buffer.from('12345'), 0o640);
      await files.makeDirectory('folder');
      expect(await files.facts('file')).toMatchObject({ kind: 'file', size: 5, mode: 0o640, links: 1 });
      expect(await files.facts('folder')).toMatchObject({ kind: 'directory', mode: 0o700 });
      expect(await files.facts('file/below')).toBeNull();
    });

    test('opened to append are made for their owner alone and written where it is said', async () => {
      const files = await setup();
      const file = await files.open('mbox', 'append');
      await file.write(Buffer.from('From ann\n'), 0);
      await file.write(Buffer.from('Fr0m'), 0);
      await file.write(Buffer.from('!'), 10);
      await file.sync();
      expect((await file.read(0, 100)).toString()).toBe('Fr0m ann\n\0!');
      expect((await file.read(5, 3)).toString()).toBe('ann');
      await file.truncate(4);
      expect(await file.facts()).toMatchObject({ kind: 'file', size: 4, mode: 0o600 });
      await file.close();
      expect((await files.read('mbox')).toString()).toBe('Fr0m');
    });

    test('opened to append keep what they hold', async () => {
      const files = await setup();
      await files.replace('mbox', Buffer.from('before '));
      const file = await files.open('mbox', 'append');
      await file.write(Buffer.from('after'), (await file.facts()).size);
      await file.close();
      expect((await files.read('mbox')).toString()).toBe('before after');
    });

    test('are added to at their end, made for their owner alone, and kept apart from a folder', async () => {
      const files = await setup();
      await files.append('log', Buffer.from('one\n'));
      await files.append('log', Buffer.from('two\n'), 0o644);
      expect((await files.read('log')).toString()).toBe('one\ntwo\n');
      expect(await files.facts('log')).toMatchObject({ mode: 0o600 });
      await expect(files.append('missing/log', Buffer.from('x'))).rejects.toMatchObject({ code: 'ENOENT' });
    });

    test('cannot be used when they are closed, but closed again', async () => {
      const files = await setup();
      const file = await files.open('mbox', 'append');
      await file.close();
      await file.close();
      await expect(file.write(Buffer.from('x'), 0)).rejects.toMatchObject({ code: 'EBADF' });
      await expect(file.facts()).rejects.toMatchObject({ code: 'EBADF' });
    });

    test('are created where nothing is', async () => {
      const files = await setup();
      await (await files.open('lock', 'create', 0o644)).close();
      await expect(files.open('lock', 'create')).rejects.toMatchObject({ code: 'EEXIST' });
      expect(await files.facts('lock')).toMatchObject({ mode: 0o644, size: 0 });
    });

    test('are replaced under the eyes of a reader, who keeps the old octets', async () => {
      const files = await setup();
      await files.replace('users', Buffer.from('old'));
      const reader = await files.open('users', 'read');
      await files.replace('users', Buffer.from('new'), 0o640);
      expect((await reader.read(0, 10)).toString()).toBe('old');
      await reader.close();
      expect((await files.read('users')).toString()).toBe('new');
      expect(await files.facts('users')).toMatchObject({ mode: 0o640 });
      expect(await files.list('.')).toEqual(['users']);
    });

    test('do not take the place of a folder', async () => {
      const files = await setup();
      await files.makeDirectory('users/inside');
      await files.replace('file', Buffer.from('x'));
      await expect(files.replace('users', Buffer.from('new'))).rejects.toMatchObject({ code: 'EISDIR' });
      await expect(files.rename('file', 'users')).rejects.toMatchObject({ code: 'EISDIR' });
      await expect(files.read('users')).rejects.toMatchObject({ code: 'EISDIR' });
      await expect(files.remove('users')).rejects.toMatchObject({ code: 'EISDIR' });
      await expect(files.open('users', 'append')).rejects.toMatchObject({ code: 'EISDIR' });
      expect(await files.list('.')).toEqual(['file', 'users']);
    });
  });

  describe(`${title}: folders and names`, () => {
    test('are made with those above them, and again without complaint', async () => {
      const files = await setup();
      await files.makeDirectory('a/b/c');
      await files.makeDirectory('a/b/c');
      expect(await files.facts('a/b')).toMatchObject({ kind: 'directory' });
    });

    test('are not made in the place of a file', async () => {
      const files = await setup();
      await files.replace('file', Buffer.alloc(0));
      await expect(files.makeDirectory('file')).rejects.toMatchObject({ code: 'EEXIST' });
      await expect(files.makeDirectory('file/below')).rejects.toMatchObject({ code: 'ENOTDIR' });
      await expect(files.list('file')).rejects.toMatchObject({ code: 'ENOTDIR' });
      await expect(files.open('file/below', 'append')).rejects.toMatchObject({ code: 'ENOTDIR' });
    });

    test('are listed in order, without what lies deeper', async () => {
      const files = await setup();
      for (const name of ['b', 'a', 'C']) await files.replace(name, Buffer.alloc(0));
      await files.makeDirectory('folder/deeper');
      expect(await files.list('.')).toEqual(['C', 'a', 'b', 'folder']);
    });

    test('change by rename, link and remove', async () => {
      const files = await setup();
      await files.replace('tmp', Buffer.from('mail'));
      await files.rename('tmp', 'new');
      await files.link('new', 'cur');
      await expect(files.link('new', 'cur')).rejects.toMatchObject({ code: 'EEXIST' });
      const [one, two] = await Promise.all([files.facts('new'), files.facts('cur')]);
      expect(one).toMatchObject({ links: 2, identity: two?.identity });
      await files.remove('new');
      await files.syncDirectory('.');
      expect(await files.list('.')).toEqual(['cur']);
      expect((await files.read('cur')).toString()).toBe('mail');
    });

    test('of a folder change with all that is in it', async () => {
      const files = await setup();
      await files.makeDirectory('old/deeper');
      await files.replace('old/deeper/file', Buffer.from('x'));
      await files.rename('old', 'new');
      expect((await files.read('new/deeper/file')).toString()).toBe('x');
      expect(await files.facts('old')).toBeNull();
    });

    test('of different files have different identities', async () => {
      const files = await setup();
      await files.replace('one', Buffer.alloc(0));
      await files.replace('two', Buffer.alloc(0));
      expect((await files.facts('one'))?.identity).not.toBe((await files.facts('two'))?.identity);
    });
  });
}
