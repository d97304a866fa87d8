/**
 * A store's worker thread that is replaced when it ends unasked: whatever ended it, the gateway does not have to.
 *
 * Guarantee: calls that it had not answered are rejected, each client hears 451, and whether they were performed is not
 * known. The next call finds a new thread, or is rejected with what keeps it from opening. The new thread leaves leases and
 * spool files alone: this process still works with them.
 */
import { describeError } from '../mail/failure.ts';
import type { Log } from '../plugin/ports.ts';
import { JOURNAL_FILE } from './journal-file.ts';
import type { OperationName, Operations, WorkerOptions } from './sqlite-protocol.ts';
import { type Asides, StoreThread } from './store-thread.ts';

const AFTER_UNREAD =
  'the queue goes on without them; after the machine stopped that is what nobody was promised, else look at the disk and at the copy';

export class LastingThread {
  readonly #options: WorkerOptions;
  readonly #log: Log;
  #thread: StoreThread;
  #opening: Promise<StoreThread> | null = null;
  #closing = false;

  private constructor(thread: StoreThread, options: WorkerOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#thread = thread;
    this.#watch(thread);
  }

  /** Starts the first thread. Rejects where it cannot open the queue. */
  static async start(options: WorkerOptions, log: Log): Promise<LastingThread> {
    return new LastingThread(await StoreThread.start(options, asidesIn(log, options)), options, log);
  }

  /** As `StoreThread.call`. */
  call<K extends OperationName>(
    kind: K,
    input: Operations[K]['input'],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Operations[K]['output']> {
    // Without a turn in between: calls keep their order, and what was called before the close comes before it.
    if (this.#thread.gone === null || this.#closing) return this.#thread.call(kind, input, transfer);
    return this.#reopened().then(thread => thread.call(kind, input, transfer));
  }

  /** As `StoreThread.close`. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#opening?.catch(() => undefined);
    await this.#thread.close();
  }

  #reopened(): Promise<StoreThread> {
    this.#opening ??= this.#reopen().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #reopen(): Promise<StoreThread> {
    // The lock of the folder is free only when the old thread is gone for good.
    await this.#thread.ended;
    const thread = await StoreThread.start({ ...this.#options, begins: 'again' }, asidesIn(this.#log, this.#options));
    this.#thread = thread;
    this.#watch(thread);
    this.#log.warn('reopened', { queue: this.#options.directory });
    return thread;
  }

  #watch(thread: StoreThread): void {
    void thread.ended.then(() => {
      if (this.#closing) return;
      const cause = describeError(thread.gone);
      this.#log.error('broken', { queue: this.#options.directory, cause, next: 'the store is opened again' });
    });
  }
}

/** What becomes of the history concerns nobody but whoever reads the log; nor does why a start takes its time. */
function asidesIn(log: Log, { directory: queue }: WorkerOptions): Asides {
  return {
    forgetful: ({ message }) => log.warn('failed', { keeping: 'the history of the queue', cause: message }),
    unread: ({ octets, copy }) => log.error('damaged', { queue, file: JOURNAL_FILE, octets, copy, next: AFTER_UNREAD }),
    updating({ from, to, ...update }) {
      if (update.kind === 'begins') log.info('advanced', { queue, from, to, mails: update.mails });
      else if (update.kind === 'goes-on') log.info('advanced', { queue, from, to, done: percent(update.done) });
      else log.info('updated', { queue, from, to, seconds: Math.round(update.took / 100) / 10 });
    },
  };
}

function percent(done: number): string {
  return `${Math.floor(done * 100)}%`;
}
