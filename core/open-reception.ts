/** What listeners ask of a gateway, put together: the chain of the day, the line before the queue, room for content. */
import { join } from 'node:path';
import type { BlockPool } from './mail/block-pool.ts';
import type { Clock, Log, Random, Resolver } from './plugin/ports.ts';
import type { NewMail } from './plugin/queue-store.ts';
import { CANNOT_KEEP_UP, CommitLine, octetsInMemory } from './queue/commit-line.ts';
import { queueIds } from './queue/queue-id.ts';
import { CONTENT_MEMORY, ContentMemory } from './smtp/content-memory.ts';
import type { Reception } from './smtp/reception.ts';
import { openSpool, sweepSpool } from './system/spool.ts';

/** What the store is given at the same time: some groups of commits, and not more than a fraction of the memory. */
const MOST_COMMITS = { commits: 500, octets: 16 * 1024 ** 2 };
/** How long a client waits for its turn to commit, in milliseconds: less than any of them waits for the reply. */
const COMMIT_PATIENCE = 60_000;

export interface ReceptionParts {
  /** The folder of the queue. */
  readonly directory: string;
  readonly pin: Reception['pin'];
  readonly commit: (mails: readonly NewMail[]) => Promise<void>;
  /** That of the day. */
  readonly resolver: () => Resolver;
  readonly decoyKey: () => Buffer;
  readonly blocks: BlockPool;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Removes what a crash has left of content on its way to the disk. */
export async function openReception(parts: ReceptionParts): Promise<Reception> {
  const { directory, pin, commit, resolver, decoyKey, blocks, clock, random, log } = parts;
  const intake = join(directory, 'intake');
  await sweepSpool(intake);
  const line = new CommitLine({ clock, log, most: MOST_COMMITS, patience: COMMIT_PATIENCE });
  return {
    pin,
    commit: (mails, hasGone) => line.run(octetsInMemory(mails), () => commit(mails), hasGone),
    busy: () => (line.isBehind ? CANNOT_KEEP_UP : null),
    memory: new ContentMemory(CONTENT_MEMORY, blocks),
    queueId: queueIds({ clock, random }),
    spool: () => openSpool({ directory: intake, random, memory: 0 }),
    get decoyKey() {
      return decoyKey();
    },
    clock,
    random,
    get resolver() {
      return resolver();
    },
    log,
  };
}
