/** Group commit: one transaction for those who wait, and nobody pays for another's failure. */
import { readdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { replyToError, STORAGE_FULL } from '../../../core/mail/failure.ts';
import { HistoryFolder } from '../../../core/queue/history-folder.ts';
import { findPast } from '../../../core/queue/history-search.ts';
import { Spool } from '../../../core/queue/spool.ts';
import { SpoolFolder, type Volume } from '../../../core/queue/spool-folder.ts';
import { Group } from '../../../core/queue/sqlite-group.ts';
import type { Call } from '../../../core/queue/sqlite-protocol.ts';
import { orderRow, prepareRows } from '../../../core/queue/sqlite-rows.ts';
import { openDatabase } from '../../../core/queue/sqlite-schema.ts';
import type { MailParts } from '../../../core/testing/builders.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { newMail, order } from './queued-mail.ts';

interface Opened {
  readonly database: DatabaseSync;
  readonly group: Group;
  readonly commit: (number: number, id: string, parts?: MailParts) => Promise<Call>;
  readonly ids: () => readonly string[];
}

async function opened(
  measure: (path: string) => Volume = () => ({ free: 1e12, total: 1e12 }),
  history: (directory: string) => HistoryFolder | null = () => null,
): Promise<Opened> {
  const directory = await tempFolder();
  const { database, close } = openDatabase(directory, 'owner', { pid: 1, host: 'here' });
  onTestFinished(close);
  const group = new Group(database, { spool: new SpoolFolder(directory, measure), history: history(directory) });
  return {
    database,
    group,
    commit: async (number, id, parts) => {
      const { rows } = await prepareRows([newMail(id, parts)], new Spool(directory));
      return { number, kind: 'commit', input: { rows, claim: null } };
    },
    ids: () =>
      database
        .prepare('SELECT id FROM mail ORDER BY id')
        .all()
        .map(row => String(row.id)),
  };
}

test('a call that fails takes none of its group with it', async () => {
  const { group, commit, ids } = await opened();
  const replies = group.run([await commit(1, 'A'), await commit(2, 'A'), await commit(3, 'B')]);
  expect(replies.map(reply => [reply.number, reply.kind])).toEqual([
    [1, 'done'],
    [2, 'failed'],
    [3, 'done'],
  ]);
  expect(ids()).toEqual(['A', 'B']);
});

test('all of a group becomes visible at once', async () => {
  const { database, group, commit } = await opened();
  const seen: number[] = [];
  const file = database.location();
  if (file === null) throw new Error('the database is in no file');
  const other = new DatabaseSync(file, { readOnly: true });
  onTestFinished(() => other.close());
  const count = () => Number(other.prepare('SELECT count(*) AS n FROM mail').get()?.n);
  const calls = [await commit(1, 'A'), await commit(2, 'B')];
  database.function('look', () => {
    seen.push(count());
    return null;
  });
  database.exec('CREATE TEMP TRIGGER looking AFTER INSERT ON mail BEGIN SELECT look(); END');
  group.run(calls);
  expect(seen).toEqual([0, 0]);
  expect(count()).toBe(2);
});

test('disk full: what does not fit is refused with 452, what makes room goes on, and all recovers when there is room', async () => {
  const { database, group, commit, ids } = await opened();
  group.run([await commit(1, 'A')]);
  const pages = Number(database.prepare('PRAGMA page_count').get()?.page_count);
  database.exec(`PRAGMA max_page_count = ${pages + 2}`);
  const large = { content: contentOf(Buffer.alloc(200_000)) };
  const remove: Call = { number: 3, kind: 'remove', input: orderRow('remove', 'A', order()) };
  const replies = group.run([await commit(2, 'B', large), remove]);
  expect(replies).toMatchObject([
    { number: 2, kind: 'failed', trouble: { code: 'SQLITE_FULL' } },
    { number: 3, kind: 'done', output: { recipients: 1 } },
  ]);
  const [refused] = replies;
  if (refused?.kind === 'failed') expect(replyToError(refused.trouble)).toBe(STORAGE_FULL);
  database.exec(`PRAGMA max_page_count = ${pages + 1000}`);
  expect(group.run([await commit(4, 'B', large)])).toMatchObject([{ kind: 'done' }]);
  expect(ids()).toEqual(['B']);
});

test('disk nearly full: new mail is refused with 452, so that the rest has room to leave', async () => {
  const volume = { free: 1e9, total: 1e12 };
  const { group, commit, ids } = await opened(() => volume);
  group.run([await commit(1, 'A')]);
  volume.free = 60e6;
  const [refused, removed] = group.run([
    await commit(2, 'B'),
    { number: 3, kind: 'remove', input: orderRow('remove', 'A', order()) },
  ]);
  expect(refused).toMatchObject({ kind: 'failed', trouble: { code: 'ENOSPC' } });
  expect(removed).toMatchObject({ kind: 'done', output: { recipients: 1 } });
  volume.free = 70e6;
  expect(group.run([await commit(4, 'C')])).toMatchObject([{ kind: 'done' }]);
  expect(ids()).toEqual(['C']);
});

test('disk nearly full: the history does not eat what is left', async () => {
  const volume = { free: 1e9, total: 1e12 };
  const keptIn: string[] = [];
  const { group, commit } = await opened(
    () => volume,
    directory => {
      keptIn.push(directory);
      const settings = { keep: 86_400_000, size: 1e9 };
      return new HistoryFolder(directory, { settings, now: () => 0, report: () => undefined });
    },
  );
  group.run([await commit(1, 'A'), await commit(2, 'B')]);
  volume.free = 60e6;
  group.run([{ number: 3, kind: 'remove', input: orderRow('remove', 'A', order()) }]);
  volume.free = 70e6;
  group.run([{ number: 4, kind: 'remove', input: orderRow('remove', 'B', order()) }]);
  const [directory = ''] = keptIn;
  expect(await findPast(directory, 'A')).toBeNull();
  expect(await findPast(directory, 'B')).not.toBeNull();
});

test.for([
  { total: 1e6, reserve: 16 * 2 ** 20 },
  { total: 300 * 2 ** 20, reserve: 30 * 2 ** 20 },
  { total: 1e13, reserve: 64 * 2 ** 20 },
])('a volume of $total octets keeps $reserve free', async ({ total, reserve }) => {
  const volume = { free: reserve, total };
  const { group, commit } = await opened(() => volume);
  expect(group.run([await commit(1, 'A')])).toMatchObject([{ kind: 'done' }]);
  volume.free -= 1;
  expect(group.run([await commit(2, 'B')])).toMatchObject([{ kind: 'failed', trouble: { code: 'ENOSPC' } }]);
});

test('a spool file is not removed by a transaction that is undone', async () => {
  const { group, commit, database } = await opened();
  const folder = `${database.location()?.replace(/queue\.db$/, '')}spool`;
  group.run([await commit(1, 'A', { content: contentOf(Buffer.alloc(300_000)) })]);
  database.exec(`CREATE TEMP TRIGGER stuck BEFORE DELETE ON lane BEGIN SELECT RAISE(ABORT, 'stuck'); END`);
  expect(group.run([{ number: 2, kind: 'remove', input: orderRow('remove', 'A', order()) }])).toMatchObject([
    { kind: 'failed' },
  ]);
  database.exec('DROP TRIGGER stuck');
  group.run([await commit(3, 'B')]);
  expect(readdirSync(folder)).toEqual(['A']);
  group.run([{ number: 4, kind: 'remove', input: orderRow('remove', 'A', order()) }]);
  expect(readdirSync(folder)).toEqual([]);
});
