/** Generations that have been replaced: they end when nobody needs them, and nobody may need them for ever. */
import { expect, test } from 'vitest';
import { FormerGenerations } from '../../../core/generation/former-generations.ts';
import { Generation } from '../../../core/generation/generation.ts';
import { ManualClock } from '../../../core/testing/manual-clock.ts';
import { chainOf } from '../chain/chain-of.ts';

const MINUTE = 60_000;

function setting() {
  const clock = new ManualClock('2026-11-23T12:00:00Z');
  const former = new FormerGenerations(clock);
  const said: string[] = [];
  const generation = (name: string) =>
    new Generation({ chain: chainOf([]).chain, close: async () => void said.push(`${name} closed`) });
  /** One with a session that goes when it is asked to, or does not. */
  const replaced = (name: string, session: 'goes' | 'stays') => {
    const made = generation(name);
    const pin = made.pin(() => {
      said.push(`${name} hurried`);
      if (session === 'goes') pin.release();
    });
    former.add(made);
    return pin;
  };
  return { clock, former, said, generation, replaced };
}

test('one that nobody needs closes at once', async () => {
  const { clock, former, said, generation } = setting();
  former.add(generation('one'));
  await clock.advance(0);
  expect([said, former.count]).toEqual([['one closed'], 0]);
});

test('one whose session has ended by itself closes then, and is not hurried later', async () => {
  const { clock, said, replaced } = setting();
  replaced('one', 'stays').release();
  await clock.advance(20 * MINUTE);
  expect(said).toEqual(['one closed']);
});

test('after ten minutes its sessions are asked to go', async () => {
  const { clock, former, said, replaced } = setting();
  replaced('one', 'goes');
  await clock.advance(10 * MINUTE - 1);
  expect([said, former.pins]).toEqual([[], 1]);
  await clock.advance(1);
  expect([said, former.pins]).toEqual([['one hurried', 'one closed'], 0]);
});

test('where more than five have gathered, the oldest are asked to go at once', async () => {
  const { clock, said, replaced, former } = setting();
  for (const name of ['1', '2', '3', '4', '5']) replaced(name, 'stays');
  expect(said).toEqual([]);
  replaced('6', 'goes');
  replaced('7', 'goes');
  await clock.advance(0);
  expect(said).toEqual(['1 hurried', '2 hurried']);
  await clock.advance(10 * MINUTE);
  // Each is asked once.
  expect(said.filter(line => line === '1 hurried')).toHaveLength(1);
  expect(former.count).toBe(5);
});

test('at the end of the gateway all are closed, whoever needs them', async () => {
  const { former, said, replaced } = setting();
  replaced('one', 'stays');
  replaced('two', 'stays');
  await former.abandon();
  expect(said.sort()).toEqual(['one closed', 'two closed']);
});
