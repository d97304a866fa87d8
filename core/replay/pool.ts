/**
 * The threads of a replay. Each is given some messages at a time, so that none waits for DNS alone; another one is started only when
 * those that run have enough to do.
 *
 * Guarantee: every order is answered once. When a thread dies, what it was at is tried again, each message alone, and the one that
 * kills its thread alone is told by name.
 */
import type { Order, ReplaySettings, Result, Unready } from './protocol.ts';
import type { Replaying, StartReplaying } from './replay-thread.ts';

/** So many messages at a time for each thread. */
const WINDOW = 8;

export interface PoolParts {
  readonly settings: ReplaySettings;
  /** The most threads. */
  readonly jobs: number;
  readonly start: StartReplaying;
  hear(order: Order, result: Result): void;
}

export class Pool {
  readonly #parts: PoolParts;
  readonly #threads = new Set<Replaying>();
  readonly #alone: Order[] = [];
  #starting = 0;
  #most = 0;
  #isolating = false;
  #ward: Ward | null = null;
  #failure: Error | null = null;
  readonly #underWay = new Map<number, string>();
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
      if (thread !== undefined) {
        this.#underWay.set(order.number, order.sample.name);
        return thread.give(order);
      }
      if (this.#threads.size + this.#starting < this.#parts.jobs) void this.#start().catch(error => this.#fail(error));
      await this.change();
    }
  }

  /** How many threads there were at the same time. */
  get most(): number {
    return this.#most;
  }

  /** The messages that threads are at. */
  get underWay(): readonly string[] {
    return [...this.#underWay.values()];
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
    await Promise.all([...this.#threads, this.#ward].map(thread => thread?.close()));
  }

  async #start(): Promise<Replaying> {
    this.#starting += 1;
    try {
      const { settings, start } = this.#parts;
      const thread: Replaying = await start(settings, {
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

  /** One after the other, in a thread that does nothing else, and another one when that dies. */
  async #isolate(): Promise<void> {
    if (this.#isolating) return;
    this.#isolating = true;
    let ward = this.#newWard();
    try {
      for (let order = this.#alone.shift(); order !== undefined && !this.#closed; order = this.#alone.shift()) {
        const result = await ward.try(order);
        if (ward.isOver) ward = this.#newWard();
        this.#hear(order, result);
      }
    } finally {
      this.#isolating = false;
      await ward.close();
    }
  }

  #newWard(): Ward {
    this.#ward = new Ward(this.#parts);
    return this.#ward;
  }

  #hear(order: Order, result: Result): void {
    this.#underWay.delete(order.number);
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

/** A thread for one message at a time: when it dies, it is known of which. */
class Ward {
  readonly #parts: PoolParts;
  #thread: Replaying | null = null;
  #answer: PromiseWithResolvers<Result> = Promise.withResolvers();
  #over = false;

  constructor(parts: PoolParts) {
    this.#parts = parts;
  }

  /** Whether the thread is dead. */
  get isOver(): boolean {
    return this.#over;
  }

  async try(order: Order): Promise<Result> {
    const { settings, start } = this.#parts;
    this.#answer = Promise.withResolvers();
    this.#thread ??= await start(settings, {
      result: (_, result) => this.#answer.resolve(result),
      gone: cause => {
        this.#over = true;
        this.#answer.resolve({ kind: 'fault', cause });
      },
    });
    this.#thread.give(order);
    return this.#answer.promise;
  }

  async close(): Promise<void> {
    await this.#thread?.close();
  }
}
