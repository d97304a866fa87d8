/** Opens the queue for a verb: beside a gateway that runs, or where none does. */
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { bootError } from '../../config/complaint.ts';
import { loadConfiguration } from '../../config/load.ts';
import { MailframeError } from '../../mail/error.ts';
import { describeWithRemedy } from '../../mail/remedy.ts';
import type { Order } from '../../plugin/queue-control.ts';
import type { QueueStore } from '../../plugin/queue-store.ts';
import { openSqliteStore } from '../../queue/sqlite-store.ts';
import { systemClock } from '../../system/clock.ts';
import { createLog } from '../../system/log.ts';
import { refuse } from '../common.ts';

/** Where the queue is. */
export interface Place {
  readonly config: string;
  readonly directory?: string;
}

/** Opens it, has it used, and closes it. What keeps it from that is told to people. */
export async function withQueue(place: Place, use: (queue: QueueStore) => Promise<void>): Promise<void> {
  try {
    const queue = await open(await directoryOf(place));
    try {
      await use(queue);
    } finally {
      await queue.close();
    }
  } catch (error) {
    refuse(error);
  }
}

/** What the person at the command line decides. */
export function orderBy(reason: string): Order {
  return { by: `${userName()} at the command line`, reason, now: systemClock.now() };
}

/** A user that the machine has no name for has a number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** A mistake elsewhere in the configuration does not hide the queue: that is when people want to look at it. */
export async function directoryOf({ directory, config }: Place): Promise<string> {
  if (directory !== undefined) return resolve(directory);
  const loaded = await loadConfiguration(config, { env: process.env, now: systemClock.now() });
  if (loaded.kind === 'ok') return loaded.configuration.queue.directory;
  const doubtful = loaded.complaints.some(({ path: [section] }) => section === undefined || section === 'queue');
  if (loaded.draft === null || doubtful) throw bootError(loaded.complaints);
  return loaded.draft.configuration.queue.directory;
}

async function open(directory: string): Promise<QueueStore> {
  const log = createLog({ level: 'warn', format: 'auto', destination: process.stderr, clock: systemClock });
  try {
    return await openSqliteStore({ directory, role: 'guest', log });
  } catch (cause) {
    throw new MailframeError(
      'MF_QUEUE_OPEN',
      `the queue in ${directory} cannot be opened: ${describeWithRemedy(cause)}`,
      {
        cause,
      },
    );
  }
}
