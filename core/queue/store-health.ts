/**
 * Says once when the store is in trouble that a person can end, and once when it is over. The single mails that this
 * concerns have lines of their own.
 */
import { describeError, errnoOf } from '../mail/failure.ts';
import { remedyFor } from '../mail/remedy.ts';
import type { Log } from '../plugin/ports.ts';

/** What the engine does again and again, so that its success says that a trouble is over. */
export type Watched = 'commit' | 'lease' | 'settle';

export class StoreHealth {
  readonly #queue: string;
  readonly #log: Log;
  /** By code: what fails with it. */
  readonly #troubles = new Map<string, Set<Watched>>();

  constructor(directory: string, log: Log) {
    this.#queue = directory;
    this.#log = log;
  }

  /** Gives what the work gives, and notes how it went. */
  async watch<T>(operation: Watched, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      if (this.#troubles.size > 0) this.#worked(operation);
      return result;
    } catch (error) {
      this.#failed(operation, error);
      throw error;
    }
  }

  #failed(operation: Watched, error: unknown): void {
    const code = errnoOf(error) ?? '';
    const remedy = remedyFor(code);
    if (remedy === null) return;
    const failing = this.#troubles.get(code);
    if (failing !== undefined) {
      failing.add(operation);
      return;
    }
    this.#troubles.set(code, new Set([operation]));
    this.#log.error('troubled', { queue: this.#queue, operation, cause: describeError(error), remedy });
  }

  #worked(operation: Watched): void {
    for (const [code, failing] of this.#troubles) {
      if (!failing.delete(operation) || failing.size > 0) continue;
      this.#troubles.delete(code);
      this.#log.info('recovered', { queue: this.#queue, from: code });
    }
  }
}
