/** The short way through the queue: on the disk like all the rest, and wherever a crash falls, in one place and not in none. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { deferredBy, deliveredTo } from '../../../core/mail/outcome.ts';
import type { Fate, NewMail } from '../../../core/plugin/queue-store.ts';
import { HistoryFolder } from '../../../core/queue/history-folder.ts';
import { JOURNAL_FILE, JournalFile } from '../../../core/queue/journal-file.ts';
import { JournalBatch, recordsIn } from '../../../core/queue/journal-record.ts';
import { LONGEST } from '../../../core/queue/passage.ts';
import { Spool } from '../../../core/queue/spool.ts';
import { SpoolFolder } from '../../../core/queue/spool-folder.ts';
import { Group } from '../../../core/queue/sqlite-group.ts';
import type { Call, OperationName, Operations, Reply } from '../../../core/queue/sqlite-protocol.ts';
import { orderRow, prepareRows, settlementRow } from '../../../core/queue/sqlite-rows.ts';
import { openDatabase } from '../../../core/queue/sqlite-schema.ts';
import { openSqliteStore } from '../../../core/queue/sqlite-store.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { ARRIVAL, after, newMail, order } from './queued-mail.ts';

const SEAL = Buffer.from('a secret');
const UNTIL = after(60_000).getTime();
const PAGE = { after: null, limit: 100, filter: {} } as const;
const ONE = { owner: 'two', now: ARRIVAL.getTime(), until: after(90_000).getTime(), limit: 9, each: 9, but: new Map() };
const LEASE = { ...ONE, only: null, expiredBefore: 0 };
const DONE = settlementRow({ index: 0, kind: 'done', outcome: deliveredTo('bob') });
const AGAIN = settlementRow({
  index: 0,
  kind: 'again',
  outcome: deferredBy({ code: 451, status: '4.3.0', text: 'Not now' }),
  nextAttempt: after(1000),
  delayNotified: false,
});

interface Queue {
  readonly directory: string;
  readonly database: DatabaseSync;
  readonly group: Group;
  readonly journal: JournalFile;
  /** Performs one call. @throws where it failed */
  readonly call: <K extends OperationName>(kind: K, input: Operations[K]['input']) => Operations[K]['output'];
  /** Commits with a claim. @returns the fence of the lease, or `null`. */
  readonly enter: (one: NewMail) => Promise<number | null>;
  readonly settle: (id: string, fence: number, ...settlements: (typeof DONE)[]) => 'settled' | 'lost';
  /** What the tables know: each mail with the states of its recipients. */
  readonly rows: () => readonly string[];
  readonly pass: (milliseconds: number) => void;
  /** Another owner may come. */
  readonly end: () => void;
}

interface Terms {
  readonly directory?: string;
  readonly history?: (directory: string) => HistoryFolder;
  readonly free?: () => number;
  readonly journal?: (directory: string) => JournalFile;
  readonly seal?: Buffer;
}

async function opened({ directory, history, free = () => 1e12, journal, seal = SEAL }: Terms = {}): Promise<Queue> {
  const folder = directory ?? (await tempFolder());
  const { database, close } = openDatabase(folder, 'owner', { pid: 1, host: 'here' });
  const end = () => {
    if (database.isOpen) close();
  };
  onTestFinished(end);
  const file = journal?.(folder) ?? new JournalFile(folder);
  let time = 0;
  const group = new Group(database, {
    spool: new SpoolFolder(folder, () => ({ free: free(), total: 1e12 })),
    history: history?.(folder) ?? null,
    journal: file,
    seal,
    now: () => time,
  });
  group.takeOver('anew');
  const call = <K extends OperationName>(kind: K, input: Operations[K]['input']): Operations[K]['output'] => {
    const [reply] = group.run([{ number: 1, kind, input } as Call]);
    return outputOf(reply) as Operations[K]['output'];
  };
  return {
    directory: folder,
    database,
    group,
    journal: file,
    call,
    enter: async one => call('commit', await claimed(one, folder))[0] ?? null,
    settle: (id, fence, ...settlements) =>
      call('settle', { id, fence, settlements, stepsJson: null, notifications: { contents: [], mails: [] } }),
    rows: () => rowsIn(database),
    pass: milliseconds => void (time += milliseconds),
    end,
  };
}

async function claimed(one: NewMail, directory: string): Promise<Operations['commit']['input']> {
  return { rows: (await prepareRows([one], new Spool(directory))).rows, claim: { owner: 'one', until: UNTIL } };
}

function outputOf(reply: Reply | undefined): unknown {
  if (reply?.kind !== 'done') throw new Error(reply?.trouble.message ?? 'no reply');
  return reply.output;
}

function rowsIn(database: DatabaseSync): readonly string[] {
  const states = "(SELECT group_concat(state, ', ' ORDER BY position) FROM recipient WHERE mail = key)";
  const rows = database.prepare(`SELECT id || ': ' || ${states} AS mail FROM mail ORDER BY id`).all();
  return rows.map(({ mail }) => String(mail));
}

/** The folder as a crash would leave it. Not by Node: closing a file of the database would end the locks on it. */
async function remains(directory: string): Promise<string> {
  const to = join(await tempFolder(), 'queue');
  execFileSync('cp', ['-r', directory, to]);
  return to;
}

/** What the next owner finds in the tables, once it has begun. */
async function begunAnew(directory: string): Promise<readonly string[]> {
  const { rows, group, end } = await opened({ directory });
  const found = rows();
  group.end();
  end();
  return found;
}

function journalOf(directory: string): Buffer {
  return readFileSync(join(directory, JOURNAL_FILE));
}

describe('mail that is delivered at once', () => {
  test('is in the journal and not in the tables, and when it is settled in neither', async () => {
    const { directory, enter, settle, rows, group } = await opened();
    const fence = (await enter(newMail('A'))) ?? Number.NaN;
    expect(group.hasPassing).toBe(true);
    expect([...recordsIn(journalOf(directory), SEAL)].map(({ record }) => record.kind)).toEqual(['entered']);
    expect(settle('A', fence, DONE)).toBe('settled');
    expect(group.hasPassing).toBe(false);
    expect(rows()).toEqual([]);
    expect(await begunAnew(await remains(directory))).toEqual([]);
  });

  test('shares one write and one sync with all that come and go at the same time', async () => {
    const { group, directory, journal, enter } = await opened();
    const fence = (await enter(newMail('A'))) ?? Number.NaN;
    const appended: number[] = [];
    const append = journal.append.bind(journal);
    journal.append = octets => {
      appended.push([...recordsIn(Buffer.from(octets), SEAL)].length);
      append(octets);
    };
    const settlement = { id: 'A', fence, settlements: [DONE], stepsJson: null, notifications: NOTHING };
    const replies = group.run([
      { number: 1, kind: 'commit', input: await claimed(newMail('B'), directory) },
      { number: 2, kind: 'settle', input: settlement },
      { number: 3, kind: 'commit', input: await claimed(newMail('C'), directory) },
    ]);
    expect(appended).toEqual([3]);
    expect(replies.map(({ number, kind }) => [number, kind])).toEqual([
      [1, 'done'],
      [2, 'done'],
      [3, 'done'],
    ]);
  });

  test('leaves the same line in the history as by the tables', async () => {
    const lines = await Promise.all(
      (['journal', 'tables'] as const).map(async way => {
        const settings = { keep: 1e12, size: 1e9 };
        const parts = { settings, now: () => ARRIVAL.getTime(), report: () => expect.fail('a line was not written') };
        const queue = await opened({ history: directory => new HistoryFolder(directory, parts) });
        const two = newMail('A', { to: ['bob@one.example', 'eve@one.example'] });
        const fence = (await queue.enter(two)) ?? Number.NaN;
        if (way === 'tables') queue.call('list', PAGE);
        expect(queue.group.hasPassing).toBe(way === 'journal');
        const stepsJson = '{"v":1,"steps":[]}';
        const settlements = [DONE, { ...DONE, index: 1 }];
        queue.call('settle', { id: 'A', fence, settlements, stepsJson, notifications: NOTHING });
        const [file = ''] = readdirSync(join(queue.directory, 'history'));
        return readFileSync(join(queue.directory, 'history', file), 'utf8');
      }),
    );
    expect(lines[0]).toContain('"id":"A"');
    expect(lines[0]).toBe(lines[1]);
  });
});

const NOTHING = { contents: [], mails: [] } as const;
const HELD: Fate = { kind: 'hold', by: 'filter', reason: 'strange' };
const LONG_WAY: readonly { readonly name: string; readonly one: NewMail; readonly state: string }[] = [
  { name: 'that is held', one: { ...newMail('A'), fate: HELD }, state: 'held' },
  {
    name: 'that is to be bounced',
    one: { ...newMail('A'), fate: { kind: 'bounce', reply: { code: 550, status: '5.7.1', text: 'No' } } },
    state: 'waiting',
  },
  {
    name: 'for several destinations',
    one: newMail('A', { to: ['bob@one.example', 'eve@two.example'] }),
    state: 'leased, leased',
  },
  {
    name: 'whose content lies in a file',
    one: newMail('A', { content: contentOf(Buffer.alloc(300_000, 'large\r\n')) }),
    state: 'leased',
  },
];

describe('the long way goes mail', () => {
  test.for(LONG_WAY)('$name', async ({ one, state }) => {
    const { enter, rows, group } = await opened();
    await enter(one);
    expect(group.hasPassing).toBe(false);
    expect(rows()).toEqual([`A: ${state}`]);
  });

  test('for a destination that is kept back', async () => {
    const { enter, call, rows } = await opened();
    call('backOff', { destination: 'example.test', until: after(1000).getTime() });
    const there = await enter(newMail('A', { to: ['bob@example.test'] }));
    const elsewhere = await enter(newMail('B', { to: ['bob@elsewhere.test'] }));
    expect([there, typeof elsewhere]).toEqual([null, 'number']);
    expect(rows()).toEqual(['A: waiting']);
  });

  test('that nobody has claimed', async () => {
    const { call, directory, rows } = await opened();
    call('commit', { ...(await claimed(newMail('A'), directory)), claim: null });
    expect(rows()).toEqual(['A: waiting']);
  });

  test('that would eat into the reserve of the volume: it is refused, and what is there is settled', async () => {
    let free = 1e12;
    const { enter, settle } = await opened({ free: () => free });
    const fence = (await enter(newMail('A'))) ?? Number.NaN;
    free = 1e6;
    await expect(enter(newMail('B'))).rejects.toThrow('nearly full');
    expect(settle('A', fence, DONE)).toBe('settled');
  });

  test('beyond four megabytes that are under way', async () => {
    const { enter, rows, group } = await opened();
    const content = contentOf(Buffer.alloc(200_000, 'large\r\n'));
    for (let count = 0; count < 22; count += 1) await enter(newMail(`A${count}`, { content }));
    expect(rows()).toEqual(['A20: leased', 'A21: leased']);
    expect(group.hasPassing).toBe(true);
  });

  test('whose name is taken, in the journal, in the tables or by another of its group: one of the two fails', async () => {
    const { enter, group, call, directory } = await opened();
    await enter(newMail('A'));
    await expect(enter(newMail('A'))).rejects.toThrow('UNIQUE');
    call('list', PAGE);
    await expect(enter(newMail('A'))).rejects.toThrow('UNIQUE');
    const input = await claimed(newMail('B'), directory);
    const replies = group.run([1, 2].map(number => ({ number, kind: 'commit', input })));
    expect(replies.map(({ kind }) => kind)).toEqual(['done', 'failed']);
  });
});

describe('who looks for it, or does anything else with it, finds it in the tables', () => {
  const ORDER = () => orderRow('hold', 'A', order());
  const CALLS: readonly { readonly kind: OperationName; readonly input: unknown }[] = [
    { kind: 'list', input: PAGE },
    { kind: 'find', input: { id: 'A' } },
    { kind: 'hold', input: ORDER() },
    { kind: 'release', input: ORDER() },
    { kind: 'retry', input: ORDER() },
    { kind: 'bounce', input: { ...ORDER(), bounceJson: '{}' } },
    { kind: 'renew', input: { leases: [{ id: 'A', fence: 1 }], until: UNTIL } },
    { kind: 'giveBack', input: { owner: 'two' } },
    { kind: 'flush', input: { destination: null, now: 0, after: null } },
    { kind: 'suspend', input: { destination: 'example.test', suspensionJson: '{}' } },
    { kind: 'resume', input: { destination: 'example.test' } },
    { kind: 'statistics', input: { now: ARRIVAL.getTime(), top: 3 } },
  ];

  test.for(CALLS)('$kind', async ({ kind, input }) => {
    const { enter, call, rows, group } = await opened();
    await enter(newMail('A'));
    call(kind, input as Operations[typeof kind]['input']);
    expect(group.hasPassing).toBe(false);
    expect(rows()).toEqual(['A: leased']);
  });

  test('remove', async () => {
    const { enter, call, rows, group, directory } = await opened();
    await enter(newMail('A'));
    expect(call('remove', ORDER())).toEqual({ recipients: 0, leased: 1 });
    expect([group.hasPassing, rows()]).toEqual([false, []]);
    expect(await begunAnew(await remains(directory))).toEqual([]);
  });

  test('a settlement that is not its end', async () => {
    const { enter, settle, rows } = await opened();
    const fence = (await enter(newMail('A'))) ?? Number.NaN;
    expect(settle('A', fence, AGAIN)).toBe('settled');
    expect(rows()).toEqual(['A: waiting']);
    const two = (await enter(newMail('B', { to: ['bob@one.example', 'eve@one.example'] }))) ?? Number.NaN;
    expect(settle('B', two, DONE)).toBe('settled');
    expect(rows()).toEqual(['A: waiting', 'B: done, leased']);
  });

  test('a settlement that owes a notification', async () => {
    const { enter, call, rows, directory } = await opened();
    const fence = (await enter(newMail('A'))) ?? Number.NaN;
    const { rows: notifications } = await prepareRows([newMail('N')], new Spool(directory));
    const settled = { id: 'A', fence, settlements: [DONE], stepsJson: null, notifications };
    expect(call('settle', settled)).toBe('settled');
    expect(rows()).toEqual(['N: waiting']);
  });

  test('a lease, where its own has run out', async () => {
    const { enter, call, settle, group } = await opened();
    const fence = (await enter(newMail('A'))) ?? Number.NaN;
    expect(call('nextDue', { except: [] })).toBe(UNTIL);
    expect(call('lease', LEASE).leases).toEqual([]);
    expect(group.hasPassing).toBe(true);
    expect(call('lease', { ...LEASE, now: UNTIL }).leases.map(({ mail }) => mail.id)).toEqual(['A']);
    expect(settle('A', fence, DONE)).toBe('lost');
  });

  test('a settlement with the fence of another lease is lost, twice the same one too', async () => {
    const { enter, settle } = await opened();
    const fence = (await enter(newMail('A'))) ?? Number.NaN;
    expect(settle('A', fence + 1, DONE)).toBe('lost');
    expect(settle('A', fence, DONE)).toBe('settled');
    expect(settle('A', fence, DONE)).toBe('lost');
  });

  test('another process, when a tenth of a second is over', async () => {
    const { enter, rows, group, pass } = await opened();
    await enter(newMail('A'));
    pass(LONGEST - 1);
    group.landOverdue();
    expect(rows()).toEqual([]);
    pass(1);
    group.landOverdue();
    expect(rows()).toEqual(['A: leased']);
  });

  test('whoever only looks, where nothing can be written: it sees what is in the tables', async () => {
    const { enter, call, database, group, rows } = await opened();
    call('commit', { ...(await claimed(newMail('A'), '')), claim: null });
    await enter(newMail('B'));
    database.exec('PRAGMA query_only = ON');
    expect(call('list', PAGE).entries.map(({ id }) => id)).toEqual(['A']);
    expect(() => call('giveBack', { owner: 'one' })).toThrow('readonly');
    expect(group.hasPassing).toBe(true);
    database.exec('PRAGMA query_only = OFF');
    call('list', PAGE);
    expect(rows()).toEqual(['A: waiting', 'B: leased']);
  });
});

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
