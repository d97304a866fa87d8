/** Writes to mailboxes in threads of their own, which are started as they are needed and share what waits. */
import { Worker } from 'node:worker_threads';
import type { FromThread, ThreadOptions, ToThread } from './writer-protocol.ts';
import type { Order, Writes, Written } from './writing.ts';

/** A thread waits for the disk most of the time, and the disk serves several at the price of one. */
const MOST_THREADS = 3;
/** Orders that a thread gets at once: the last of them waits for all others. */
const MOST_AT_ONCE = 8;

/** What a thread throws away is forgotten at once; by default it would hold on to three times as much. */
const YOUNG_MEGABYTES = 4;

/** Of this process: two configurations may be alive at once. The gateway's own thread has 0. */
const slots = new Set([0]);

/** There is no thread to be had, and the order is untouched: others may carry it out. */
export class NoThread extends Error {
  override readonly name = 'NoThread';
}

interface Waiting {
  readonly order: Order;
  readonly resolve: (written: Written) => void;
  readonly reject: (error: Error) => void;
}

export class WriterThreads implements Writes {
  readonly #files: string;
  readonly #threads = new Set<WriterThread>();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  /** `files` is the address of a module, as in the files port. */
  constructor(files: string) {
    this.#files = files;
  }

  /**
   * Blocks in pieces are not for threads: they would have to be handed over as a whole.
   * @throws NoThread where none could be started
   */
  write(order: Order): Promise<Written> {
    if (this.#closed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ order, resolve, reject });
      this.#handOut();
    });
  }

  /** Ends when what was handed out is written. What still waits is refused, and all that comes after it. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closed());
    await Promise.all(Array.from(this.#threads, thread => thread.close()));
  }

  #handOut(): void {
    while (this.#waiting.length > 0) {
      const thread = this.#idle();
      if (thread === null) return;
      const share = Math.ceil(this.#waiting.length / MOST_THREADS);
      thread.write(this.#waiting.splice(0, Math.min(share, MOST_AT_ONCE)));
    }
  }

  #idle(): WriterThread | null {
    for (const thread of this.#threads) if (thread.isIdle) return thread;
    if (this.#threads.size === MOST_THREADS) return null;
    const thread = new WriterThread(this.#files, {
      rested: () => this.#handOut(),
      ended: () => this.#threads.delete(thread),
    });
    this.#threads.add(thread);
    return thread;
  }
}

/** One thread, which has one message of orders at a time. */
class WriterThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #asked: readonly Waiting[] = [];
  /** Until it is, what it is asked for stays here. */
  #ready = false;

  constructor(files: string, { rested, ended }: { readonly rested: () => void; readonly ended: () => void }) {
    const slot = smallestFree();
    slots.add(slot);
    // The compiler rewrites the endings of imports, not of this address: the thread's file ends as this one does.
    const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    this.#worker = new Worker(new URL(`./writer-thread${ending}`, import.meta.url), {
      name: 'mbox-writer',
      workerData: { files, slot } satisfies ThreadOptions,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    });
    this.#worker.unref();
    this.#ended = new Promise(resolve => {
      this.#worker.once('exit', () => {
        slots.delete(slot);
        ended();
        this.#fail(new Error('a writer of mailboxes has ended'));
        resolve();
        rested();
      });
    });
    this.#worker.on('error', cause => {
      ended();
      this.#fail(this.#ready ? (cause as Error) : new NoThread('no thread could be started', { cause }));
    });
    this.#worker.on('message', (said: FromThread) => {
      if (said === 'ready') {
        this.#ready = true;
        if (!this.isIdle) this.#post();
        return;
      }
      this.#answered(said);
      rested();
    });
  }

  get isIdle(): boolean {
    return this.#asked.length === 0;
  }

  write(asked: readonly Waiting[]): void {
    this.#asked = asked;
    // A process whose last work this is must not end before it is done, nor wait for a thread without work.
    this.#worker.ref();
    if (this.#ready) this.#post();
  }

  async close(): Promise<void> {
    this.#worker.ref();
    this.#worker.postMessage({ kind: 'close' } satisfies ToThread, []);
    await this.#ended;
  }

  #post(): void {
    const orders = this.#asked.map(({ order }) => order);
    this.#worker.postMessage({ kind: 'write', orders } satisfies ToThread, orders.flatMap(octetsOf));
  }

  #answered(written: readonly Written[]): void {
    const asked = this.#asked;
    this.#rest();
    for (const [index, { resolve, reject }] of asked.entries()) {
      const one = written[index];
      if (one === undefined) reject(new Error('a writer of mailboxes has not answered'));
      else resolve(one);
    }
  }

  #fail(error: Error): void {
    const asked = this.#asked;
    this.#rest();
    for (const { reject } of asked) reject(error);
  }

  #rest(): void {
    this.#asked = [];
    this.#worker.unref();
  }
}

/** What is handed over instead of copied. */
function octetsOf({ block }: Order): readonly ArrayBuffer[] {
  if (typeof block.octets === 'function') throw new Error('a block in pieces cannot be handed to a thread');
  return block.octets.buffer instanceof ArrayBuffer ? [block.octets.buffer] : [];
}

function closed(): Error {
  return new Error('the writers of mailboxes have ended');
}

function smallestFree(): number {
  let slot = 0;
  while (slots.has(slot)) slot += 1;
  return slot;
}
