/** Opens the embedded queue of a gateway. */
import type { Configuration } from './config/configuration.ts';
import type { BlockPool } from './mail/block-pool.ts';
import { MailframeError } from './mail/error.ts';
import { describeWithRemedy } from './mail/remedy.ts';
import type { Log } from './plugin/ports.ts';
import type { QueueStore } from './plugin/queue-store.ts';
import { openSqliteStore } from './queue/sqlite-store.ts';

/** What keeps it from opening is told with the folder and what to do. @throws MailframeError `MF_QUEUE_OPEN` */
export async function openQueue({ queue }: Configuration, blocks: BlockPool, log: Log): Promise<QueueStore> {
  const { directory, history } = queue;
  try {
    return await openSqliteStore({ directory, role: 'owner', log, history, blocks });
  } catch (error) {
    throw new MailframeError(
      'MF_QUEUE_OPEN',
      `the queue in ${queue.directory} cannot be opened: ${describeWithRemedy(error)}`,
      {
        cause: error,
      },
    );
  }
}
