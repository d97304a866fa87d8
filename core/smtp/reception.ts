/** What the engine gives a listener: the chain of the day, a place for mail to go, and the ports. */
import type { Chain } from '../chain/chain.ts';
import type { Content } from '../mail/content.ts';
import type { TransientReply } from '../mail/reply.ts';
import type { Clock, Log, Random, Resolver } from '../plugin/ports.ts';
import type { NewMail } from '../plugin/queue-store.ts';
import type { ContentMemory } from './content-memory.ts';

/** One generation of the configuration, held by one session from its beginning to its end. */
export interface Pinned {
  readonly chain: Chain;
  /** Says that the session needs it no more. Called exactly once. */
  release(): void;
}

/** Content on its way to disk. */
export interface Spool {
  /** Resolves when the next octets may come. Rejects with the errno as `code`. */
  write(...pieces: readonly Buffer[]): Promise<void>;
  /** All that was written, as content with a `file`. Rejects with the errno as `code`. */
  finish(): Promise<Content>;
  /**
   * Leaves nothing behind; says nothing if a store has moved the file away. Called once, in the end, after `finish` too:
   * by then the mail is refused, or the store has taken its own copy or link. Does not reject.
   */
  abandon(): Promise<void>;
}

/** What listeners ask of the engine. */
export interface Reception {
  /** Called once for each session. `hurry`: told, at most once, that the session should end when its transaction has. */
  pin(hurry: () => void): Pinned;
  /**
   * All mails or none; durable when it resolves. The client hears 250 after that and not before. `hasGone`: whether nobody
   * hears it any more; what has not begun by then is not committed, and rejects.
   */
  commit(mails: readonly NewMail[], hasGone: () => boolean): Promise<void>;
  /** What a client hears at MAIL while the queue cannot keep up, or `null`. */
  busy(): TransientReply | null;
  /** An id that no other mail has or had: letters, digits and hyphens. */
  queueId(): string;
  /** A place for content that is too large for memory: `MEMORY_LIMIT` and above, or less where memory is scarce. */
  spool(): Spool;
  /** Shared by all listeners. */
  readonly memory: ContentMemory;
  /** What only this gateway knows, the same after every restart: of it the decoys of users are made whom nobody knows. */
  readonly decoyKey: Buffer;
  readonly clock: Clock;
  readonly random: Random;
  readonly resolver: Resolver;
  readonly log: Log;
}

/** In octets. Smaller content does not touch the spool as long as there is memory to spare. */
export const MEMORY_LIMIT = 256 * 1024;
