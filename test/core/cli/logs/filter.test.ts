/** Which lines of a log are about a mail. */
import { describe, expect, test } from 'vitest';
import { type LogFilter, LogSieve } from '../../../../core/cli/logs/filter.ts';
import { readLine } from '../../../../core/cli/logs/line.ts';

const ALL: LogFilter = { id: null, address: null, events: null, level: null };

function line(event: string, fields: object = {}, level = 'info') {
  return `${JSON.stringify({ level, time: '2026-11-25T12:00:00.000Z', ...fields, event })}\n`;
}

function sifted(filter: Partial<LogFilter>, lines: readonly string[]): readonly string[] {
  const sieve = new LogSieve({ ...ALL, ...filter });
  return lines
    .flatMap(text => readLine(text) ?? [])
    .flatMap(one => sieve.take(one))
    .map(({ event, fields }) => (typeof fields.n === 'number' ? `${event} ${fields.n}` : event));
}

const LIFE = [
  line('authenticated', { session: 's1', user: 'ann', n: 1 }),
  line('authenticated', { session: 's2', user: 'bob', n: 2 }),
  line('refused', { session: 's1', recipient: 'x@example.test', n: 3 }),
  line('accepted', { session: 's2', queueId: 'B', from: '<bob@example.test>', n: 4 }),
  line('accepted', { session: 's1', queueId: 'A', from: '<ann@example.test>', n: 5 }),
  line('accepted', { session: 's1', queueId: 'A.2', n: 6 }),
  line('bounced', { queueId: 'A', recipient: 'c@example.test', n: 7 }, 'warn'),
  line('notified', { queueId: 'A', notification: 'N', n: 8 }),
  line('queued', { queueId: 'N', about: 'A', to: ['ann@example.test'], n: 9 }),
  line('delivered', { queueId: 'N', n: 10 }),
  line('delivered', { queueId: 'B', n: 11 }),
  line('refused', { session: 's1', n: 12 }),
  line('accepted', { session: 's1', queueId: 'C', n: 13 }),
];

const numbers = (filter: Partial<LogFilter>) => sifted(filter, LIFE).map(one => Number(one.split(' ')[1]));

describe('an id', () => {
  test('of a mail: its session, what happened to it, and the notifications that came of it', () => {
    expect(numbers({ id: 'A' })).toEqual([1, 3, 5, 6, 7, 8, 9, 10, 12]);
  });

  test('of a session: its lines', () => {
    expect(numbers({ id: 's1' })).toEqual([1, 3, 5, 6, 12, 13]);
  });

  test('of a notification: its own life', () => {
    expect(numbers({ id: 'N' })).toEqual([9, 10]);
  });

  test('that nobody names: nothing', () => {
    expect(numbers({ id: 'Z' })).toEqual([]);
  });
});

test('addresses, events and levels each leave out what is not meant', () => {
  expect(numbers({ address: 'ANN@example.test' })).toEqual([5, 9]);
  expect(numbers({ events: new Set(['bounced', 'notified']) })).toEqual([7, 8]);
  expect(numbers({ level: 'warn' })).toEqual([7]);
  expect(numbers({ id: 'A', level: 'warn' })).toEqual([7]);
});

test('threat: sessions without end cost no memory without end', () => {
  const sieve = new LogSieve({ ...ALL, id: 'A' });
  const take = (text: string) => readLine(text) ?? expect.fail();
  for (let n = 0; n < 20_500; n += 1) sieve.take(take(line('refused', { session: `s${n}` })));
  expect(sieve.take(take(line('accepted', { session: 's1', queueId: 'A' })))).toHaveLength(1);
  expect(sieve.take(take(line('accepted', { session: 's20499', queueId: 'A' })))).toHaveLength(2);
});

test('a line of syslog is read, what is no line of ours is passed over', () => {
  expect(readLine(`Nov 25 12:00:00 mx mailframe[1]: ${line('accepted')}`)).toMatchObject({ event: 'accepted' });
  expect(readLine('{"level":"info"')).toBeNull();
  expect(readLine('{"level":"info","event":7}')).toBeNull();
  expect(readLine('hello')).toBeNull();
});
