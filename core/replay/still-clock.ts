/** A clock that stands still, so that both sides meet the same time. What waits for it waits as long as ever. */
import type { Clock } from '../plugin/ports.ts';

export function stillClock(now: Date, running: Clock): Clock {
  return {
    now: () => new Date(now),
    monotonic: () => running.monotonic(),
    sleep: (milliseconds, signal) => running.sleep(milliseconds, signal),
  };
}
