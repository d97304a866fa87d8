/**
 * Every transition of the table at the head of `sqlite-store.ts`, cut short: the folder of the queue as it is on the disk
 * before the transition, in the middle of writing it down, and after it, each opened anew.
 *
 * A crash of the process leaves what was written; a crash of the machine leaves that or a beginning of it, up to the last
 * fsync. Both are the files of the folder, the log of the database cut off somewhere.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { Lease, QueueStore } from '../../../core/plugin/queue-store.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { until } from '../../support/until.ts';
import { ARRIVAL, after } from './queued-mail.ts';
import { done, LEASE_TIME, type Life, type Picture, TRANSITIONS, type Transition } from './transitions.ts';

const LOG = 'queue.db-wal';
/** Of SQLite's log (its file format, section 4.1): the header of the file, and a frame of one page. */
const [HEADER, FRAME] = [32, 24 + 4096];

/** Not by Node: closing a file of the database would end the locks that this process has on it. */
function copied(directory: string, to: string): string {
  execFileSync('cp', ['-r', directory, to]);
  return to;
}

function logSize(directory: string): number {
  return statSync(join(directory, LOG)).size;
}

/** The lengths at which the log may end: whole frames more, a frame torn, everything. */
function ends(from: number, to: number): readonly number[] {
  const torn = [from + FRAME, to - FRAME, to - FRAME / 2].filter(end => end > from && end < to);
  return [...new Set([from, ...torn, to])].sort((one, other) => one - other);
}

/** The folder as it lies there, read without any of our code. SQLite does what it does after a crash. */
function found(directory: string): Picture {
  const database = new DatabaseSync(join(directory, 'queue.db'));
  try {
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    const states = "(SELECT group_concat(state, ', ' ORDER BY position) FROM recipient WHERE mail = key)";
    const rows = database.prepare(`SELECT id || ': ' || ${states} AS mail FROM mail ORDER BY id`).all();
    return { mails: rows.map(({ mail }) => String(mail)), spool: readdirSync(join(directory, 'spool')) };
  } finally {
    database.close();
  }
}

async function picture(store: QueueStore, directory: string): Promise<Picture> {
  const { entries } = await store.list({ after: null, limit: 10 });
  const mails = entries.map(({ id, recipients }) => `${id}: ${recipients.map(({ state }) => state).join(', ')}`);
  return { mails, spool: readdirSync(join(directory, 'spool')) };
}

/** Opens the folder as a gateway does that begins, looks, and works on all that waits; each content is read. */
async function begunAnew(directory: string): Promise<Picture & { readonly delivered: readonly string[] }> {
  const log = recordingLog();
  const store = await openSqliteStore({ directory, role: 'owner', log });
  try {
    await until(() => expect(log.lines.map(({ event }) => event)).toContain('swept'));
    const seen = await picture(store, directory);
    const room = { each: 10, but: new Map<string, number>() };
    const leases = await store.lease({ owner: 'three', now: after(9999), until: after(99_999), limit: 10, room });
    for (const lease of leases) {
      expect((await lease.mail.content.bytes()).length).toBe(lease.mail.content.size);
      const settlements = lease.recipients.map(({ index }) => done(index));
      expect(await store.settle(lease, settlements, [], [])).toBe('settled');
    }
    return { ...seen, delivered: leases.map(({ mail }) => mail.id) };
  } finally {
    await store.close();
  }
}

/** Lives up to the transition and through it. @returns the folder as it was before and after. */
async function lived({ prepare, act }: Transition, folder: string): Promise<{ readonly [when: string]: string }> {
  const directory = join(folder, 'queue');
  const store = await openSqliteStore({ directory, role: 'owner', log: recordingLog() });
  let lease: Lease | null = null;
  const life: Life = {
    store,
    directory,
    leased() {
      if (lease === null) throw new Error('nothing was leased');
      return lease;
    },
    async take(mails = 1) {
      const room = { each: 10, but: new Map<string, number>() };
      const request = { owner: 'one', now: ARRIVAL, until: after(LEASE_TIME), limit: 10, room };
      const leases = await store.lease(request);
      expect(leases).toHaveLength(mails);
      lease = leases[0] ?? null;
    },
  };
  try {
    await prepare(life);
    const before = copied(directory, join(folder, 'before'));
    await act(life);
    return { before, after: copied(directory, join(folder, 'after')) };
  } finally {
    await store.close();
  }
}

/** Opens one remainder, and holds it against the table. @returns whether the transition has come to be. */
async function examined(directory: string, transition: Transition): Promise<boolean> {
  const { before, after, anew = {}, readable = true } = transition;
  const { mails } = found(directory);
  const happened = String(mails) === String(after.mails) && String(mails) !== String(before.mails);
  expect(mails).toEqual(happened ? after.mails : before.mails);
  const { delivered, ...begun } = await begunAnew(directory);
  const [was, is] = [anew.before ?? before.mails, anew.after ?? after.mails];
  expect(begun).toEqual(happened ? { ...after, mails: is } : { ...before, mails: was });
  const waiting = begun.mails.filter(mail => mail.includes('waiting')).map(mail => mail.split(':')[0]);
  expect(delivered).toEqual(readable ? waiting : []);
  return happened;
}

test.for(TRANSITIONS)('cut short: $name', async transition => {
  const folder = await tempFolder();
  const { before = '', after = '' } = await lived(transition, folder);
  // All of it is in the log, so that cutting the log cuts the transition.
  expect(readFileSync(join(after, 'queue.db')).equals(readFileSync(join(before, 'queue.db')))).toBe(true);
  expect((logSize(after) - HEADER) % FRAME).toBe(0);
  const changes = String(transition.before.mails) !== String(transition.after.mails);
  const all = ends(logSize(before), logSize(after));
  const cut = async (end: number) => {
    // A file is written before its row, and removed after it.
    const rest = copied(end === logSize(after) ? after : before, join(folder, `cut-${end}`));
    execFileSync('cp', [join(after, LOG), join(rest, LOG)]);
    for (const name of readdirSync(join(after, 'spool'))) {
      execFileSync('cp', [join(after, 'spool', name), join(rest, 'spool', name)]);
    }
    truncateSync(join(rest, LOG), end);
    rmSync(join(rest, 'queue.db-shm'), { force: true });
    return examined(rest, transition);
  };
  const course = await Promise.all(all.map(cut));
  // One instant parts before from after: the last octet of the commit.
  expect(course).toEqual(all.map((_, index) => changes && index === all.length - 1));
});

test('cut short: spool files that are written half, or whose row is deleted and who are not', async () => {
  const folder = await tempFolder();
  const committed = TRANSITIONS.find(({ name }) => name.endsWith('with a spool file'));
  const removed = TRANSITIONS.find(({ name }) => name.endsWith('remove'));
  if (committed === undefined || removed === undefined) throw new Error('the table has lost these transitions');
  const half = (await lived(committed, join(folder, 'half'))).before ?? '';
  execFileSync('cp', [join(folder, 'half', 'after', 'spool', 'A'), join(half, 'spool', 'A')]);
  truncateSync(join(half, 'spool', 'A'), 4096);
  expect(await examined(half, committed)).toBe(false);
  const { before = '', after = '' } = await lived(removed, join(folder, 'gone'));
  execFileSync('cp', [join(before, 'spool', 'A'), join(after, 'spool', 'A')]);
  expect(await examined(after, removed)).toBe(true);
});
