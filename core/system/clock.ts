/** The clock port over the clocks of this machine. */
import type { Clock } from '../plugin/ports.ts';

/** The longest wait that a timer of Node can hold; it fires at once for a longer one. */
const LONGEST_TIMER = 0x7f_ff_ff_ff;

/** The time of this machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  async sleep(milliseconds, signal) {
    for (let left = milliseconds; ; left -= LONGEST_TIMER) {
      await nap(Math.min(left, LONGEST_TIMER), signal);
      if (left <= LONGEST_TIMER) return;
    }
  },
};

/** Not the promise of Node's own timers: an error with a stack for each one that is woken costs more than the waiting. */
function nap(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const wake = () => {
      clearTimeout(timer);
      // What aborts the wait is the reason of the caller's own choosing.
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', wake);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', wake, { once: true });
  });
}
