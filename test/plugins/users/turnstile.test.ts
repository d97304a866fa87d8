/** The turnstile: how many run at once, in which order, and what a failure does to those behind. */
import { expect, test } from 'vitest';
import { turnstile } from '../../../plugins/users/turnstile.ts';

const { signal } = new AbortController();

/** Work that ends when the test says so. */
function job(name: string, started: string[]) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const work = () => {
    started.push(name);
    return promise;
  };
  return { work, end: () => resolve(name), fail: () => reject(new Error(name)) };
}

test('so many run at once, the others in the order of asking', async () => {
  const inTurn = turnstile(2);
  const started: string[] = [];
  const [a, b, c, d] = [job('a', started), job('b', started), job('c', started), job('d', started)];
  const all = [a, b, c, d].map(({ work }) => inTurn(work, signal));
  expect(started).toEqual(['a', 'b']);
  b.end();
  expect(await all[1]).toBe('b');
  await Promise.resolve();
  expect(started).toEqual(['a', 'b', 'c']);
  a.end();
  c.end();
  d.end();
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
});

test('one that fails lets the next one in', async () => {
  const inTurn = turnstile(1);
  const started: string[] = [];
  const [a, b] = [job('a', started), job('b', started)];
  const first = inTurn(a.work, signal);
  const second = inTurn(b.work, signal);
  a.fail();
  b.end();
  await expect(first).rejects.toThrow('a');
  expect(await second).toBe('b');
});

test('one that is aborted while it waits does nothing, and lets the next one in', async () => {
  const inTurn = turnstile(1);
  const started: string[] = [];
  const [a, b, c] = [job('a', started), job('b', started), job('c', started)];
  const first = inTurn(a.work, signal);
  const controller = new AbortController();
  const second = inTurn(b.work, controller.signal);
  const third = inTurn(c.work, signal);
  controller.abort(new Error('late'));
  a.end();
  c.end();
  await expect(second).rejects.toThrow('late');
  expect(await Promise.all([first, third])).toEqual(['a', 'c']);
  expect(started).toEqual(['a', 'c']);
});
