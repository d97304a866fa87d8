/** What is asked of those who write to mailboxes, here or in a thread of their own, and what they say. */
import type { LogFields } from '../../core/index.ts';
import type { Block } from './block.ts';
import type { Keeping } from './keeping.ts';
import type { Trouble } from './trouble.ts';
import type { Unfinished } from './unfinished.ts';

/** One block for one mailbox. */
export interface Order {
  /** An absolute path: what lies below it must not be reached through a link. */
  readonly directory: string;
  /** Of the mailbox, relative to the directory. */
  readonly name: string;
  readonly keeping: Keeping;
  readonly block: Block;
  /** What the holder of a lock broken earlier left half done. */
  readonly unfinished: Unfinished | null;
}

/** A line for the log. */
export interface Note {
  readonly event: 'unlocked' | 'recovered' | 'lost' | 'left';
  readonly fields: LogFields;
}

/** What became of an order. */
export type Written =
  /** Somebody else holds the lock: nothing was written. `unfinished` belongs into the next order for this mailbox. */
  | { readonly kind: 'locked'; readonly unfinished: Unfinished | null; readonly notes: readonly Note[] }
  | {
      readonly kind: 'ended';
      /** What kept each entry out, in the order of the block; `null` for those that are on the disk. */
      readonly troubles: readonly (Trouble | null)[];
      /** How long the mailbox was locked for it, in milliseconds. */
      readonly held: number;
      readonly notes: readonly Note[];
    };

/** Writes to mailboxes. For each mailbox one order at a time. */
export interface Writes {
  /** Never waits for a lock. `signal` ends the writing of a block in pieces. */
  write(order: Order, signal: AbortSignal): Promise<Written>;
}
