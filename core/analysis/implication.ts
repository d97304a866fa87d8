/** What conditions say of each other: one implies another, two exclude each other, several leave nothing over. */
import type { Condition } from '../mail/condition.ts';
import { allOf, type Formula, formulaOf, type MapTest } from './formula.ts';
import type { Setting, World } from './model.ts';
import { type Found, search } from './search.ts';

/** What must hold of a mail: nothing at all, or all of these. */
export type Demand = readonly (Condition | MapTest)[];

/** A demand as it stands in a configuration. */
export function demandOf(when: Condition | null, more: readonly MapTest[] = []): Demand {
  return when === null ? more : [when, ...more];
}

/** A mail that meets the demand; `null`: there is none. `undecided` counts as if there were one, which is not known. */
export function exampleOf(demand: Demand, setting: Setting): World | 'undecided' | null {
  return worldOf(search([met(demand)], setting));
}

/** Whether every mail that meets the first meets the second too. Only what is proved is `true`. */
export function implies(one: Demand, other: Demand, setting: Setting): boolean {
  return search([met(one), unmet(other)], setting).kind === 'impossible';
}

/** Whether no mail meets both. Only what is proved is `true`. */
export function exclude(one: Demand, other: Demand, setting: Setting): boolean {
  return search([met(one), met(other)], setting).kind === 'impossible';
}

/** A mail that meets a demand and none of the others, or those of the others that together leave nothing over. */
export type Remainder =
  | { readonly kind: 'left'; readonly world: World }
  /** Indices, in order, none of which could be missing. */
  | { readonly kind: 'nothing'; readonly covered: readonly number[] }
  | { readonly kind: 'undecided' };

/** More are not tried one by one whether they are needed. */
const MOST_TRIED = 12;

/** What a demand leaves for those behind the others. */
export function remainder(demand: Demand, others: readonly Demand[], setting: Setting): Remainder {
  const found = search([met(demand), ...others.map(unmet)], setting);
  if (found.kind === 'undecided') return found;
  if (found.kind === 'possible') return { kind: 'left', world: found.world };
  let covered = [...found.because]
    .filter(index => index > 0)
    .map(index => index - 1)
    .sort((one, other) => one - other);
  if (covered.length <= MOST_TRIED) {
    for (const index of covered) {
      const without = covered.filter(one => one !== index);
      const rest = without.flatMap(one => (others[one] === undefined ? [] : [unmet(others[one])]));
      if (search([met(demand), ...rest], setting).kind === 'impossible') covered = without;
    }
  }
  return { kind: 'nothing', covered };
}

function met(demand: Demand): Formula {
  return allOf(demand.map(one => formulaOf(one, 'yes')));
}

const unmets = new WeakMap<Demand, Formula>();

/** A demand is not met where one part of it is not. Made once: a demand is tried with all that come after it. */
function unmet(demand: Demand): Formula {
  const made = unmets.get(demand) ?? { kind: 'or', of: demand.map(one => formulaOf(one, 'not yes')) };
  unmets.set(demand, made);
  return made;
}

function worldOf(found: Found): World | 'undecided' | null {
  switch (found.kind) {
    case 'possible':
      return found.world;
    case 'impossible':
      return null;
    case 'undecided':
      return 'undecided';
    default:
      return found satisfies never;
  }
}
