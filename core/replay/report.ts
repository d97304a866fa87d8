/** The report of a replay: how many messages, how they came, and whose outcome is another one, grouped. Plain data. */
import type { EnvelopeSource } from '../corpus/arrival.ts';
import type { Position } from '../mail/error.ts';
import type { Verdict } from '../rehearsal/rehearsal.ts';
import type { Subject } from './difference.ts';
import type { Unready } from './protocol.ts';

/** Messages for which the same was decided, for reasons that may differ. */
export interface Group {
  readonly subject: Subject;
  /** The name of the fact that differs. */
  readonly topic: string | null;
  /** `null`: there is nothing to compare with. `various`: see `to`. */
  readonly from: string | null;
  /** `various`: small groups that differ in this alone were put together. */
  readonly to: string;
  readonly by: {
    /** A plugin's id, `mailframe`, or `routes[2]`. */
    readonly who: string;
    /** Whose decision it is: where the new configuration decides nothing, the old one's. */
    readonly side: 'old' | 'new';
    /** Where its entry stands. */
    readonly at: Position | null;
    /** What it says about why, the most frequent first. */
    readonly rules: readonly { readonly rule: string; readonly count: number }[];
  } | null;
  /** Messages. One with two recipients may be in two groups. */
  readonly count: number;
  /** Their names, in the order of the corpus. */
  readonly members: readonly string[];
}

/** How many messages came to what. */
export type Verdicts = Readonly<Record<Verdict, number>>;

/** What the outcomes are compared with. `traces`: with what a gateway did. */
export type Against =
  | { readonly kind: 'configuration'; readonly file: string }
  | { readonly kind: 'traces' }
  | { readonly kind: 'nothing' };

export interface ReplayReport {
  readonly corpora: readonly string[];
  readonly configuration: string;
  readonly against: Against;
  readonly replayed: number;
  /** Of those, how many could be compared with something. */
  readonly compared: number;
  readonly changed: number;
  readonly verdicts: Verdicts;
  readonly verdictsBefore: Verdicts | null;
  readonly envelopes: Readonly<Record<EnvelopeSource, number>>;
  /** Messages whose content was not kept. */
  readonly withoutContent: number;
  /** Most members first. */
  readonly groups: readonly Group[];
  /** What became of all messages, grouped alike. */
  readonly outcomes: readonly Group[];
  /** Messages that could not be replayed, in the order of the corpus. */
  readonly faults: readonly { readonly name: string; readonly cause: string }[];
  /** Files that are no messages, and notifications that a gateway itself wrote. */
  readonly others: number;
  readonly unready: readonly Unready[];
  /** `interrupted`: not all of the corpus. */
  readonly ended: 'complete' | 'interrupted';
  /** What threads were at when it was broken off: one of them may have been in the way of all. */
  readonly underWay: readonly string[];
  /** In milliseconds. */
  readonly took: number;
  readonly threads: number;
}
