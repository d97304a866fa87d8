/** One alias, or one list, that is followed, and how it was reached. */
import type { Mailbox } from '../../core/index.ts';
import { type Alias, formatStep } from './alias.ts';

export interface Step {
  /** Whom it is for. */
  readonly address: Mailbox;
  /** See `addressKey`. */
  readonly key: string;
  readonly alias: Alias;
  /** What the name of the alias leaves of the local part. */
  readonly extension: string;
  /** Who hears of failures below it. `null`: the sender. */
  readonly owner: Mailbox | null;
  readonly above: Step | null;
  /** See `viaOf`. */
  readonly via: string;
  /** 1 for the recipient's own alias. */
  readonly depth: number;
  /** Where what becomes of its targets is noted, for whoever wants to see the way. */
  readonly seen: Seen | null;
}

/** An `Unfolding` that grows. */
export interface Seen {
  readonly what: string;
  by: string | null;
  outcome: string | null;
  readonly leadsTo: Seen[];
}

/** Notes what a step leads to, where somebody wants to see. */
export function noteBelow(
  { seen }: Step,
  what: string,
  known: Partial<Pick<Seen, 'by' | 'outcome'>> = {},
): Seen | null {
  if (seen === null) return null;
  const below: Seen = { what, by: null, outcome: null, leadsTo: [], ...known };
  seen.leadsTo.push(below);
  return below;
}

/** The way to a target, from the recipient on: `staff (aliases:3) -> team (aliases:9)`. */
export function viaOf({ above, alias }: Pick<Step, 'above' | 'alias'>): string {
  return above === null ? formatStep(alias) : `${above.via} -> ${formatStep(alias)}`;
}

/** The step above, or this one, at which the same address was followed; `null` where there is none. */
export function ancestor(step: Step | null, key: string): Step | null {
  for (let at = step; at !== null; at = at.above) if (at.key === key) return at;
  return null;
}

/** The steps that close a loop: from `first` down to `last`, and to `first` again. */
export function loopOf(first: Step, last: Step | null): string {
  const steps: string[] = [formatStep(first.alias)];
  for (let at = last; at !== null; at = at.above) {
    steps.push(formatStep(at.alias));
    if (at === first) break;
  }
  return steps.reverse().join(' -> ');
}

/** Whether two look-ups found one entry. */
export function sameAlias(one: Alias, other: Alias): boolean {
  return one === other || formatStep(one) === formatStep(other);
}
