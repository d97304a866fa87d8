/** The short way through the queue: which mail takes it, and who finds it in the tables all the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../core/mail/content.ts';
import { deferredBy } from '../../../core/mail/outcome.ts';
import type { Fate, NewMail } from '../../../core/plugin/queue-store.ts';
import { HistoryFolder } from '../../../core/queue/history-folder.ts';
import { recordsIn } from '../../../core/queue/journal-record.ts';
import { LONGEST } from '../../../core/queue/passage.ts';
import { Spool } from '../../../core/queue/spool.ts';
import type { OperationName, Operations } from '../../../core/queue/sqlite-protocol.ts';
import { orderRow, prepareRows, settlementRow } from '../../../core/queue/sqlite-rows.ts';
import { ARRIVAL, after, newMail, order } from './queued-mail.ts';

import { begunAnew, claimed, DONE, journalOf, opened, PAGE, remains, SEAL, UNTIL } from './short-way.ts';

const ONE = { owner: 'two', now: ARRIVAL.getTime(), until: after(90_000).getTime(), limit: 9, each: 9, but: new Map() };
const LEASE = { ...ONE, only: null, expiredBefore: 0 };
const AGAIN = settlementRow({
  index: 0,
  kind: 'again',
  outcome: deferredBy({ code: 451, status: '4.3.0', text: 'Not now' }),
  nextAttempt: after(1000),
  delayNotified: false,
});

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

test('whoever only looks, where there is no room to land: it sees what is in the tables', async () => {
  const { enter, call, database, group } = await opened();
  call('commit', { ...(await claimed(newMail('A'), '')), claim: null });
  await enter(newMail('B', { content: contentOf(Buffer.alloc(200_000, 'large\r\n')) }));
  const { page_count: pages } = database.prepare('PRAGMA page_count').get() ?? {};
  database.exec(`PRAGMA max_page_count = ${Number(pages)}`);
  expect(call('list', PAGE).entries.map(({ id }) => id)).toEqual(['A']);
  expect(group.hasPassing).toBe(true);
});
