import { describe, expect, onTestFinished, test } from 'vitest';
import type { Entry } from '../../../core/plugin/table.ts';
import { TableUnavailable } from '../../../core/plugin/table.ts';
import { AskedTable } from '../../../core/table/asked-table.ts';
import { Unreachable } from '../../../core/table/asking.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { recordingLog } from '../../../core/testing/recording-log.ts';
import { lookup, settingOf, valuesOf } from './tables.ts';

type Answer = (key: string, signal: AbortSignal) => Promise<Entry | null>;

const found = (value: string): Entry => ({ values: [value], source: 'test' });
const echo: Answer = key => Promise.resolve(key === 'nobody' ? null : found(`to ${key}`));

/** A table that asks a function, with what the configuration says of the asking. */
async function asking(answer: Answer, written: object = {}) {
  const clock = new ManualClock();
  const log = recordingLog();
  const keys: string[] = [];
  let ask = answer;
  const source = {
    name: 'test',
    ask(key: string, signal: AbortSignal) {
      keys.push(key);
      return ask(key, signal);
    },
    close: () => Promise.resolve(),
  };
  const table = new AskedTable(source, await settingOf({ map: {}, ...written }), { clock, log });
  onTestFinished(() => table.close());
  return { table, clock, log, keys, answerWith: (later: Answer) => void (ask = later) };
}

/** Resolves when the test says so. */
function held() {
  const { promise, resolve } = Promise.withResolvers<Entry | null>();
  return { answer: () => promise, release: resolve };
}

describe('answers are remembered', () => {
  test('for their time to live, those that there is no such key for a shorter one', async () => {
    const { table, clock, keys } = await asking(echo, { cache: { ttl: '30 s', negativeTtl: '10 s' } });
    for (const key of ['ann', 'nobody', 'ann', 'nobody']) await lookup(table, key);
    expect(keys).toEqual(['ann', 'nobody']);
    await clock.advance(10_000);
    for (const key of ['ann', 'nobody']) await lookup(table, key);
    expect(keys).toEqual(['ann', 'nobody', 'nobody']);
    await clock.advance(20_000);
    expect(await valuesOf(table, 'ann')).toEqual(['to ann']);
    expect(keys).toHaveLength(4);
  });

  test('at once: who remembers does not wait', async () => {
    const { table } = await asking(echo);
    await lookup(table, 'ann');
    expect(table.lookup('ann', new AbortController().signal)).toEqual(found('to ann'));
  });

  test('no more than so many, the oldest forgotten first', async () => {
    const { table, keys } = await asking(echo, { cache: { entries: 2 } });
    for (const key of ['a', 'b', 'c', 'b', 'c', 'a']) await lookup(table, key);
    expect(keys).toEqual(['a', 'b', 'c', 'a']);
  });

  test('not at all where the cache is off', async () => {
    const { table, keys } = await asking(echo, { cache: 'off' });
    for (const key of ['a', 'a']) await lookup(table, key);
    expect(keys).toEqual(['a', 'a']);
  });

  test('a failure is not', async () => {
    const { table, answerWith } = await asking(() => Promise.reject(new Error('broken')));
    await expect(lookup(table, 'ann')).rejects.toThrow('test cannot be asked: broken');
    answerWith(echo);
    expect(await valuesOf(table, 'ann')).toEqual(['to ann']);
  });

  test('an old answer serves while nobody can say better, for as long as it may', async () => {
    const { table, clock, answerWith } = await asking(echo, { cache: { ttl: '30 s', staleFor: '1 h' } });
    await lookup(table, 'ann');
    answerWith(() => Promise.reject(new Unreachable('down')));
    await clock.advance(30_000 + 3_599_000);
    expect(await valuesOf(table, 'ann')).toEqual(['to ann']);
    await clock.advance(1000);
    await expect(lookup(table, 'ann')).rejects.toThrow(TableUnavailable);
  });
});

describe('asking', () => {
  test('one key is asked for once at a time, however many want it', async () => {
    const { answer, release } = held();
    const { table, keys } = await asking(answer, { cache: 'off' });
    const wanted = [lookup(table, 'ann'), lookup(table, 'ann'), lookup(table, 'ann')];
    release(found('x'));
    expect(await Promise.all(wanted)).toEqual([found('x'), found('x'), found('x')]);
    expect(keys).toEqual(['ann']);
  });

  test('no more than so many keys at a time; the others wait in their order', async () => {
    const { answer, release } = held();
    const { table, clock, keys } = await asking(answer, { concurrency: 2 });
    const wanted = ['a', 'b', 'c', 'd'].map(key => lookup(table, key));
    await clock.advance(0);
    expect(keys).toEqual(['a', 'b']);
    release(found('x'));
    await Promise.all(wanted);
    expect(keys).toEqual(['a', 'b', 'c', 'd']);
  });

  test('a look-up ends within its time, and tells whoever was asked', async () => {
    let told: unknown = null;
    const never: Answer = (_, signal) =>
      new Promise(() => signal.addEventListener('abort', () => void (told = signal.reason)));
    const { table, clock } = await asking(never, { timeout: '2 s', concurrency: 1 });
    const late = expect(lookup(table, 'ann')).rejects.toThrow('test cannot be asked: no answer within 2 s');
    const waiting = expect(lookup(table, 'bob')).rejects.toThrow('no answer within 2 s');
    await clock.asleep(2);
    await clock.advance(2000);
    await Promise.all([late, waiting]);
    expect(told).toMatchObject({ message: 'no answer within 2 s' });
    expect(clock.sleepers).toBe(0);
  });

  test('who gives up ends the wait of nobody else', async () => {
    const { answer, release } = held();
    const { table } = await asking(answer);
    const mine = new AbortController();
    const given = expect(table.lookup('ann', mine.signal)).rejects.toThrow('enough');
    const other = lookup(table, 'ann');
    mine.abort(new Error('enough'));
    await given;
    release(found('x'));
    expect(await other).toEqual(found('x'));
  });

  test('a table that is closed answers nobody who still waits', async () => {
    const { table, log } = await asking(() => new Promise(() => {}));
    const waiting = expect(lookup(table, 'ann')).rejects.toThrow('the table is closed');
    await table.close();
    await waiting;
    await expect(lookup(table, 'bob')).rejects.toThrow('the table is closed');
    await table.close();
    expect(log.lines.map(({ fields }) => fields)).toEqual([{ table: 'test', asked: 1, remembered: 0, failed: 0 }]);
  });
});

describe('who is not there', () => {
  const down: Answer = () => Promise.reject(new Unreachable('connection refused'));

  test('is left alone for a while, which doubles; one answer ends it', async () => {
    const { table, clock, keys, answerWith } = await asking(down, { cache: 'off' });
    const fails = () => expect(lookup(table, 'ann')).rejects.toThrow('test cannot be asked: connection refused');
    await fails();
    await fails();
    expect(keys).toHaveLength(1);
    await clock.advance(250);
    await fails();
    expect(keys).toHaveLength(2);
    await clock.advance(499);
    await fails();
    expect(keys).toHaveLength(2);
    await clock.advance(1);
    answerWith(echo);
    expect(await valuesOf(table, 'ann')).toEqual(['to ann']);
    answerWith(down);
    await fails();
    await clock.advance(250);
    answerWith(echo);
    expect(await valuesOf(table, 'ann')).toEqual(['to ann']);
  });

  test('is never left alone for more than half a minute', async () => {
    const { table, clock, keys } = await asking(down, { cache: 'off' });
    for (let hour = 0; hour < 20; hour++) {
      await lookup(table, 'ann').catch(() => null);
      await clock.advance(30_000);
    }
    expect(keys).toHaveLength(20);
  });

  test('is in the log once when it goes and once when it is back', async () => {
    const { table, clock, log, answerWith } = await asking(down, { cache: 'off' });
    for (let times = 0; times < 5; times++) {
      await lookup(table, 'ann').catch(() => null);
      await clock.advance(10_000);
    }
    answerWith(echo);
    await clock.advance(30_000);
    await lookup(table, 'ann');
    await lookup(table, 'ann');
    expect(log.lines.map(({ level, event }) => `${level} ${event}`)).toEqual(['warn troubled', 'info recovered']);
    expect(log.of('troubled')[0]?.fields).toEqual({ table: 'test', cause: 'connection refused' });
  });

  test('one question without an answer does not keep the next one from being asked', async () => {
    const { table, keys } = await asking(() => Promise.reject(new Error('syntax error')), { cache: 'off' });
    for (const key of ['a', 'b']) await expect(lookup(table, key)).rejects.toThrow('syntax error');
    expect(keys).toEqual(['a', 'b']);
  });
});
