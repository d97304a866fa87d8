/** The clock port over the clocks of this machine. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../plugin/ports.ts';

/** The longest wait that a timer of Node can hold; it fires at once for a longer one. */
const LONGEST_TIMER = 0x7f_ff_ff_ff;

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  async sleep(milliseconds, signal) {
    for (let left = milliseconds; ; left -= LONGEST_TIMER) {
      signal.throwIfAborted();
      try {
        await sleep(Math.min(left, LONGEST_TIMER), undefined, { signal });
      } catch (error) {
        // Node wraps the reason of the signal in an AbortError of its own.
        throw signal.aborted ? signal.reason : error;
      }
      if (left <= LONGEST_TIMER) return;
    }
  },
};
