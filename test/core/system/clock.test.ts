import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/system/clock.ts';

describe('the clock of the machine', () => {
  test('shows the time and measures forwards', () => {
    const before = Date.now();
    const start = systemClock.monotonic();
    expect(systemClock.now().getTime()).toBeGreaterThanOrEqual(before);
    expect(systemClock.monotonic()).toBeGreaterThanOrEqual(start);
  });

  test('sleeps', async () => {
    await expect(systemClock.sleep(1, new AbortController().signal)).resolves.toBeUndefined();
  });

  test('gives up a sleep with the reason of the signal, before it and during it', async () => {
    const abort = new AbortController();
    const slept = systemClock.sleep(60_000, abort.signal);
    abort.abort(new Error('shutting down'));
    await expect(slept).rejects.toThrow('shutting down');
    await expect(systemClock.sleep(60_000, abort.signal)).rejects.toThrow('shutting down');
  });

  test('a sleep beyond the longest timer of Node does not end at once', async () => {
    const abort = new AbortController();
    let over = false;
    const slept = systemClock.sleep(2 ** 31, abort.signal).finally(() => {
      over = true;
    });
    await systemClock.sleep(20, new AbortController().signal);
    expect(over).toBe(false);
    abort.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
  });
});
