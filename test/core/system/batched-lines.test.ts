import { ManualClock } from 'mailframe/testing';
import { expect, test } from 'vitest';
import { BatchedLines } from '../../../core/system/batched-lines.ts';
import { createLog } from '../../../core/system/log.ts';

function setup() {
  const written: string[] = [];
  const lines = new BatchedLines({ write: text => written.push(text) });
  const log = createLog({ level: 'info', format: 'json', destination: lines, clock: new ManualClock() });
  const events = () => written.map(text => text.match(/(?<="event":")\w+/g));
  return { lines, log, written, events };
}

const nextTurn = () => new Promise(resolve => setImmediate(resolve));

test('lines that are said in one go leave in one write, in their order', async () => {
  const { log, written, events } = setup();
  const told = ['accepted', 'delivered', 'bounced'].map(async event => {
    await Promise.resolve();
    log.info(event);
  });
  expect(written).toEqual([]);
  await Promise.all(told);
  expect(events()).toEqual([['accepted', 'delivered', 'bounced']]);
  log.info('refused');
  await nextTurn();
  expect(events()).toEqual([['accepted', 'delivered', 'bounced'], ['refused']]);
});

test('a line leaves before what is said after it', async () => {
  const { log, written } = setup();
  const order: string[] = [];
  log.info('closing');
  process.nextTick(() => order.push(`421 after ${written.length}`));
  await nextTurn();
  expect(order).toEqual(['421 after 1']);
});

test('a warning and an error leave at once, and all that was said before them', () => {
  const { log, events } = setup();
  log.info('accepted');
  log.warn('deferred');
  expect(events()).toEqual([['accepted', 'deferred']]);
  log.child({ listener: 'inbound' }).error('failed');
  expect(events()).toEqual([['accepted', 'deferred'], ['failed']]);
});

test('nothing is held back when the process ends', () => {
  const { lines, log, events } = setup();
  log.info('closed');
  lines.flush();
  lines.flush();
  expect(events()).toEqual([['closed']]);
});

test('who says very much in one go does not wait with all of it', () => {
  const { lines, written } = setup();
  for (let left = 100; left > 0; left -= 1) lines.write(`${'x'.repeat(1023)}\n`);
  expect(written.length).toBeGreaterThan(0);
  expect(written[0]?.length).toBeLessThan(70_000);
});
