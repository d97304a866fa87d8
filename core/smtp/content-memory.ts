/**
 * How much content lies in memory while it comes in and until it is durable, over all sessions. Where it is much, content
 * goes to its file early; where it is too much, content that cannot go there is refused.
 */
import { BlockPool } from '../mail/block-pool.ts';

export interface ContentMemoryLimits {
  /** From here on content goes to a file as soon as it can, in octets. */
  readonly plenty: number;
  /** From here on no content is taken that has to stay in memory, in octets. */
  readonly most: number;
}

/** Enough for thousands of usual mails at the same time. */
export const CONTENT_MEMORY: ContentMemoryLimits = { plenty: 16 * 1024 ** 2, most: 64 * 1024 ** 2 };

export class ContentMemory {
  /** For content on its way to files, which may stay there until it is delivered. It is not counted. */
  readonly blocks: BlockPool;
  readonly #limits: ContentMemoryLimits;
  #held = 0;
  #leaving = 0;

  constructor(limits: ContentMemoryLimits, blocks = new BlockPool(0)) {
    this.#limits = limits;
    this.blocks = blocks;
  }

  hold(octets: number): void {
    this.#held += octets;
  }

  release(octets: number): void {
    this.#held -= octets;
  }

  /** Counts octets that were held, or never were, and are on their way to a file: they are in memory until that has taken them. */
  async leave(octets: number, taken: Promise<void>): Promise<void> {
    this.#leaving += octets;
    try {
      await taken;
    } finally {
      this.#leaving -= octets;
    }
  }

  get state(): 'spare' | 'scarce' | 'used up' {
    if (this.#held + this.#leaving < this.#limits.plenty) return 'spare';
    return this.#held < this.#limits.most ? 'scarce' : 'used up';
  }
}
