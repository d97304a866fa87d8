/** What is done once for all who ask for it while the event loop is busy. */
import { MessageChannel } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Lull } from '../../../core/queue/lull.ts';

/** A loop that meets one event in each of the next turns, as long as `busy` says. */
function loop(busy: () => boolean) {
  let [met, time] = [0, 1000];
  return {
    events: () => (busy() ? ++met : met),
    now: () => time,
    pass: (milliseconds: number) => (time += milliseconds),
  };
}

function turn(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve);
  });
}

test('a loop that has met nothing since: the call comes in its next turn, once for all who asked', async () => {
  let calls = 0;
  const lull = new Lull(
    () => (calls += 1),
    loop(() => false),
  );
  lull.ask();
  lull.ask();
  expect(calls).toBe(0);
  await turn();
  expect(calls).toBe(1);
  await turn();
  expect(calls).toBe(1);
  lull.ask();
  await turn();
  expect(calls).toBe(2);
});

test('a busy loop: the call waits until a turn has brought nothing', async () => {
  let [calls, busy] = [0, true];
  const lull = new Lull(
    () => (calls += 1),
    loop(() => busy),
  );
  lull.ask();
  for (let turns = 0; turns < 5; turns += 1) await turn();
  expect(calls).toBe(0);
  busy = false;
  await turn();
  expect(calls).toBe(1);
});

test('a loop that is never at rest: the call comes after two milliseconds, counted from whoever asked first', async () => {
  let calls = 0;
  const busy = loop(() => true);
  const lull = new Lull(() => (calls += 1), busy);
  lull.ask();
  busy.pass(1.9);
  lull.ask();
  await turn();
  expect(calls).toBe(0);
  busy.pass(0.1);
  await turn();
  expect(calls).toBe(1);
});

test('whoever asks from within the call is answered by the next one', async () => {
  let calls = 0;
  const lull: Lull = new Lull(
    () => {
      calls += 1;
      if (calls === 1) lull.ask();
    },
    loop(() => false),
  );
  lull.ask();
  await turn();
  expect(calls).toBe(1);
  await turn();
  expect(calls).toBe(2);
});

test('the loop of this thread: a message of another port is an event, a turn without one is none', async () => {
  const { port1, port2 } = new MessageChannel();
  const order: string[] = [];
  port1.on('message', () => {
    order.push('message');
    if (order.length === 1) port2.postMessage(null);
  });
  port2.postMessage(null);
  await new Promise<void>(resolve => {
    new Lull(() => {
      order.push('lull');
      resolve();
    }).ask();
  });
  port1.close();
  expect(order.at(-1)).toBe('lull');
  expect(order).toContain('message');
});
