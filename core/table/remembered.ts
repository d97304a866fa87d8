/**
 * Answers that are remembered for a while, the oldest forgotten where they are too many.
 *
 * An answer is fresh for its time to live, and then stale: good enough only while nobody can say better.
 */
import type { Entry } from '../plugin/table.ts';
import type { CacheSetting } from '../plugin/table-setting.ts';

/** An answer as it is remembered. */
export interface Remembered {
  readonly entry: Entry | null;
  readonly isFresh: boolean;
}

interface Kept {
  readonly entry: Entry | null;
  /** On the monotonic clock. */
  readonly freshUntil: number;
}

export class Answers {
  readonly #setting: CacheSetting;
  /** In the order of their asking: what is asked again stands at the end. */
  readonly #kept = new Map<string, Kept>();

  constructor(setting: CacheSetting) {
    this.#setting = setting;
  }

  get(key: string, now: number): Remembered | null {
    const kept = this.#kept.get(key);
    if (kept === undefined) return null;
    if (now < kept.freshUntil) return { entry: kept.entry, isFresh: true };
    if (now < kept.freshUntil + this.#setting.staleFor) return { entry: kept.entry, isFresh: false };
    this.#kept.delete(key);
    return null;
  }

  set(key: string, entry: Entry | null, now: number): void {
    const { ttl, negativeTtl, entries } = this.#setting;
    this.#kept.delete(key);
    this.#kept.set(key, { entry, freshUntil: now + (entry === null ? negativeTtl : ttl) });
    if (this.#kept.size <= entries) return;
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined) this.#kept.delete(oldest);
  }
}
