/** The embedded store keeps the promises of the port, and those about the disk. */
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BLOCK, BlockPool } from '../../../core/mail/block-pool.ts';
import { contentOf } from '../../../core/mail/content.ts';
import { replyToError, STORAGE_FULL } from '../../../core/mail/failure.ts';
import { Held, HeldContent } from '../../../core/mail/held-content.ts';
import { areKnownLines, knownLines } from '../../../core/mail/known-lines.ts';
import { deliveredTo } from '../../../core/mail/outcome.ts';
import type { QueueStore } from '../../../core/plugin/queue-store.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { queueControlContract } from '../../contracts/queue-control.ts';
import { queuePlacesContract } from '../../contracts/queue-places.ts';
import { queueStoreContract } from '../../contracts/queue-store.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { ARRIVAL, after, newMail, order } from './queued-mail.ts';

const open = async () => openSqliteStore({ directory: await tempFolder(), role: 'owner', log: recordingLog() });
queueStoreContract('sqlite store', open);
queuePlacesContract('sqlite store', open);
queueControlContract('sqlite store', open);

const LARGE = contentOf(Buffer.alloc(256 * 1024, 'large\r\n'));
const ROOM = { each: 10, but: new Map<string, number>() };
const DUE = { owner: 'one', now: ARRIVAL, until: after(60_000), limit: 10, room: ROOM };

async function opened(directory: string, role: 'owner' | 'guest' = 'owner'): Promise<QueueStore> {
  const store = await openSqliteStore({ directory, role, log: recordingLog() });
  onTestFinished(() => store.close());
  return store;
}

/** What somebody does to the database behind the store's back. */
function tamper(directory: string, sql: string): void {
  const database = new DatabaseSync(join(directory, 'queue.db'), { timeout: 5000 });
  database.exec(sql);
  database.close();
}

/** The disk changes an octet in the middle of a file, and nothing else. */
function flipIn(file: string): void {
  const octets = readFileSync(file);
  const place = Math.floor(octets.length / 2);
  octets[place] = (octets[place] ?? 0) ^ 1;
  writeFileSync(file, octets);
}

/** The same in a row: the first octet, which is an `S`. */
const FLIP_ROW = "UPDATE content SET octets = CAST('T' || substr(octets, 2) AS BLOB) WHERE key = 1";

const spooled = (directory: string) => readdirSync(join(directory, 'spool'));

describe('a store that is closed and opened again', () => {
  test('has everything it had', async () => {
    const directory = await tempFolder();
    const first = await opened(directory);
    await first.commit([newMail('A'), newMail('L', { content: LARGE })]);
    const before = await first.find('A');
    await first.close();
    const second = await opened(directory);
    const found = await second.find('A');
    expect(found?.entry).toEqual(before?.entry);
    expect(found?.trace).toEqual(before?.trace);
    expect(await (await second.find('L'))?.mail?.content.bytes()).toEqual(await LARGE.bytes());
  });

  test('gives out again what was leased when it ended', async () => {
    const directory = await tempFolder();
    const first = await opened(directory);
    await first.commit([newMail('A')]);
    await first.lease(DUE);
    await first.close();
    expect((await (await opened(directory)).lease(DUE)).map(lease => lease.mail.id)).toEqual(['A']);
  });

  test('does what was asked before the close, and nothing after it', async () => {
    const directory = await tempFolder();
    const first = await opened(directory);
    await first.commit([newMail('A')]);
    const removed = first.remove('A', order());
    const closed = first.close();
    expect(await removed).toMatchObject({ recipients: 1 });
    await closed;
    await expect(first.commit([newMail('B')])).rejects.toThrow('closed');
  });
});

describe('large content', () => {
  test('lies in a spool file, which goes when the mail goes', async () => {
    const directory = await tempFolder();
    const store = await opened(directory);
    await store.commit([newMail('A', { content: LARGE }), newMail('B')]);
    expect(spooled(directory)).toEqual(['A']);
    const [lease] = await store.lease(DUE);
    expect(await lease?.mail.content.bytes()).toEqual(await LARGE.bytes());
    for (const stream of [lease?.mail.content.stream(), lease?.mail.content.fleeting?.()]) {
      const pieces: Buffer[] = [];
      for await (const piece of stream ?? []) pieces.push(Buffer.from(piece));
      expect(Buffer.concat(pieces)).toEqual(await LARGE.bytes());
    }
    if (lease !== undefined) {
      await store.settle(lease, [{ index: 0, kind: 'done', outcome: deliveredTo('bob') }], [], []);
    }
    expect(spooled(directory)).toEqual([]);
  });

  test('is stored once for the mails that share it, and stays as long as one of them', async () => {
    const directory = await tempFolder();
    const store = await opened(directory);
    await store.commit([newMail('A', { content: LARGE }), newMail('B', { content: LARGE })]);
    expect(spooled(directory)).toHaveLength(1);
    await store.remove('A', order());
    expect(await (await store.find('B'))?.mail?.content.bytes()).toEqual(await LARGE.bytes());
    await store.remove('B', order());
    expect(spooled(directory)).toEqual([]);
  });

  test('that is a file already is not copied, and outlives that file', async () => {
    const directory = await tempFolder();
    const file = join(await tempFolder(), 'incoming');
    writeFileSync(file, await LARGE.bytes());
    const stream = () => {
      throw new Error('the octets were read');
    };
    const store = await opened(directory);
    const crc = crc32(await LARGE.bytes());
    await store.commit([newMail('A', { content: { ...LARGE, stream, file, crc32: crc } })]);
    unlinkSync(file);
    expect(await (await store.find('A'))?.mail?.content.bytes()).toEqual(await LARGE.bytes());
  });

  test('that is in memory too is synced by whoever wrote it, and stays in memory for who has claimed it', async () => {
    const directory = await tempFolder();
    const file = join(await tempFolder(), 'incoming');
    const octets = await LARGE.bytes();
    writeFileSync(file, octets);
    const store = await opened(directory);
    const synced: boolean[] = [];
    const sync = async () => void synced.push(existsSync(join(directory, 'spool', 'A')));
    const held = new Held([octets], () => undefined);
    const content = new HeldContent(held, { ...LARGE, file, crc32: crc32(octets), sync });
    const claim = { owner: 'one', until: after(60_000) };
    const [lease] = await store.commit([newMail('A', { content: knownLines(content) })], claim);
    expect(synced).toEqual([true]);
    const ours = lease?.mail.content;
    if (ours === undefined) throw new Error('it was not claimed');
    expect(ours.file).toBe(join(directory, 'spool', 'A'));
    expect(areKnownLines(ours)).toBe(true);
    flipIn(join(directory, 'spool', 'A'));
    expect(await ours.bytes()).toEqual(octets);
    held.letGo();
    await expect(ours.bytes()).rejects.toThrow('its checksum is wrong');
  });

  test('that is known to be lines is known to be as it leaves the queue, by whoever put it there alone', async () => {
    const directory = await tempFolder();
    const store = await opened(directory);
    await store.commit([newMail('A', { content: knownLines({ ...LARGE }) })]);
    await store.commit([newMail('B', { content: { ...LARGE } })]);
    const known = async (from: QueueStore) =>
      (await from.lease(DUE)).map(({ mail: { id, content } }) => `${id} ${areKnownLines(content)}`).toSorted();
    expect(await known(store)).toEqual(['A true', 'B false']);
    await store.giveBack(DUE.owner);
    await store.close();
    expect(await known(await opened(directory))).toEqual(['A false', 'B false']);
  });

  test('is read into a block as long as one is left, and that comes back', async () => {
    const directory = await tempFolder();
    const blocks = new BlockPool(BLOCK);
    const store = await openSqliteStore({ directory, role: 'owner', log: recordingLog(), blocks });
    onTestFinished(() => store.close());
    await store.commit([newMail('A', { content: LARGE })]);
    const content = (await store.find('A'))?.mail?.content;
    const first = content?.fleeting?.()[Symbol.asyncIterator]();
    expect((await first?.next())?.value?.length).toBe(Math.min(LARGE.size, BLOCK));
    expect(blocks.take()).toBeNull();
    const other = content?.fleeting?.()[Symbol.asyncIterator]();
    expect((await other?.next())?.value?.length).toBe(64 * 1024);
    await first?.return?.();
    await other?.return?.();
    expect(blocks.take()).not.toBeNull();
  });

  test('that cannot be synced is not committed', async () => {
    const directory = await tempFolder();
    const file = join(await tempFolder(), 'incoming');
    writeFileSync(file, await LARGE.bytes());
    const store = await opened(directory);
    const sync = () => Promise.reject(Object.assign(new Error('the disk is broken'), { code: 'EIO' }));
    const content = { ...LARGE, file, crc32: crc32(await LARGE.bytes()), sync };
    await expect(store.commit([newMail('A', { content })])).rejects.toMatchObject({ code: 'EIO' });
    expect(await store.find('A')).toBeNull();
    expect(existsSync(join(directory, 'spool', 'A'))).toBe(false);
  });

  test('that is a file of another size than it should have is not committed', async () => {
    const directory = await tempFolder();
    const file = join(await tempFolder(), 'incoming');
    writeFileSync(file, 'less');
    const store = await opened(directory);
    const content = { ...LARGE, file, crc32: crc32(await LARGE.bytes()) };
    await expect(store.commit([newMail('A', { content })])).rejects.toThrow('octets');
    expect(await store.find('A')).toBeNull();
    expect(existsSync(join(directory, 'spool', 'A'))).toBe(false);
  });

  test('that is a file of which nobody knows what it should be is copied', async () => {
    const directory = await tempFolder();
    const file = join(await tempFolder(), 'incoming');
    writeFileSync(file, await LARGE.bytes());
    const store = await opened(directory);
    await store.commit([newMail('A', { content: { ...LARGE, file } })]);
    expect(statSync(file).nlink).toBe(1);
    flipIn(join(directory, 'spool', 'A'));
    await expect((await store.find('A'))?.mail?.content.bytes()).rejects.toThrow('its checksum is wrong');
  });

  test('leaves no file where the commit fails', async () => {
    const directory = await tempFolder();
    const store = await opened(directory);
    await store.commit([newMail('A')]);
    await expect(store.commit([newMail('B', { content: LARGE }), newMail('A')])).rejects.toThrow();
    expect(spooled(directory)).toEqual([]);
  });

  test('leaves no file where a notification is lost', async () => {
    const directory = await tempFolder();
    const store = await opened(directory);
    await store.commit([newMail('A')]);
    const [lease] = await store.lease(DUE);
    await store.remove('A', order());
    const done = [{ index: 0, kind: 'done', outcome: deliveredTo('bob') }] as const;
    if (lease !== undefined)
      expect(await store.settle(lease, done, [], [newMail('N', { content: LARGE })])).toBe('lost');
    expect(spooled(directory)).toEqual([]);
  });

  test('path traversal: an id that is no file name is refused', async () => {
    const store = await opened(await tempFolder());
    await expect(store.commit([newMail('../evil', { content: LARGE })])).rejects.toThrow('no queue id');
  });

  test('what a crash left in the spool is swept behind the start, and nothing else', async () => {
    const directory = await tempFolder();
    const first = await opened(directory);
    await first.commit([newMail('A', { content: LARGE })]);
    await first.close();
    writeFileSync(join(directory, 'spool', 'ORPHAN'), 'left behind');
    const log = recordingLog();
    const second = await openSqliteStore({ directory, role: 'owner', log });
    onTestFinished(() => second.close());
    await second.commit([newMail('B', { content: LARGE })]);
    await until(() => expect(log.lines).toMatchObject([{ event: 'swept', fields: { files: 1 } }]));
    expect(spooled(directory)).toEqual(['A', 'B']);
  });
});

describe('damage', () => {
  const harms: readonly (readonly [string, (directory: string) => void])[] = [
    ['a record that is no JSON', directory => tamper(directory, "UPDATE mail SET record = '{' WHERE id = 'A'")],
    [
      'a record of a later version',
      directory => tamper(directory, `UPDATE mail SET record = '{"v":99}' WHERE id = 'A'`),
    ],
    ['a recipient too few', directory => tamper(directory, 'DELETE FROM recipient WHERE mail = 1 AND position = 1')],
    ['a spool file that is gone', directory => unlinkSync(join(directory, 'spool', 'A'))],
    ['a spool file that is too short', directory => truncateSync(join(directory, 'spool', 'A'), 1000)],
  ];
  test.for(harms)('%s: the mail is set aside and reported, the others go on', async ([, harm]) => {
    const directory = await tempFolder();
    const log = recordingLog();
    const store = await openSqliteStore({ directory, role: 'owner', log });
    onTestFinished(() => store.close());
    await store.commit([newMail('A', { to: ['a@one.example', 'b@one.example'], content: LARGE }), newMail('B')]);
    harm(directory);
    expect((await store.lease(DUE)).map(lease => lease.mail.id)).toEqual(['B']);
    expect(log.of('damaged')).toMatchObject([{ level: 'error', fields: { queueId: 'A' } }]);
    expect((await store.list({ after: null, limit: 10 })).entries.map(entry => entry.id)).toEqual(['A', 'B']);
    expect((await store.find('A'))?.entry.hold).toMatchObject({
      by: 'mailframe',
      reason: expect.stringMatching(/is not/),
    });
    expect(await store.nextDue(['example.test'])).toEqual(after(60_000));
    expect(await store.lease({ ...DUE, owner: 'two' })).toEqual([]);
  });

  test('an octet of a row that the disk has changed: the mail is set aside when it is leased', async () => {
    const directory = await tempFolder();
    const log = recordingLog();
    const store = await openSqliteStore({ directory, role: 'owner', log });
    onTestFinished(() => store.close());
    await store.commit([newMail('A', { content: contentOf('Subject: first\r\n') }), newMail('B')]);
    tamper(directory, FLIP_ROW);
    expect((await store.lease(DUE)).map(lease => lease.mail.id)).toEqual(['B']);
    const cause = 'its content has other octets than came: its checksum is wrong';
    expect(log.of('damaged')).toMatchObject([{ level: 'error', fields: { queueId: 'A', cause } }]);
    expect(await store.find('A')).toMatchObject({ entry: { hold: { by: 'mailframe', reason: cause } }, mail: null });
  });

  test('an octet of a row that is read when it is asked for, or of a spool file: reading it fails', async () => {
    const directory = await tempFolder();
    const store = await opened(directory);
    const middle = contentOf(`Subject: middle\r\n${'x'.repeat(100_000)}\r\n`);
    await store.commit([newMail('A', { content: middle }), newMail('L', { content: LARGE })]);
    tamper(directory, FLIP_ROW);
    flipIn(join(directory, 'spool', 'L'));
    const leases = await store.lease(DUE);
    expect(leases.map(lease => lease.mail.id)).toEqual(['A', 'L']);
    for (const { mail } of leases) {
      await expect(mail.content.bytes()).rejects.toThrow('has other octets than came');
      await expect(Array.fromAsync(mail.content.stream())).rejects.toThrow('has other octets than came');
      await expect(Array.fromAsync(mail.content.fleeting?.() ?? [])).rejects.toThrow('has other octets than came');
    }
  });

  test('large mail that is delivered at once is checked like any other', async () => {
    const directory = await tempFolder();
    const store = await opened(directory);
    const [lease] = await store.commit([newMail('L', { content: LARGE })], { owner: 'one', until: after(60_000) });
    flipIn(join(directory, 'spool', 'L'));
    await expect(Array.fromAsync(lease?.mail.content.stream() ?? [])).rejects.toThrow('its checksum is wrong');
  });

  test('a mail that somebody mended is released', async () => {
    const directory = await tempFolder();
    const store = await opened(directory);
    await store.commit([newMail('A')]);
    tamper(directory, 'UPDATE mail SET record = replace(record, \'"v":1\', \'"v":0\')');
    expect(await store.lease(DUE)).toEqual([]);
    expect((await store.find('A'))?.mail).toBeNull();
    tamper(directory, 'UPDATE mail SET record = replace(record, \'"v":0\', \'"v":1\')');
    expect(await store.release('A', order())).toMatchObject({ recipients: 1 });
    expect(await store.lease(DUE)).toHaveLength(1);
  });
});

describe('who may open it', () => {
  test('a second owner is refused, and told who the first one is', async () => {
    const directory = await tempFolder();
    await opened(directory);
    const second = openSqliteStore({ directory, role: 'owner', log: recordingLog() });
    await expect(second).rejects.toThrow(`is in use by process ${process.pid} on`);
    await expect(second).rejects.toMatchObject({ code: 'QUEUE_IN_USE' });
  });

  test('a guest acts while the owner works', async () => {
    const directory = await tempFolder();
    const owner = await opened(directory);
    await owner.commit([newMail('A'), newMail('B')]);
    await owner.lease({ ...DUE, limit: 1 });
    const guest = await opened(directory, 'guest');
    expect((await guest.list({ after: null, limit: 10 })).entries.map(entry => entry.recipients[0]?.state)).toEqual([
      'leased',
      'waiting',
    ]);
    expect(await guest.remove('B', order())).toMatchObject({ recipients: 1 });
    expect(await owner.find('B')).toBeNull();
    await guest.close();
    expect((await owner.find('A'))?.entry.recipients[0]?.state).toBe('leased');
  });

  test('other users of the machine cannot read the mail, whoever made the folder', async () => {
    const directory = await tempFolder();
    chmodSync(directory, 0o755);
    const store = await opened(directory);
    await store.commit([newMail('A'), newMail('L', { content: LARGE })]);
    const names = ['queue.db', 'queue.db-wal', 'owner.lock', 'spool', join('spool', 'L')];
    expect(names.map(name => statSync(join(directory, name)).mode & 0o077)).toEqual([0, 0, 0, 0, 0]);
  });

  test('a guest makes no queue where there is none', async () => {
    const directory = await tempFolder();
    const guest = openSqliteStore({ directory, role: 'guest', log: recordingLog() });
    await expect(guest).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('a queue of another format is left alone', async () => {
    const directory = await tempFolder();
    await (await opened(directory)).close();
    tamper(directory, 'PRAGMA user_version = 99');
    await expect(openSqliteStore({ directory, role: 'owner', log: recordingLog() })).rejects.toThrow('has format 99');
  });

  test('a folder that cannot be made is a refusal that says so', async () => {
    const file = join(await tempFolder(), 'file');
    writeFileSync(file, '');
    const directory = join(file, 'queue');
    await expect(openSqliteStore({ directory, role: 'owner', log: recordingLog() })).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
  });
});

describe('failures of the disk', () => {
  test('an error in the spool keeps its code, and the store goes on', async () => {
    const directory = await tempFolder();
    const store = await opened(directory);
    await mkdir(join(directory, 'spool', 'A'));
    await expect(store.commit([newMail('A', { content: LARGE })])).rejects.toMatchObject({ code: 'EEXIST' });
    await store.commit([newMail('B')]);
    expect(existsSync(join(directory, 'spool', 'A'))).toBe(true);
    expect(await store.find('B')).not.toBeNull();
  });

  test('a full disk is 452', () => {
    expect(replyToError({ code: 'SQLITE_FULL' })).toBe(STORAGE_FULL);
  });
});
