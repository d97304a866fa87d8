/** Whether a mail that is followed has left the queue, with all that came of it: looked up in the queue itself. */

import { systemClock } from '../../system/clock.ts';
import type { LogsOptions } from '../logs.ts';
import { withQueue } from '../queue/open.ts';
import type { LogSieve } from './filter.ts';

/** In milliseconds. */
const LAST_LINES = 300;
/** Who is looking, and whether to look once more: a line may come while one looks. */
const looking = new WeakMap<LogSieve, 'once' | 'again'>();

/** Looks after a line was shown, one look at a time; ends following when nothing is left. */
export async function mailHasLeft(
  sieve: LogSieve,
  place: Pick<LogsOptions, 'config' | 'directory'>,
  ended: AbortController,
): Promise<void> {
  if (ended.signal.aborted) return;
  if (looking.has(sieve)) return void looking.set(sieve, 'again');
  do {
    looking.set(sieve, 'once');
    await look(sieve, place, ended);
  } while (looking.get(sieve) === 'again' && !ended.signal.aborted);
  looking.delete(sieve);
}

function look(
  sieve: LogSieve,
  { config, directory }: Pick<LogsOptions, 'config' | 'directory'>,
  ended: AbortController,
): Promise<void> {
  return withQueue({ config, ...(directory === undefined ? {} : { directory }) }, async queue => {
    const isThere = async () =>
      (await Promise.all([...sieve.mails].map(id => queue.find(id)))).some(one => one !== null);
    if (await isThere()) return;
    // It leaves the queue a moment before its last line is written.
    await systemClock.sleep(LAST_LINES, ended.signal).catch(() => undefined);
    if (!(await isThere())) ended.abort();
  });
}
