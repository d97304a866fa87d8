/** The decision trace: who was asked what, what was answered, how long it took, what it changed. Plain data, stored with the mail. */
import type { FactValue } from './facts.ts';

/** One edit of the content, and what it costs. */
export interface Change {
  /** For a person: `added header field X-Scanned`. */
  readonly what: string;
  /** Signatures that no longer verify after it: `DKIM example.test (selector s1)`. */
  readonly breaks: readonly string[];
}

/** One call of one plugin. */
export interface TraceStep {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly hook: string;
  /** The plugin's id in the configuration. `mailframe`: the engine itself. */
  readonly plugin: string;
  readonly mode: 'enforce' | 'shadow';
  /** What it was asked about: `rcpt ann@example.test`. */
  readonly asked: string;
  /**
   * `silent`: no opinion. `skipped`: its `when:` did not hold. `failed`: it threw or answered nonsense. `late`: it missed
   * its deadline. Anything else is the kind of its answer.
   */
  readonly answer: string;
  /** The answer in words: the reply line, the expansion, the cause of a failure. `null` where the kind says it all. */
  readonly detail: string | null;
  /** In milliseconds. */
  readonly took: number;
  readonly changes: readonly Change[];
  readonly facts: Readonly<Record<string, FactValue>>;
}

/** The steps in the order in which they happened. */
export type Trace = readonly TraceStep[];
