/**
 * The threads of a replay. Each is given some messages at a time, so that none waits for DNS alone; another one is started only when
 * those that run have enough to do.
 *
 * Guarantee: every order is answered once. When a thread dies, what it was at is tried again, each message alone, and the one that
 * kills its thread alone is told by name.
 */
import type { Order, ReplaySettings, Result, Unready } from './protocol.ts';
import { ReplayThread } from './replay-thread.ts';

/** So many messages at a time for each thread. */
const WINDOW = 8;

export interface PoolParts {
  readonly settings: ReplaySettings;
  /** The most threads. */
  readonly jobs: number;
  hear(order: Order, result: Result): void;
}

export class Pool {
  readonly #parts: PoolParts;
  readonly #threads = new Set<ReplayThread>();
  readonly #alone: Order[] = [];
  #starting = 0;
  #most = 0;
  #isolating = false;
  #failure: Error | null = null;
  #closed = false;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /**
   * Starts the first thread.
   * @throws MailframeError where a configuration is not in order
   */
  async open(): Promise<readonly Unready[]> {
    const thread = await this.#start();
    return thread.unready;
  }

  /** Resolves when the order has gone to a thread. */
  async give(order: Order): Promise<void> {
    for (;;) {
      if (this.#failure !== null) throw this.#failure;
      const free = [...this.#threads].filter(({ load }) => load < WINDOW);
      const [thread] = free.toSorted((one, other) => one.load - other.load);
      if (thread !== undefined) return thread.give(order);
      if (this.#threads.size + this.#starting < this.#parts.jobs) void this.#start().catch(error => this.#fail(error));
      await this.change();
    }
  }

  /** How many threads there were at the same time. */
  get most(): number {
    return this.#most;
  }

  /** Resolves when something has happened. */
  change(): Promise<void> {
    return this.#changed.promise;
  }

  /** @throws what keeps threads from being started */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#threads].map(thread => thread.close()));
  }

  async #start(): Promise<ReplayThread> {
    this.#starting += 1;
    try {
      const { settings } = this.#parts;
      const thread: ReplayThread = await ReplayThread.start(settings, {
        result: (order, result) => this.#hear(order, result),
        gone: (_, lost) => {
          this.#threads.delete(thread);
          this.#alone.push(...lost);
          void this.#isolate().catch(error => this.#fail(error));
          this.#tell();
        },
      });
      if (this.#closed) await thread.close();
      else this.#threads.add(thread);
      this.#most = Math.max(this.#most, this.#threads.size);
      return thread;
    } finally {
      this.#starting -= 1;
      this.#tell();
    }
  }

  /** One after the other, in threads that do nothing else. */
  async #isolate(): Promise<void> {
    if (this.#isolating) return;
    this.#isolating = true;
    try {
      for (let order = this.#alone.shift(); order !== undefined && !this.#closed; order = this.#alone.shift()) {
        this.#hear(order, await this.#tryAlone(order));
      }
    } finally {
      this.#isolating = false;
    }
  }

  async #tryAlone(order: Order): Promise<Result> {
    const { promise, resolve } = Promise.withResolvers<Result>();
    const thread = await ReplayThread.start(this.#parts.settings, {
      result: (_, result) => resolve(result),
      gone: cause => resolve({ kind: 'fault', cause }),
    });
    thread.give(order);
    try {
      return await promise;
    } finally {
      await thread.close();
    }
  }

  #hear(order: Order, result: Result): void {
    if (!this.#closed) this.#parts.hear(order, result);
    this.#tell();
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#tell();
  }

  #tell(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
