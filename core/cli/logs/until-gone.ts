/** Whether a mail that is followed has left the queue, with all that came of it: looked up in the queue itself. */

import { systemClock } from '../../system/clock.ts';
import type { LogsOptions } from '../logs.ts';
import { withQueue } from '../queue/open.ts';
import type { LogSieve } from './filter.ts';

/** In milliseconds. */
const LAST_LINES = 300;
/** What may come between looking and looking again. */
const looking = new WeakSet<LogSieve>();

/** Looks after a line was shown, one look at a time; ends following when nothing is left. */
export function mailHasLeft(sieve: LogSieve, { config, directory }: LogsOptions, ended: AbortController): void {
  if (looking.has(sieve) || ended.signal.aborted) return;
  looking.add(sieve);
  void withQueue({ config, ...(directory === undefined ? {} : { directory }) }, async queue => {
    for (let before = -1; before !== sieve.mails.size; ) {
      before = sieve.mails.size;
      const found = await Promise.all([...sieve.mails].map(id => queue.find(id)));
      if (found.some(one => one !== null)) return;
    }
    // It leaves the queue a moment before its last line is written.
    await systemClock.sleep(LAST_LINES, ended.signal).catch(() => undefined);
    const others = await Promise.all([...sieve.mails].map(id => queue.find(id)));
    if (others.every(one => one === null)) ended.abort();
  }).finally(() => looking.delete(sieve));
}
