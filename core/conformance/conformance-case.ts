/** One thing that a mail server must do, and what finding out about it came to. */
import type { Probe } from './probe.ts';

/** What the cases are about. */
export const CASE_GROUPS = [
  'dialogue',
  'extensions',
  'smuggling',
  'limits',
  'relay',
  'notifications',
  'durability',
] as const;

export type CaseGroup = (typeof CASE_GROUPS)[number];

/** One case. */
export interface ConformanceCase {
  /** Never changes its meaning. */
  readonly name: string;
  readonly group: CaseGroup;
  /** Where it is written down: `RFC 5321 section 4.1.1.1`. */
  readonly source: string;
  /** What must hold, in one sentence. */
  readonly sentence: string;
  /** Resolves where it holds. @throws Departure, NotApplicable */
  readonly run: (probe: Probe) => Promise<void>;
}

/** What came of one case. */
export interface CaseResult extends Omit<ConformanceCase, 'run'> {
  readonly outcome: 'passed' | 'failed' | 'not-applicable';
  /** Why it failed, or does not apply; `null` where it passed. */
  readonly why: string | null;
  /** What was said, where it failed: `C:` and `S:` lines. */
  readonly dialogue: readonly string[];
  /** In milliseconds. */
  readonly took: number;
}

/** The server does not do it. */
export class Departure extends Error {
  override readonly name = 'Departure';
}

/** Nothing can be said about it here, and why. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}
