/** A new owner ends the leases of those before it in pieces, however many they left, and loses none on the way. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SpoolFolder } from '../../../core/queue/spool-folder.ts';
import { Group } from '../../../core/queue/sqlite-group.ts';
import type { Call, LeaseRow, Reply } from '../../../core/queue/sqlite-protocol.ts';
import { openDatabase } from '../../../core/queue/sqlite-schema.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { ARRIVAL, after, newMail, order } from './queued-mail.ts';

const MAILS = 1300;
const ids = Array.from({ length: MAILS }, (_, index) => `M${String(index).padStart(4, '0')}`);

/** A queue whose owner has ended with all of its mail leased, every second one of it on hold. */
async function left(): Promise<string> {
  const directory = await tempFolder();
  const store = await openSqliteStore({ directory, role: 'owner', log: recordingLog() });
  await store.commit(
    ids.map((id, index) => newMail(id, { to: `bob@d${index % 7}.test` })),
    { owner: 'gone', until: after(600_000) },
  );
  for (const id of ids.filter((_, index) => index % 2 === 1)) {
    await store.hold(id, order());
  }
  await store.close();
  return directory;
}

const LEASE = {
  owner: 'new',
  now: ARRIVAL.getTime(),
  until: ARRIVAL.getTime() + 60_000,
  limit: MAILS,
  each: MAILS,
  but: new Map<string, number>(),
  only: null,
  expiredBefore: 0,
} as const;

async function takenOver(directory: string) {
  const { database, close } = openDatabase(directory, 'owner', { pid: 2, host: 'here' });
  onTestFinished(close);
  const group = new Group(database, { spool: new SpoolFolder(directory) });
  group.takeOver('anew');
  const states = () =>
    Object.fromEntries(
      database
        .prepare('SELECT state, count(*) AS count FROM recipient GROUP BY state')
        .all()
        .map(row => [row.state, row.count]),
    );
  return { database, group, states };
}

function leases([reply]: readonly Reply[]): readonly LeaseRow[] {
  if (reply?.kind !== 'done') throw new Error('the lease failed');
  return (reply.output as { leases: readonly LeaseRow[] }).leases;
}

describe('the leases of an owner that has ended', () => {
  test('end in pieces: what waits, and what is on hold is held again', async () => {
    const { group, states } = await takenOver(await left());
    expect(states()).toEqual({ leased: MAILS - 500, waiting: 250, held: 250 });
    let pieces = 0;
    while (group.tidy()) pieces += 1;
    expect(pieces).toBe(2);
    expect(states()).toEqual({ waiting: MAILS / 2, held: MAILS / 2 });
  });

  test('end as well while the new owner leases, whose own leases stay', async () => {
    const { group, states } = await takenOver(await left());
    const lease: Call = { number: 1, kind: 'lease', input: LEASE };
    const first = leases(group.run([lease]));
    const second = leases(group.run([lease]));
    const third = leases(group.run([lease]));
    expect(new Set([...first, ...second, ...third].map(({ mail }) => mail.id)).size).toBe(MAILS / 2);
    expect(states()).toEqual({ leased: MAILS / 2, held: MAILS / 2 });
    expect(leases(group.run([lease]))).toEqual([]);
  });

  test('are due at once, as long as there are any', async () => {
    const { group } = await takenOver(await left());
    const nextDue: Call = {
      number: 1,
      kind: 'nextDue',
      input: { except: ids.map((_, index) => `d${index % 7}.test`) },
    };
    expect(group.run([nextDue])).toMatchObject([{ output: 0 }]);
    while (group.tidy());
    expect(group.run([nextDue])).toMatchObject([{ output: null }]);
  });

  test('end later where the disk is full at the moment', async () => {
    const { database, group, states } = await takenOver(await left());
    database.exec("CREATE TEMP TRIGGER full BEFORE UPDATE ON recipient BEGIN SELECT RAISE(ABORT, 'full'); END");
    expect(group.tidy()).toBe(false);
    expect(states()).toMatchObject({ leased: MAILS - 500 });
    database.exec('DROP TRIGGER full');
    for (let times = 0; times < 3; times += 1) group.run([{ number: 1, kind: 'lease', input: LEASE }]);
    expect(states()).toEqual({ leased: MAILS / 2, held: MAILS / 2 });
  });

  test('end without anybody asking', async () => {
    const directory = await left();
    const store = await openSqliteStore({ directory, role: 'owner', log: recordingLog() });
    onTestFinished(() => store.close());
    const database = new DatabaseSync(join(directory, 'queue.db'), { readOnly: true, timeout: 5000 });
    onTestFinished(() => database.close());
    const leased = () =>
      database.prepare("SELECT count(*) AS count FROM recipient WHERE state = 'leased'").get()?.count;
    await until(() => expect(leased()).toBe(0));
  });
});
