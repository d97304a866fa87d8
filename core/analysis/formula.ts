/**
 * Conditions as formulas without `not`: what must come out of each simple condition, so that the whole comes out as wanted.
 *
 * A condition has three answers (`core/chain/condition.ts`). "Does not hold" is `no` or `unknown`, so each simple condition
 * may be wanted in four ways.
 */
import { type Holds, holds, type View } from '../chain/condition.ts';
import type { Condition } from '../mail/condition.ts';
import type { RouteMap } from '../mail/route.ts';
import { findInMap } from '../mail/route-map.ts';

/** The answers that will do. */
export type Wanted = 'yes' | 'no' | 'not yes' | 'not no';

/** That the map of a route knows the address. */
export interface MapTest {
  readonly kind: 'map';
  readonly map: RouteMap;
}

/** A condition that is made of no others. */
export type Simple = Exclude<Condition, { readonly kind: 'all' | 'any' | 'not' }> | MapTest;

/** A simple condition, and what is to come out of it. */
export interface Literal {
  readonly test: Simple;
  readonly wanted: Wanted;
}

export type Formula =
  | { readonly kind: 'literal'; readonly literal: Literal }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Formula[] };

/** What a route asks for beside its `when`. */
export type Test = Condition | MapTest;

const OPPOSITE = { yes: 'no', no: 'yes', 'not yes': 'not no', 'not no': 'not yes' } as const satisfies Record<
  Wanted,
  Wanted
>;

/** The formula that holds exactly where the condition comes out as wanted. */
export function formulaOf(test: Test, wanted: Wanted): Formula {
  switch (test.kind) {
    case 'all':
    case 'any': {
      const together = wanted === 'yes' || wanted === 'not no';
      const kind = (test.kind === 'all') === together ? 'and' : 'or';
      return { kind, of: test.of.map(one => formulaOf(one, wanted)) };
    }
    case 'not':
      return formulaOf(test.of, OPPOSITE[wanted]);
    default:
      return { kind: 'literal', literal: { test, wanted } };
  }
}

/** All of them. */
export function allOf(formulas: readonly Formula[]): Formula {
  return { kind: 'and', of: formulas };
}

/** Whether a formula holds where this is known. */
export function isTrue(formula: Formula, view: View): boolean {
  switch (formula.kind) {
    case 'literal':
      return comesOut(formula.literal, view);
    case 'and':
      return formula.of.every(one => isTrue(one, view));
    case 'or':
      return formula.of.some(one => isTrue(one, view));
    default:
      return formula satisfies never;
  }
}

/** Whether a simple condition comes out as wanted. */
export function comesOut({ test, wanted }: Literal, view: View): boolean {
  const answer = answerTo(test, view);
  switch (wanted) {
    case 'yes':
    case 'no':
      return answer === wanted;
    case 'not yes':
      return answer !== 'yes';
    case 'not no':
      return answer !== 'no';
    default:
      return wanted satisfies never;
  }
}

function answerTo(test: Simple, view: View): Holds {
  if (test.kind !== 'map') return holds(test, view);
  const path = test.map.by === 'sender' ? view.reversePath : view.recipient?.forwardPath;
  if (path === undefined) return 'unknown';
  return findInMap(test.map, path) === null ? 'no' : 'yes';
}
