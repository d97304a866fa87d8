/** The short way through the queue, cut short: wherever a crash falls, the mail is in one place and not in none. */
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { JOURNAL_FILE } from '../../../core/queue/journal-file.ts';
import { JournalBatch, recordsIn } from '../../../core/queue/journal-record.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { ARRIVAL, after, newMail } from './queued-mail.ts';

import { begunAnew, claimed, DONE, journalOf, opened, PAGE, remains, SEAL } from './short-way.ts';

describe('a crash', () => {
  /** Cuts the journal off at instants of what was added to it. @returns how the next owner finds the mail each time. */
  async function cutShort(directory: string, from: number, to: number): Promise<readonly string[]> {
    const found: string[] = [];
    for (const end of [from, from + 8, from + 16, Math.floor((from + to) / 2), to - 8, to]) {
      const rest = await remains(directory);
      truncateSync(join(rest, JOURNAL_FILE), end);
      found.push((await begunAnew(rest)).join('; '));
    }
    return found;
  }

  test('before the record of a mail is whole leaves it to the client, after that it waits for us', async () => {
    const { directory, enter, journal } = await opened();
    await enter(newMail('A'));
    const found = await cutShort(directory, 0, journal.size);
    expect(found).toEqual(['', '', '', '', '', 'A: waiting']);
  });

  test('before the settlement is whole leaves it waiting, and after that it is gone', async () => {
    const { directory, enter, settle, journal } = await opened();
    const fence = (await enter(newMail('A'))) ?? Number.NaN;
    const before = journal.size;
    settle('A', fence, DONE);
    const found = await cutShort(directory, before, journal.size);
    expect(found).toEqual([...Array.from({ length: 5 }, () => 'A: waiting'), '']);
  });

  test('that leaves the records in any part of the last write invents nothing', async () => {
    const { directory, group, journal, enter } = await opened();
    await enter(newMail('A'));
    const before = journal.size;
    group.run([
      { number: 1, kind: 'commit', input: await claimed(newMail('B'), directory) },
      { number: 2, kind: 'commit', input: await claimed(newMail('C'), directory) },
    ]);
    // The machine stopped: the first sector of that write is not on the disk, a later one is.
    const rest = await remains(directory);
    const octets = journalOf(rest);
    octets.fill(0, before, before + 512);
    writeFileSync(join(rest, JOURNAL_FILE), octets);
    expect(await begunAnew(rest)).toEqual(['A: waiting', 'C: waiting']);
  });

  test('between the landing and anything else finds the mail once', async () => {
    const { directory, enter, call } = await opened();
    await enter(newMail('A'));
    call('list', PAGE);
    const rest = await remains(directory);
    expect([...recordsIn(journalOf(rest), SEAL)]).toHaveLength(1);
    expect(await begunAnew(rest)).toEqual(['A: waiting']);
    expect(await begunAnew(rest)).toEqual(['A: waiting']);
  });

  test('does not bring back what has landed and was delivered afterwards', async () => {
    const { directory, enter, call, settle } = await opened();
    const fence = (await enter(newMail('A'))) ?? Number.NaN;
    call('list', PAGE);
    expect(settle('A', fence, DONE)).toBe('settled');
    expect([...recordsIn(journalOf(directory), SEAL)].map(({ record }) => record.kind)).toEqual(['entered']);
    expect(await begunAnew(await remains(directory))).toEqual([]);
  });

  test('does not bring back old records that lie behind the new ones', async () => {
    const { directory, enter, settle, call } = await opened();
    const fences = new Map<string, number>();
    for (const id of ['A', 'B', 'C']) fences.set(id, (await enter(newMail(id))) ?? Number.NaN);
    call('list', PAGE);
    for (const [id, fence] of fences) settle(id, fence, DONE);
    // Longer than A and shorter than A and B: what follows begins in the middle of a record.
    await enter(newMail('D', { content: contentOf('Subject: somewhat longer\r\n\r\nthan those before\r\n') }));
    const kinds = [...recordsIn(journalOf(directory), SEAL)].map(({ record }) =>
      record.kind === 'entered' ? record.passing.mail.id : record.kind,
    );
    expect(kinds[0]).toBe('D');
    expect(kinds).toContain('C');
    expect(await begunAnew(await remains(directory))).toEqual(['D: waiting']);
  });

  /** A record as the sender of a mail would like to have it there: to anybody, and as new as can be. */
  async function forged(directory: string, seal: Buffer): Promise<Buffer> {
    const { rows, claim } = await claimed(newMail('FORGED', { to: 'victim@elsewhere.test' }), directory);
    const [mail, content] = [rows.mails[0], rows.contents[0]];
    if (mail === undefined || content?.octets === null || content === undefined || claim === null) throw new Error();
    const batch = new JournalBatch(seal);
    const passing = { mail, content: { ...content, octets: content.octets }, claim, fence: 2 ** 52 };
    batch.add({ kind: 'entered', passing });
    return batch.octets;
  }

  /** Mail whose content is that record at every place where one may begin, left half written over by a shorter mail. */
  async function withForged(record: Buffer): Promise<readonly string[]> {
    const { directory, enter, settle, call } = await opened();
    const shifted = Array.from({ length: 8 }, (_, by) => Buffer.concat([Buffer.alloc(by), record, Buffer.alloc(8)]));
    const content = contentOf(Buffer.concat([Buffer.alloc(4096, 'x'), ...shifted]));
    const fence = (await enter(newMail('A', { content }))) ?? Number.NaN;
    call('list', PAGE);
    settle('A', fence, DONE);
    await enter(newMail('B'));
    return begunAnew(await remains(directory));
  }

  test('forged records of the journal in the content of a mail are none', async () => {
    const directory = await tempFolder();
    const guess = Buffer.alloc(8);
    expect(await withForged(await forged(directory, guess))).toEqual(['B: waiting']);
    // Only the seal keeps it out: with the right one it would be taken.
    expect(await withForged(await forged(directory, SEAL))).toContain('FORGED: leased');
  });

  test('records of an owner before the last one count no more', async () => {
    const { directory, enter } = await opened();
    await enter(newMail('A'));
    const first = await remains(directory);
    const { group, end, rows } = await opened({ directory: first, seal: Buffer.from('another!') });
    expect(rows()).toEqual(['A: waiting']);
    group.end();
    execFileSync('cp', [join(directory, JOURNAL_FILE), join(first, JOURNAL_FILE)]);
    end();
    expect(await begunAnew(first)).toEqual(['A: waiting']);
  });

  test('of a whole process: what the next gateway delivers is what came', async () => {
    const { directory, enter } = await opened();
    const content = contentOf(Buffer.from('Subject: \u{fffd}\r\n\r\n\0\x80\xff octets\r\n', 'latin1'));
    await enter(newMail('A', { content }));
    const log = recordingLog();
    const store = await openSqliteStore({ directory: await remains(directory), role: 'owner', log });
    const room = { each: 9, but: new Map() };
    const request = { owner: 'two', now: ARRIVAL, until: after(1000), limit: 9, room };
    const [lease] = await store.lease(request);
    expect(await lease?.mail.content.bytes()).toEqual(await content.bytes());
    expect(lease?.mail.envelope).toEqual(newMail('A').mail.envelope);
    expect((await store.find('A'))?.trace).toEqual(newMail('A').trace);
    await store.close();
    expect(log.of('damaged')).toEqual([]);
  });

  test('is seen through by who lists the queue of a gateway that was killed', async () => {
    const { directory, enter } = await opened();
    await enter(newMail('A'));
    const rest = await remains(directory);
    const guest = await openSqliteStore({ directory: rest, role: 'guest', log: recordingLog() });
    expect((await guest.list({ after: null, limit: 9 })).entries.map(({ id }) => id)).toEqual(['A']);
    await guest.close();
    expect(journalOf(rest)).toHaveLength(0);
  });
});
