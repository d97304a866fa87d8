/** The history of the queue on the disk: what is kept, for how long, and what happens when it cannot be written. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deliveredTo } from '../../../core/mail/outcome.ts';
import type { QueueStore } from '../../../core/plugin/queue-store.ts';
import { forgetHistory, HistoryFolder, type HistorySettings } from '../../../core/queue/history-folder.ts';
import { historyLine, type PastRow } from '../../../core/queue/history-line.ts';
import { findPast } from '../../../core/queue/history-search.ts';
import { queueIds, timeOfQueueId } from '../../../core/queue/queue-id.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { seededRandom } from '../../../core/testing/seeded-random.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { ARRIVAL, after, newMail, order } from './queued-mail.ts';

const DAY = 86_400_000;
const WEEK = { keep: 7 * DAY, size: 1e9 };

interface Kept {
  readonly folder: HistoryFolder;
  readonly directory: string;
  readonly failures: unknown[];
  /** The machine's time, so many days after the arrival. */
  readonly at: (days: number) => void;
  readonly files: () => readonly string[];
}

async function kept(settings: HistorySettings | null = WEEK): Promise<Kept> {
  const directory = await tempFolder();
  let now = ARRIVAL.getTime();
  const failures: unknown[] = [];
  const folder = new HistoryFolder(directory, { settings, now: () => now, report: error => failures.push(error) });
  return {
    folder,
    directory,
    failures,
    at: days => {
      now = after(days * DAY).getTime();
    },
    files: () => readdirSync(join(directory, 'history')).toSorted(),
  };
}

function row(id: string, change: Partial<PastRow> = {}): PastRow {
  const [received, left] = [ARRIVAL.getTime(), after(5).getTime()];
  return {
    id,
    receivedAt: received,
    leftAt: left,
    size: 7,
    mailJson: '{}',
    removedJson: null,
    recipients: [],
    tracesJson: [],
    ...change,
  };
}

const line = (id: string) => historyLine(row(id));

describe('the files', () => {
  test('one for each day, the oldest go when their time is over', async () => {
    const { folder, at, files } = await kept();
    for (const day of [0, 1, 3, 7]) {
      at(day);
      folder.append([line(`D${day}`)]);
    }
    expect(files()).toEqual([0, 1, 3, 7].map(day => `2030-01-0${1 + day}-0001.jsonl`));
    at(9);
    folder.append([line('D9')]);
    expect(files()).toEqual(['2030-01-04-0001.jsonl', '2030-01-08-0001.jsonl', '2030-01-10-0001.jsonl']);
  });

  test('they go while no mail leaves, too', async () => {
    const { folder, at, files } = await kept();
    folder.append([line('A')]);
    at(8.5);
    folder.sweep();
    expect(files()).toEqual([]);
  });

  test('all together they are no larger than they may be, and the newest stay', async () => {
    const { folder, directory, files } = await kept({ keep: 7 * DAY, size: 16_000 });
    for (let count = 0; count < 400; count++) folder.append([line(`M${String(count).padStart(3, '0')}`)]);
    const size = files().reduce((sum, name) => sum + statSync(join(directory, 'history', name)).size, 0);
    expect(size).toBeLessThanOrEqual(16_000);
    expect(size).toBeGreaterThan(12_000);
    expect(await findPast(directory, 'M399')).not.toBeNull();
    expect(await findPast(directory, 'M001')).toBeNull();
  });

  test('other files in the folder are left alone', async () => {
    const { folder, directory, at, files } = await kept();
    folder.append([line('A')]);
    writeFileSync(join(directory, 'history', 'notes.txt'), 'mine');
    at(30);
    folder.sweep();
    forgetHistory(directory);
    expect(files()).toEqual(['notes.txt']);
  });

  test('nobody else may read them', async () => {
    const { folder, directory, files } = await kept();
    folder.append([line('A')]);
    expect(statSync(join(directory, 'history')).mode & 0o077).toBe(0);
    expect(statSync(join(directory, 'history', files()[0] ?? '')).mode & 0o077).toBe(0);
  });

  test('a line that a crash has cut short takes no other with it', async () => {
    const { folder, directory, files } = await kept();
    folder.append([line('A')]);
    appendFileSync(join(directory, 'history', files()[0] ?? ''), line('B').slice(0, 20));
    const next = new HistoryFolder(directory, {
      settings: WEEK,
      now: () => ARRIVAL.getTime(),
      report: () => undefined,
    });
    next.append([line('C')]);
    expect(await findPast(directory, 'A')).not.toBeNull();
    expect(await findPast(directory, 'B')).toBeNull();
    expect(await findPast(directory, 'C')).not.toBeNull();
  });

  test('what cannot be written is told once, and it goes on when it can', async () => {
    const { folder, directory, failures, files } = await kept();
    writeFileSync(join(directory, 'history'), 'in the way');
    folder.append([line('A')]);
    folder.append([line('B')]);
    expect(failures).toHaveLength(1);
    unlinkSync(join(directory, 'history'));
    folder.append([line('C')]);
    expect(files()).toHaveLength(1);
    expect(await findPast(directory, 'C')).not.toBeNull();
  });

  test('whoever does not know what is to be kept writes where there is a history, and removes nothing', async () => {
    const { folder, directory, at, files } = await kept(null);
    folder.append([line('A')]);
    expect(existsSync(join(directory, 'history'))).toBe(false);
    mkdirSync(join(directory, 'history'));
    folder.append([line('B')]);
    at(100);
    folder.sweep();
    folder.append([line('C')]);
    expect(files()).toHaveLength(2);
  });
});

describe('looking for a mail', () => {
  test('reads the files of the days since it arrived, and no others', async () => {
    const clock = new ManualClock(after(3 * DAY));
    const id = queueIds({ clock, random: seededRandom(1) })();
    expect(timeOfQueueId(id)).toBe(after(3 * DAY).getTime());
    expect(timeOfQueueId(`${id}.2`)).toBe(after(3 * DAY).getTime());
    const { folder, directory, at } = await kept();
    at(0);
    folder.append([historyLine(row(id, { size: 1 }))]);
    at(4);
    folder.append([historyLine(row(`${id}.2`)), historyLine(row(id, { size: 2 }))]);
    expect((await findPast(directory, id))?.entry.size).toBe(2);
  });

  test('finds lines across the pieces in which a file is read, and long ones', async () => {
    const { folder, directory } = await kept();
    const long = historyLine(row('LONG', { mailJson: JSON.stringify({ text: 'é'.repeat(2_000_000) }) }));
    const many = Array.from({ length: 3000 }, (_, index) =>
      historyLine(row(`N${index}`, { mailJson: `"${'x'.repeat(700)}"` })),
    );
    folder.append([...many, long, line('LAST')]);
    for (const id of ['N0', 'N1417', 'N2999', 'LONG', 'LAST']) {
      expect((await findPast(directory, id))?.entry.id).toBe(id);
    }
    expect(await findPast(directory, 'N')).toBeNull();
  });

  test('text in a line that looks like the beginning of another one is none', async () => {
    const { folder, directory } = await kept();
    folder.append([historyLine(row('A', { mailJson: JSON.stringify('{"id":"B",') })), line('C')]);
    expect(await findPast(directory, 'B')).toBeNull();
  });

  test('there may be no history', async () => {
    expect(await findPast(await tempFolder(), 'A')).toBeNull();
  });
});

describe('in the store', () => {
  const ROOM = { each: 10, but: new Map<string, number>() };
  const opened = async (
    directory: string,
    history: HistorySettings | 'off' = WEEK,
    role: 'owner' | 'guest' = 'owner',
  ) => {
    const log = recordingLog();
    const store = await openSqliteStore({ directory, role, log, history });
    onTestFinished(() => store.close());
    return { store, log };
  };
  const deliver = async (store: QueueStore, id: string) => {
    await store.commit([newMail(id)]);
    const [lease] = await store.lease({ owner: 'one', now: ARRIVAL, until: after(60_000), limit: 1, room: ROOM });
    if (lease === undefined) throw new Error('nothing was leased');
    await store.settle(lease, [{ index: 0, kind: 'done', outcome: deliveredTo('bob') }], [], []);
  };

  test('outlives the store', async () => {
    const directory = await tempFolder();
    const { store } = await opened(directory);
    await deliver(store, 'A');
    await store.close();
    const { store: guest } = await opened(directory, 'off', 'guest');
    expect((await guest.past('A'))?.entry.recipients[0]?.lastOutcome).toEqual(deliveredTo('bob'));
  });

  test('a guest that removes a mail writes it down', async () => {
    const directory = await tempFolder();
    const { store } = await opened(directory);
    await store.commit([newMail('B')]);
    const { store: guest } = await opened(directory, WEEK, 'guest');
    await guest.remove('B', order());
    expect(await store.past('B')).toMatchObject({ removed: { by: 'eve' } });
  });

  test('off: nothing is written, and what was there is removed', async () => {
    const directory = await tempFolder();
    const { store } = await opened(directory);
    await deliver(store, 'A');
    await store.close();
    const { store: next } = await opened(directory, 'off');
    await deliver(next, 'B');
    expect(existsSync(join(directory, 'history'))).toBe(false);
    expect(await next.past('A')).toBeNull();
    expect(await next.past('B')).toBeNull();
  });

  test('a disk that takes no history delays nobody, and the log says so', async () => {
    const directory = await tempFolder();
    writeFileSync(join(directory, 'history'), 'in the way');
    const { store, log } = await opened(directory);
    await deliver(store, 'A');
    await deliver(store, 'B');
    expect(await store.find('A')).toBeNull();
    expect(log.of('failed')).toMatchObject([{ level: 'warn', fields: { keeping: 'the history of the queue' } }]);
  });

  test('a mail whose removal is undone with its transaction is not in it', async () => {
    const directory = await tempFolder();
    const { store } = await opened(directory);
    await store.commit([newMail('A')]);
    const database = new DatabaseSync(join(directory, 'queue.db'), { timeout: 5000 });
    database.exec("CREATE TRIGGER stuck BEFORE DELETE ON mail BEGIN SELECT RAISE(ABORT, 'stuck'); END");
    await expect(store.remove('A', order())).rejects.toThrow('stuck');
    expect(await store.past('A')).toBeNull();
    database.exec('DROP TRIGGER stuck');
    database.close();
    await store.remove('A', order());
    expect(await store.past('A')).not.toBeNull();
  });

  test('a damaged mail that is removed is in it, as far as it can be read', async () => {
    const directory = await tempFolder();
    const { store } = await opened(directory);
    await store.commit([newMail('A')]);
    const database = new DatabaseSync(join(directory, 'queue.db'), { timeout: 5000 });
    database.exec("UPDATE mail SET record = '{'");
    database.close();
    await store.remove('A', order());
    const past = await store.past('A');
    expect(past).toMatchObject({ removed: { by: 'eve' }, session: null });
    expect(past?.entry).toMatchObject({ id: 'A', envelope: null, recipients: [] });
    expect(past?.trace).toHaveLength(2);
  });

  test('the content is not kept', async () => {
    const directory = await tempFolder();
    const { store } = await opened(directory);
    await deliver(store, 'A');
    const [file = ''] = readdirSync(join(directory, 'history'));
    expect(readFileSync(join(directory, 'history', file), 'utf8')).not.toContain('Hello');
  });
});
