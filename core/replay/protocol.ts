/** What the threads of a replay are told and what they say. Plain data. */
import type { ArrivalFacts, EnvelopeSource } from '../corpus/arrival.ts';
import type { Sample } from '../corpus/sample.ts';
import type { ErrorCode } from '../mail/error.ts';
import type { Verdict } from '../rehearsal/rehearsal.ts';
import type { Difference } from './difference.ts';
import type { Standing } from './standing.ts';

/** How messages are replayed. */
export interface ReplaySettings {
  readonly configuration: string;
  /** `null`: what a gateway did to a mail is what the new configuration is compared with. */
  readonly against: string | null;
  /** See `Reading.given`. */
  readonly given: ArrivalFacts;
  /** The time at which every message comes, in milliseconds since the epoch. */
  readonly at: number;
  /** A zone file that stands in for DNS, or `null`. */
  readonly dns: string | null;
}

/** A message to be replayed. The numbers follow the order of the corpus. */
export interface Order {
  readonly number: number;
  readonly sample: Sample;
}

/** What became of a message that could be replayed. */
export interface Replayed {
  readonly kind: 'replayed';
  readonly source: EnvelopeSource;
  /** `envelope`: its content was not kept. */
  readonly kept: 'all' | 'envelope';
  readonly verdict: Verdict;
  /** `null`: there is nothing to compare with. */
  readonly before: Verdict | null;
  readonly standings: readonly Standing[];
  readonly differences: readonly Difference[];
}

/** Why a message could not be replayed. */
export interface NotReplayed {
  readonly kind: 'fault';
  readonly cause: string;
}

/** Nobody knows for whom it is. */
export interface Addressless {
  readonly kind: 'addressless';
}

export type Result = Replayed | Addressless | NotReplayed;

export interface Unready {
  readonly side: 'old' | 'new';
  readonly plugin: string;
  readonly cause: string;
}

/** How often a thread says that it is not blocked. In milliseconds. */
export const SIGN_OF_LIFE = 1000;

export type FromReplayThread =
  | { readonly kind: 'alive' }
  | { readonly kind: 'ready'; readonly unready: readonly Unready[] }
  /** The configuration, or what else it needs, is not in order. */
  | { readonly kind: 'refused'; readonly code: ErrorCode | null; readonly message: string }
  | { readonly kind: 'result'; readonly number: number; readonly result: Result };
