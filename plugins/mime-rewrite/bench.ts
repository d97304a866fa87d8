/** What an action works on, and what it makes. */
import type { Edit, Files, PartOutline, Random } from '../../core/index.ts';
import type { Draft } from './draft.ts';

/** The world around the actions. */
export interface Tools {
  readonly random: Random;
  readonly files: Files;
  /** A part that is to be changed inside is held in memory up to this size, in octets. */
  readonly largestEdit: number;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** The mail as it is now, and the parts that the rule means. */
export interface Bench extends Tools {
  readonly draft: Draft;
  readonly root: PartOutline;
  /** `null`: the rule asks for no parts; an action looks for those that are right for it. */
  readonly targets: readonly PartOutline[] | null;
  /** Whether the mail was wrapped for this rule: what cannot go into what is inside goes beside it. */
  readonly wrapped: boolean;
}

/** What an action does. No edits: nothing. */
export interface ActionEdit {
  readonly edits: readonly Edit[];
  /** For the trace: `added header field X-Scanned`. */
  readonly what: string;
  /** What was left undone, and why, for the log. */
  readonly undone?: readonly string[];
  /** The signatures that kept it from being done, in words. */
  readonly blocked?: readonly string[];
}

/** Nothing to do. */
export const NOTHING: ActionEdit = { edits: [], what: '' };

/** A part as people call it. */
export function nameOf({ path }: PartOutline): string {
  return path === '' ? 'the mail' : `part ${path}`;
}

const MOST_NAMED = 20;

/** Some parts as people call them. */
export function namesOf(parts: readonly PartOutline[]): string {
  const named = parts.slice(0, MOST_NAMED).map(nameOf).join(', ');
  return parts.length > MOST_NAMED ? `${named} and ${parts.length - MOST_NAMED} more` : named;
}
