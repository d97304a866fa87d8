/** Writers in threads of their own: what they load, what they leave behind, and what becomes of mail when one breaks. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { systemFiles } from '../../../core/system/files.ts';
import { NoThread, WriterThreads } from '../../../plugins/mbox-delivery/writer-threads.ts';
import type { Order } from '../../../plugins/mbox-delivery/writing.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { readMbox } from './mboxrd-reader.ts';
import { realMailboxes } from './real-mailbox.ts';

const PLUGIN = fileURLToPath(new URL('../../../plugins/mbox-delivery/', import.meta.url));

const ENTRY = 'From x@y Mon Nov 23 09:05:00 2026\nSubject: x\n\n\n';

function orderFor(directory: string, name: string): Order {
  const octets = new Uint8Array(Buffer.from(ENTRY));
  const marks = [{ at: 0, fromLine: 'From x@y Mon Nov 23 09:05:00 2026' }];
  return {
    directory,
    name,
    keeping: { mode: 0o600, user: null, group: null, quota: null },
    block: { marks, octets },
    unfinished: null,
  };
}

describe('a thread', () => {
  test('loads nothing of the core but the files, for each would load it anew', () => {
    const seen = new Set<string>();
    const load = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      const text = readFileSync(join(PLUGIN, file), 'utf8');
      for (const [, what = '', from = ''] of text.matchAll(/^import (.*?)\s+from '([^']+)';$/gms)) {
        if (what.startsWith('type ')) continue;
        if (from.startsWith('./')) load(from.slice(2));
        else expect(from, file).toMatch(/^node:/);
      }
    };
    load('writer-thread.ts');
    expect(seen).toContain('append.ts');
  });

  test('writes to many mailboxes, and leaves nothing but them when it is closed', async () => {
    const folder = await tempFolder();
    const threads = new WriterThreads(systemFiles(folder).blocking ?? '');
    const names = Array.from({ length: 40 }, (_, index) => `domain${index % 4}/user${index}`);
    const written = await Promise.all(names.map(name => threads.write(orderFor(folder, name))));
    expect(written).toEqual(names.map(() => expect.objectContaining({ kind: 'ended', troubles: [null], notes: [] })));
    await threads.close();
    const left = readdirSync(folder, { recursive: true }).map(String);
    expect(left.filter(name => name.includes('/')).toSorted()).toEqual(names.toSorted());
  });

  test('that cannot be started says so, and the order is as it was', async () => {
    const threads = new WriterThreads('data:text/javascript,throw new Error("broken")');
    for (const order of [orderFor('/nowhere', 'bob'), orderFor('/nowhere', 'ann')]) {
      await expect(threads.write(order)).rejects.toThrow(NoThread);
      expect(order.block.octets).toHaveLength(ENTRY.length);
    }
    await threads.close();
  });

  test('that breaks refuses what it was asked for, and the next one takes its place', async () => {
    const breaks = 'read() { setImmediate(() => { throw new Error("broken") }); return new Promise(() => {}) }';
    const threads = new WriterThreads(`data:text/javascript,export const blockingFiles = () => ({ ${breaks} })`);
    await expect(threads.write(orderFor('/nowhere', 'bob'))).rejects.toThrow('broken');
    await expect(threads.write(orderFor('/nowhere', 'bob'))).rejects.toThrow('broken');
    await threads.close();
  });

  test('that is closed takes no more', async () => {
    const { deliver, close } = await realMailboxes();
    expect(await deliver()).toMatchObject({ kind: 'delivered' });
    await close();
    expect(await deliver()).toMatchObject({ kind: 'deferred', reply: { status: '4.3.0' } });
  });
});

describe('the files that become locks', () => {
  const content = 'Subject: x\n\nx\n';
  const own = async (folder: string) => (await readdir(folder)).filter(name => name.startsWith('.lock.'));

  test('are made again where somebody has tidied up', async () => {
    const { deliver, folder, log } = await realMailboxes();
    await deliver({ content });
    const [name = ''] = await own(folder);
    expect(await readFile(join(folder, name), 'utf8')).toMatch(/^\d+:.+\n$/);
    rmSync(join(folder, name));
    expect(await deliver({ content })).toMatchObject({ kind: 'delivered' });
    expect(readMbox(await readFile(join(folder, 'bob')))).toHaveLength(2);
    expect(log.of('lost')).toEqual([]);
  });

  test('take the place of what a dead process left behind, and have another name where a living one is in the way', async () => {
    const machine = (await readFile('/proc/sys/kernel/hostname', 'utf8')).trim();
    for (const [text, want] of [
      // Process ids end far below this one.
      [`99999999:${machine}\n`, 'replaced'],
      [`${process.pid}:${machine}\n`, 'replaced'],
      ['', 'replaced'],
      [`1:${machine}\n`, 'respected'],
      ['99999999:another-machine\n', 'respected'],
    ] as const) {
      const { deliver, folder, close } = await realMailboxes();
      // Whichever thread it will be.
      for (let slot = 0; slot < 40; slot += 1) await writeFile(join(folder, `.lock.${slot}.0`), text);
      const before = (await own(folder)).length;
      expect(await deliver({ content })).toMatchObject({ kind: 'delivered' });
      await close();
      expect(before - (await own(folder)).length).toBe(want === 'replaced' ? 1 : 0);
    }
  });

  test('symlink attack: are not written to where they are links', async () => {
    const { deliver, folder } = await realMailboxes();
    await mkdir(join(folder, 'elsewhere'));
    await writeFile(join(folder, 'elsewhere', 'secret'), 'secret');
    for (let slot = 0; slot < 40; slot += 1) await symlink('elsewhere/secret', join(folder, `.lock.${slot}.0`));
    expect(await deliver({ content })).toMatchObject({ kind: 'delivered' });
    expect(await readFile(join(folder, 'elsewhere', 'secret'), 'utf8')).toBe('secret');
  });
});
