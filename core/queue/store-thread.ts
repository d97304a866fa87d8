/**
 * The worker thread as the store sees it: a call goes out, a promise waits for its reply.
 *
 * The calls of one turn of the event loop go out as one message: to wake the other thread costs more than a call.
 */
import { Worker } from 'node:worker_threads';
import { describeError } from '../mail/failure.ts';
import { Lull } from './lull.ts';
import type { Unread } from './passage.ts';
import type {
  Call,
  FromWorker,
  OperationName,
  Operations,
  Reply,
  ToWorker,
  Trouble,
  Update,
  WorkerOptions,
} from './sqlite-protocol.ts';
import { StoreError } from './store-error.ts';

/** The code of calls that got no reply: whether they were performed is not known. */
export const CLOSED = 'QUEUE_CLOSED';

/** What the thread says that answers no call. */
export interface Asides {
  /** The history cannot be written. */
  forgetful(trouble: Trouble): void;
  /** Octets of the journal could not be read. */
  unread(unread: Unread): void;
  /** A queue of an older format is brought up to date. */
  updating(update: Update): void;
}

interface Pending {
  resolve(output: unknown): void;
  reject(error: Error): void;
}

export class StoreThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  /** Resolves when the thread is gone, with all that it had open. Does not reject. */
  readonly ended: Promise<void>;
  /** The calls that go out together, and the buffers that they hand over. */
  #outgoing: Call[] = [];
  #transfer: ArrayBuffer[] = [];
  readonly #lull = new Lull(() => this.#post());
  #calls = 0;
  #gone: Error | null = null;

  private constructor(worker: Worker, asides: Asides) {
    this.#worker = worker;
    this.ended = new Promise(resolve => {
      worker.once('exit', () => {
        this.#fail(new StoreError('the queue store has ended', CLOSED));
        resolve();
      });
    });
    worker.on('error', cause => this.#fail(new StoreError(`the queue store has crashed: ${cause.message}`, CLOSED)));
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'replies') for (const reply of message.replies) this.#settle(reply);
      else if (message.kind === 'forgetful') asides.forgetful(message.trouble);
    });
  }

  /** Why it takes no more calls, or `null`. */
  get gone(): Error | null {
    return this.#gone;
  }

  /** Starts the thread. Rejects where it cannot open the queue. */
  static async start(options: WorkerOptions, asides: Asides): Promise<StoreThread> {
    // The compiler rewrites the endings of imports, not of this address: the worker ends as this file does.
    const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    const worker = new Worker(new URL(`./sqlite-worker${ending}`, import.meta.url), {
      name: 'queue-store',
      workerData: options,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
    await new Promise<void>((resolve, reject) => {
      const ended = () => reject(new StoreError('the queue store has ended before it was open', CLOSED));
      worker.once('error', reject);
      worker.once('exit', ended);
      worker.on('message', function opened(first: FromWorker) {
        if (first.kind === 'forgetful') return asides.forgetful(first.trouble);
        if (first.kind === 'updating') return asides.updating(first.update);
        if (first.kind === 'unread') return asides.unread(first);
        worker.off('error', reject).off('exit', ended).off('message', opened);
        if (first.kind === 'refused') reject(errorOf(first.trouble));
        else resolve();
      });
    });
    return new StoreThread(worker, asides);
  }

  /** Performs one operation. `transfer`: buffers of the input that are handed over instead of copied. */
  call<K extends OperationName>(
    kind: K,
    input: Operations[K]['input'],
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<Operations[K]['output']> {
    if (this.#gone !== null) return Promise.reject(this.#gone);
    const number = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#pending.set(number, { resolve: output => resolve(output as Operations[K]['output']), reject });
      this.#outgoing.push({ number, kind, input } as Call);
      this.#lull.ask();
      this.#transfer.push(...transfer);
    });
  }

  /** Lets the calls that were made finish, takes no more, and ends the thread. */
  async close(): Promise<void> {
    this.#gone ??= new StoreError('the queue store is closed', CLOSED);
    this.#post();
    this.#worker.postMessage({ kind: 'close' } satisfies ToWorker, []);
    await this.ended;
  }

  #post(): void {
    const calls = this.#outgoing;
    if (calls.length === 0) return;
    const transfer = this.#transfer;
    this.#outgoing = [];
    this.#transfer = [];
    try {
      this.#worker.postMessage({ kind: 'calls', calls } satisfies ToWorker, transfer);
    } catch (cause) {
      const trouble = { message: `the call cannot be sent: ${describeError(cause)}`, code: null };
      for (const { number } of calls) this.#settle({ number, kind: 'failed', trouble });
    }
  }

  #settle(reply: Reply): void {
    const pending = this.#pending.get(reply.number);
    this.#pending.delete(reply.number);
    if (reply.kind === 'done') pending?.resolve(reply.output);
    else pending?.reject(errorOf(reply.trouble));
  }

  #fail(error: Error): void {
    this.#gone ??= error;
    this.#outgoing = [];
    this.#transfer = [];
    for (const pending of this.#pending.values()) pending.reject(this.#gone);
    this.#pending.clear();
  }
}

function errorOf({ message, code }: Trouble): StoreError {
  return new StoreError(message, code);
}
