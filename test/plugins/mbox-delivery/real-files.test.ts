/** Mailboxes on a real file system: permissions, and what must not be written to. */
import { chmod, chown, link, mkdir, readdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readMbox } from './mboxrd-reader.ts';
import { realMailboxes } from './real-mailbox.ts';

const NOT_SET_UP = { kind: 'deferred', reply: { code: 451, status: '4.3.5' } };

describe('a mailbox on disk', () => {
  test('is made for its owner alone', async () => {
    const { deliver, folder, names } = await realMailboxes();
    expect(await deliver()).toMatchObject({ kind: 'delivered' });
    expect((await stat(join(folder, 'bob'))).mode & 0o777).toBe(0o600);
    expect(await names()).toEqual(['bob']);
  });

  test('is made with the permissions of the configuration, and those of an old one stay', async () => {
    const { deliver, folder } = await realMailboxes({ mode: '0640' });
    await deliver();
    expect((await stat(join(folder, 'bob'))).mode & 0o777).toBe(0o640);
    await chmod(join(folder, 'bob'), 0o600);
    await deliver();
    expect((await stat(join(folder, 'bob'))).mode & 0o777).toBe(0o600);
  });

  test('grows by deliveries at once, of large mails too', async () => {
    const { deliver, folder } = await realMailboxes();
    const contents = Array.from(
      { length: 12 },
      (_, index) => `Subject: ${index}\n\n${'From x\n'.repeat(index * 10_000)}`,
    );
    await Promise.all(contents.map(content => deliver({ content })));
    const mails = readMbox(await readFile(join(folder, 'bob')));
    expect(mails.map(mail => mail.content).toSorted()).toEqual(contents.toSorted());
  });
});

describe('what is no mailbox is not written to', () => {
  test('symlink attack: a symbolic link', async () => {
    const { deliver, folder, log } = await realMailboxes();
    await writeFile(join(folder, 'secret'), 'secret');
    await symlink(join(folder, 'secret'), join(folder, 'bob'));
    expect(await deliver()).toMatchObject(NOT_SET_UP);
    expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('secret');
    expect(log.text()).toContain('symbolic link');
  });

  test('symlink attack: a folder that is a link', async () => {
    const { deliver, folder } = await realMailboxes({ path: '{domain}/{local}' });
    await mkdir(join(folder, 'elsewhere'));
    await symlink(join(folder, 'elsewhere'), join(folder, 'example.test'));
    expect(await deliver()).toMatchObject(NOT_SET_UP);
    expect(await readdir(join(folder, 'elsewhere'))).toEqual([]);
  });

  test('symlink attack: a lock file that is a link', async () => {
    const { deliver, folder } = await realMailboxes({ lockTimeout: '0 s' });
    await writeFile(join(folder, 'secret'), 'secret');
    await symlink(join(folder, 'secret'), join(folder, 'bob.lock'));
    expect(await deliver()).toMatchObject({ kind: 'deferred', reply: { status: '4.2.0' } });
    expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('secret');
  });

  test('hard link attack: a file with two names', async () => {
    const { deliver, folder } = await realMailboxes();
    await writeFile(join(folder, 'secret'), 'secret');
    await link(join(folder, 'secret'), join(folder, 'bob'));
    expect(await deliver()).toMatchObject(NOT_SET_UP);
    expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('secret');
  });

  test('a folder', async () => {
    const { deliver, folder } = await realMailboxes();
    await mkdir(join(folder, 'bob'));
    expect(await deliver()).toMatchObject(NOT_SET_UP);
  });

  test.skipIf(process.getuid?.() !== 0)("a file of another user's (only root can try it)", async () => {
    const { deliver, folder, log } = await realMailboxes();
    await writeFile(join(folder, 'bob'), '');
    await chown(join(folder, 'bob'), 65534, 65534);
    expect(await deliver()).toMatchObject(NOT_SET_UP);
    expect(log.text()).toContain('belongs to user id 65534');
  });
});

describe('a lock on disk', () => {
  test('that a dead process left is broken', async () => {
    const { deliver, folder, log, names } = await realMailboxes({ lockTimeout: '0 s' });
    const machine = (await readFile('/proc/sys/kernel/hostname', 'utf8')).trim();
    // Process ids end far below this one.
    await writeFile(join(folder, 'bob.lock'), `99999999:${machine}\n`);
    expect(await deliver()).toMatchObject({ kind: 'delivered' });
    expect(log.of('unlocked')[0]?.fields).toMatchObject({ reason: 'process 99999999 is gone' });
    expect(await names()).toEqual(['bob']);
  });

  test('of a living process is respected', async () => {
    const { deliver, folder, names } = await realMailboxes({ lockTimeout: '0 s' });
    const machine = (await readFile('/proc/sys/kernel/hostname', 'utf8')).trim();
    await writeFile(join(folder, 'bob.lock'), `1:${machine}\n`);
    expect(await deliver()).toMatchObject({ kind: 'deferred', reply: { code: 450, status: '4.2.0' } });
    expect(await names()).toEqual(['bob.lock']);
  });

  test('of another machine is respected, whatever its process id', async () => {
    const { deliver, folder } = await realMailboxes({ lockTimeout: '0 s' });
    await writeFile(join(folder, 'bob.lock'), '99999999:another-machine\n');
    expect(await deliver()).toMatchObject({ kind: 'deferred' });
  });

  test('of another program is respected for ten minutes', async () => {
    const { deliver, folder, log } = await realMailboxes({ lockTimeout: '0 s' });
    const lock = join(folder, 'bob.lock');
    await writeFile(lock, '0');
    const aged = async (minutes: number) => {
      const then = new Date(Date.now() - minutes * 60_000);
      await utimes(lock, then, then);
    };
    await aged(9);
    expect(await deliver()).toMatchObject({ kind: 'deferred' });
    await aged(11);
    expect(await deliver()).toMatchObject({ kind: 'delivered' });
    expect(log.of('unlocked')[0]?.fields).toMatchObject({ reason: 'it is 11 minutes old' });
  });
});
