/** A queue that an older version wrote is brought up to date when a gateway begins, and its mail goes on. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { encodeMail, encodeTrace } from '../../../core/queue/codec.ts';
import type { Update } from '../../../core/queue/sqlite-protocol.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { bringUpToDate } from '../../../core/queue/sqlite-update.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { ARRIVAL, after, mailFor, newMail, order, STEP } from './queued-mail.ts';

const FORMAT_1 = readFileSync(new URL('./format-1.sql', import.meta.url), 'utf8');
const ROOM = { each: 10, but: new Map<string, number>() };

/** A folder with two mails that wait, one of them since a minute ago, and one that is held. */
async function oldQueue(): Promise<string> {
  const directory = await tempFolder();
  writeFileSync(join(directory, 'queue.db'), '');
  const database = new DatabaseSync(join(directory, 'queue.db'));
  database.exec(FORMAT_1);
  database.prepare('INSERT INTO content (key, size, octets) VALUES (1, 3, ?)').run(Buffer.from('x\r\n'));
  const mails = [
    { id: 'later', state: 'waiting', due: after(60_000) },
    { id: 'now', state: 'waiting', due: ARRIVAL },
    { id: 'held', state: 'held', due: ARRIVAL },
  ];
  for (const [index, { id, state, due }] of mails.entries()) {
    // In those days nobody wrote down a priority.
    const record = encodeMail(mailFor(id)).replace(',"requireTls":false,"priority":0', '');
    expect(record).not.toContain('priority');
    database
      .prepare('INSERT INTO mail (key, id, content, received, record, trace) VALUES (?, ?, 1, ?, ?, ?)')
      .run(index + 1, id, ARRIVAL.getTime(), record, encodeTrace([STEP]));
    database
      .prepare("INSERT INTO recipient (mail, position, destination, state, due) VALUES (?, 0, 'example.test', ?, ?)")
      .run(index + 1, state, due.getTime());
  }
  database.prepare("INSERT INTO destination VALUES ('example.test', ?)").run(ARRIVAL.getTime());
  database.close();
  return directory;
}

async function opened(directory: string, role: 'owner' | 'guest') {
  const store = await openSqliteStore({ directory, role, log: recordingLog() });
  onTestFinished(() => store.close());
  return store;
}

test('format 1: what waits is leased in its order, what is held stays held, and new mail has its priority', async () => {
  const directory = await oldQueue();
  const store = await opened(directory, 'owner');
  expect(await store.nextDue()).toEqual(ARRIVAL);
  await store.commit([newMail('urgent', { parameters: { priority: 9 } })]);
  const leases = await store.lease({ owner: 'one', now: after(60_000), until: after(1e6), limit: 10, room: ROOM });
  expect(leases.map(({ mail }) => mail.id)).toEqual(['urgent', 'now', 'later']);
  expect(leases[1]?.mail.envelope.parameters).toMatchObject({ priority: 0, requireTls: false });
  expect((await store.find('held'))?.entry.recipients[0]?.state).toBe('held');
  await store.release('held', order(60_000));
  expect(await store.nextDue()).toEqual(after(60_000));
});

test('format 1: opening it again changes nothing more', async () => {
  const directory = await oldQueue();
  await (await opened(directory, 'owner')).close();
  const store = await opened(directory, 'owner');
  expect((await store.list({ after: null, limit: 10 })).entries.map(({ id }) => id)).toEqual(['held', 'later', 'now']);
});

test('format 1: nobody knows what its contents were, and they are not checked; those of new mail are', async () => {
  const directory = await oldQueue();
  const store = await opened(directory, 'owner');
  await store.commit([newMail('new')]);
  const database = new DatabaseSync(join(directory, 'queue.db'), { timeout: 5000 });
  database.exec("UPDATE content SET octets = CAST('T' || substr(octets, 2) AS BLOB)");
  database.close();
  const leases = await store.lease({ owner: 'one', now: ARRIVAL, until: after(1e6), limit: 10, room: ROOM });
  expect(leases.map(({ mail }) => mail.id)).toEqual(['now']);
  expect(String(await leases[0]?.mail.content.bytes())).toBe('T\r\n');
  expect((await store.find('new'))?.entry.hold?.reason).toContain('its checksum is wrong');
});

test('format 3: what waits goes on, and is not checked', async () => {
  const directory = await tempFolder();
  const before = await opened(directory, 'owner');
  await before.commit([newMail('A')]);
  await before.close();
  const database = new DatabaseSync(join(directory, 'queue.db'));
  database.exec(
    "ALTER TABLE counter DROP COLUMN landed; ALTER TABLE counter DROP COLUMN seal; ALTER TABLE content DROP COLUMN crc32; UPDATE content SET octets = CAST('T' || substr(octets, 2) AS BLOB)",
  );
  database.exec('PRAGMA user_version = 3');
  database.close();
  await expect(opened(directory, 'guest')).rejects.toThrow('it has the older format 3: start the gateway once');
  const store = await opened(directory, 'owner');
  const [lease] = await store.lease({ owner: 'one', now: ARRIVAL, until: after(1e6), limit: 10, room: ROOM });
  expect(String(await lease?.mail.content.bytes())).toMatch(/^Tubject: greetings/);
});

test('format 1: a long queue is brought up to date piece by piece, nobody is left out, and the log says how far it is', async () => {
  const directory = await oldQueue();
  const database = new DatabaseSync(join(directory, 'queue.db'));
  database.exec('PRAGMA foreign_keys = OFF');
  database.exec("UPDATE mail SET key = 120000 WHERE id = 'later'; UPDATE recipient SET mail = 120000 WHERE mail = 1");
  const told: Update[] = [];
  let time = 0;
  const telling = { tell: (update: Update) => void told.push(update), now: () => (time += 2000) };
  bringUpToDate(database, 1, telling);
  expect(database.prepare('SELECT mail, size FROM recipient').all()).toMatchObject([
    { mail: 2, size: 3 },
    { mail: 3, size: 3 },
    { mail: 120000, size: 3 },
  ]);
  bringUpToDate(database, 5, telling);
  database.close();
  expect(told[0]).toEqual({ kind: 'begins', from: 1, to: 5, mails: 3 });
  expect(told.at(-1)).toMatchObject({ kind: 'done', from: 1, to: 5 });
  const between = told.slice(1, -1).map(one => (one.kind === 'goes-on' ? one.done : Number.NaN));
  expect(between.length).toBeGreaterThan(3);
  expect(between).toEqual(between.toSorted((one, other) => one - other));
  expect(between.every(done => done > 0 && done < 1)).toBe(true);
});

test('the start of a gateway that brings its queue up to date says so, once', async () => {
  const directory = await oldQueue();
  for (const events of [['advanced', 'updated'], []]) {
    const log = recordingLog();
    const store = await openSqliteStore({ directory, role: 'owner', log });
    await store.close();
    expect(log.lines.map(({ event }) => event).filter(event => /^(?:advanced|updated)$/.test(event))).toEqual(events);
  }
});

test('format 1: a guest changes nothing, and says what to do', async () => {
  const directory = await oldQueue();
  await expect(opened(directory, 'guest')).rejects.toThrow('it has the older format 1: start the gateway once');
  await expect(opened(directory, 'guest')).rejects.toMatchObject({ code: 'QUEUE_FORMAT' });
  await (await opened(directory, 'owner')).close();
  expect(await (await opened(directory, 'guest')).find('now')).not.toBeNull();
});
