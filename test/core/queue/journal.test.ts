/** The journal of the queue: damaged, failing, full, left behind. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { JOURNAL_FILE, JournalFile } from '../../../core/queue/journal-file.ts';
import { recordsIn } from '../../../core/queue/journal-record.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { newMail } from './queued-mail.ts';

import { begunAnew, claimed, DONE, journalOf, opened, remains, SEAL } from './short-way.ts';

describe('the journal', () => {
  test('that is damaged in the middle loses the damaged mail alone, keeps a copy and says so', async () => {
    const { directory, enter, journal } = await opened();
    await enter(newMail('A'));
    const damagedAt = journal.size + 100;
    for (const id of ['B', 'C']) await enter(newMail(id));
    const rest = await remains(directory);
    const octets = journalOf(rest);
    octets.writeUInt8(octets.readUInt8(damagedAt) ^ 1, damagedAt);
    writeFileSync(join(rest, JOURNAL_FILE), octets);
    const log = recordingLog();
    const store = await openSqliteStore({ directory: rest, role: 'owner', log });
    expect((await store.list({ after: null, limit: 9 })).entries.map(({ id }) => id)).toEqual(['A', 'C']);
    await store.close();
    const [line] = log.of('damaged');
    expect(line).toMatchObject({ level: 'error', fields: { queue: rest, file: JOURNAL_FILE } });
    expect(readFileSync(String(line?.fields.copy)).equals(octets)).toBe(true);
  });

  /** A journal whose writes reach the disk and are said to have failed, as long as the test wants that. */
  function unsure() {
    const state = { broken: false };
    const journal = (directory: string) =>
      new (class extends JournalFile {
        override append(octets: Uint8Array): void {
          super.append(octets);
          if (!state.broken) return;
          state.broken = false;
          throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
        }
      })(directory);
    return { state, journal };
  }

  test('that has kept what it said it had not does not make it two: the tables have it', async () => {
    const { state, journal } = unsure();
    const { directory, enter, rows } = await opened({ journal });
    state.broken = true;
    await enter(newMail('A'));
    expect(rows()).toEqual(['A: leased']);
    expect([...recordsIn(journalOf(directory), SEAL)]).toHaveLength(1);
    expect(await begunAnew(await remains(directory))).toEqual(['A: waiting']);
  });

  test('that has kept what the client was refused forgets it before anything else enters', async () => {
    const { state, journal } = unsure();
    const { directory, database, group, enter } = await opened({ journal });
    const content = contentOf(Buffer.from(`Subject: longer\r\n\r\n${'a line\r\n'.repeat(200)}`));
    const input = await Promise.all([newMail('A', { content }), newMail('B')].map(one => claimed(one, directory)));
    state.broken = true;
    database.exec('PRAGMA query_only = ON');
    const replies = group.run(input.map((one, number) => ({ number, kind: 'commit', input: one })));
    expect(replies.map(({ kind }) => kind)).toEqual(['failed', 'failed']);
    database.exec('PRAGMA query_only = OFF');
    group.landOverdue();
    // Shorter than the first of the two: the second still lies there whole.
    await enter(newMail('C'));
    const kept = [...recordsIn(journalOf(directory), SEAL)].map(({ record }) =>
      record.kind === 'entered' ? record.passing.mail.id : record.kind,
    );
    expect(kept).toEqual(['C', 'B']);
    expect(await begunAnew(await remains(directory))).toEqual(['C: waiting']);
  });

  test('that cannot be written leaves all to the tables, lands what it holds, and is tried again', async () => {
    let broken = false;
    const failing = (directory: string) =>
      new (class extends JournalFile {
        override append(octets: Uint8Array): void {
          // A part of it may be on the disk.
          if (broken) super.append(octets);
          if (broken) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
          super.append(octets);
        }
      })(directory);
    const { directory, enter, settle, rows, group } = await opened({ journal: failing });
    const fence = (await enter(newMail('A'))) ?? Number.NaN;
    broken = true;
    await enter(newMail('B'));
    expect(settle('A', fence, DONE)).toBe('settled');
    expect(rows()).toEqual(['B: leased']);
    expect(await begunAnew(await remains(directory))).toEqual(['B: waiting']);
    broken = false;
    group.landOverdue();
    await enter(newMail('C'));
    expect([group.hasPassing, rows()]).toEqual([true, ['B: leased']]);
    expect(await begunAnew(await remains(directory))).toEqual(['B: waiting', 'C: waiting']);
  });

  test('does not grow for ever: it begins anew when it is full, and nothing is lost by that', async () => {
    const { directory, enter, settle, group, journal, rows } = await opened();
    await enter(newMail('first'));
    const content = contentOf(Buffer.alloc(200_000, 'large\r\n'));
    let largest = 0;
    for (let count = 0; count < 100; count += 1) {
      const fence = (await enter(newMail(`A${count}`, { content }))) ?? Number.NaN;
      expect(settle(`A${count}`, fence, DONE)).toBe('settled');
      group.landOverdue();
      largest = Math.max(largest, journal.size);
    }
    expect(rows()).toEqual(['first: leased']);
    expect(largest).toBeGreaterThan(16_000_000);
    expect(journalOf(directory).length).toBeLessThan(17_500_000);
    expect(await begunAnew(await remains(directory))).toEqual(['first: waiting']);
  });

  test('is empty after an orderly end, and all is in the tables', async () => {
    const { directory, enter, group, rows, end } = await opened();
    await enter(newMail('A'));
    group.end();
    expect(rows()).toEqual(['A: leased']);
    end();
    expect(journalOf(directory)).toHaveLength(0);
  });

  test('without its database is not taken for an empty queue', async () => {
    const { directory, enter } = await opened();
    await enter(newMail('A'));
    const rest = await remains(directory);
    execFileSync('rm', ['-r', join(rest, 'queue.db'), join(rest, 'queue.db-wal'), join(rest, 'spool')]);
    await expect(openSqliteStore({ directory: rest, role: 'owner', log: recordingLog() })).rejects.toThrow(
      `queue.db is missing, and ${JOURNAL_FILE} is there`,
    );
  });
});
