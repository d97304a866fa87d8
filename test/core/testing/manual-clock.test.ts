import { ManualClock } from 'mailframe/testing';
import { describe, expect, test } from 'vitest';

const { signal } = new AbortController();

describe('a manual clock', () => {
  test('stands still until it is moved', async () => {
    const clock = new ManualClock('2030-01-01T00:00:00Z');
    expect(clock.now()).toEqual(new Date('2030-01-01T00:00:00Z'));
    await clock.advance(1500);
    expect(clock.now()).toEqual(new Date('2030-01-01T00:00:01.500Z'));
    expect(clock.monotonic()).toBe(1500);
  });

  test('wakes sleepers in the order of their time, each at its time', async () => {
    const clock = new ManualClock();
    const woken: string[] = [];
    const sleep = async (name: string, milliseconds: number) => {
      await clock.sleep(milliseconds, signal);
      woken.push(`${name} at ${clock.monotonic()}`);
    };
    const all = Promise.all([sleep('late', 300), sleep('early', 100), sleep('twin', 100)]);
    await clock.advance(299);
    expect(woken).toEqual(['early at 100', 'twin at 100']);
    expect(clock.sleepers).toBe(1);
    await clock.advance(1);
    await all;
    expect(woken).toEqual(['early at 100', 'twin at 100', 'late at 300']);
  });

  test('wakes one who lies down again on the way', async () => {
    const clock = new ManualClock();
    const ticks: number[] = [];
    const tick = async () => {
      while (ticks.length < 3) {
        await clock.sleep(100, signal);
        ticks.push(clock.monotonic());
      }
    };
    const ticking = tick();
    await clock.advance(1000);
    await ticking;
    expect(ticks).toEqual([100, 200, 300]);
  });

  test('lets a sleeper go with the reason of its signal', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const slept = clock.sleep(100, abort.signal);
    abort.abort(new Error('no longer wanted'));
    await expect(slept).rejects.toThrow('no longer wanted');
    await expect(clock.sleep(100, abort.signal)).rejects.toThrow('no longer wanted');
    expect(clock.sleepers).toBe(0);
  });

  test('sets the wall clock without waking anybody', async () => {
    const clock = new ManualClock('2030-01-01T00:00:00Z');
    await clock.advance(50);
    const slept = clock.sleep(100, signal);
    clock.set('2031-01-01T00:00:00Z');
    expect(clock.now()).toEqual(new Date('2031-01-01T00:00:00Z'));
    expect(clock.monotonic()).toBe(50);
    expect(clock.sleepers).toBe(1);
    await clock.advance(100);
    await slept;
  });

  test('says when somebody sleeps, however long that takes', async () => {
    const clock = new ManualClock();
    const slept = new Promise(resolve => {
      setImmediate(resolve);
    }).then(() => clock.sleep(10, signal));
    await clock.asleep();
    expect(clock.sleepers).toBe(1);
    await clock.advance(10);
    await slept;
  });
});

test('a clock that skips wakes in order whoever is due, once, and shows them the end', async () => {
  const clock = new ManualClock();
  const woken: string[] = [];
  const sleep = async (name: string, milliseconds: number) => {
    await clock.sleep(milliseconds, new AbortController().signal);
    woken.push(`${name} at ${clock.monotonic()}`);
  };
  void sleep('later', 2000);
  void sleep('sooner', 1000);
  void sleep('never', 100_000);
  await clock.skip(5000);
  expect(woken).toEqual(['sooner at 5000', 'later at 5000']);
  expect(clock.sleepers).toBe(1);
});
