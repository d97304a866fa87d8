/** What the thread of the gateway and a writer's thread say to each other. */
import type { Order, Written } from './writing.ts';

/** What a writer's thread is started with. */
export interface ThreadOptions {
  /** The address of the module with the files of this machine. */
  readonly files: string;
  readonly slot: number;
}

export type ToThread = { readonly kind: 'write'; readonly orders: readonly Order[] } | { readonly kind: 'close' };

/** At first that it can work, then one answer for each message with orders, in the order of both. */
export type FromThread = 'ready' | readonly Written[];
