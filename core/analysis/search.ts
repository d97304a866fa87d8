/**
 * Looks for a mail for which formulas hold, or proves that there is none.
 *
 * A mail is made for what is known to be needed, and tried on all formulas. The first that does not hold of it tells what
 * is needed beside: each of its alternatives is tried in turn. So formulas that have nothing to do with the matter are never
 * looked into, however many they are.
 *
 * Guarantees: what is found was tried, by the same code that tries mail; what is called impossible is impossible. Where the
 * search would take too long it says so, and nobody may conclude anything.
 */
import { type Formula, isTrue, type Literal } from './formula.ts';
import { modelOf, type Setting, type World } from './model.ts';

export type Found =
  | { readonly kind: 'possible'; readonly world: World }
  /** `because`: the indices of formulas that together rule everything out. */
  | { readonly kind: 'impossible'; readonly because: ReadonlySet<number> }
  | { readonly kind: 'undecided' };

/** How many mails are made for one question. */
const MOST_MODELS = 2000;

/** A formula that may not hold yet, and the index of the one that it is a part of. */
interface Open {
  readonly formula: Formula;
  readonly of: number;
}

/** @param most how many mails may be made. */
export function search(formulas: readonly Formula[], setting: Setting, most = MOST_MODELS): Found {
  return new Search(setting, most).from(formulas);
}

class Search {
  readonly #setting: Setting;
  #left: number;
  readonly #because = new Set<number>();

  constructor(setting: Setting, most: number) {
    this.#setting = setting;
    this.#left = most;
  }

  from(formulas: readonly Formula[]): Found {
    const found = this.#solve(
      formulas.map((formula, of) => ({ formula, of })),
      [],
    );
    if (found !== 'impossible') return found;
    return { kind: 'impossible', because: this.#because };
  }

  #solve(
    open: readonly Open[],
    needed: readonly Literal[],
  ): Exclude<Found, { readonly kind: 'impossible' }> | 'impossible' {
    if (this.#left <= 0) return { kind: 'undecided' };
    this.#left -= 1;
    const world = modelOf(needed, this.#setting);
    if (world === null) return 'impossible';
    const failing = open.find(({ formula }) => !isTrue(formula, world));
    if (failing === undefined) return { kind: 'possible', world };
    this.#because.add(failing.of);
    const rest = open.filter(one => one !== failing);
    let undecided = false;
    for (const { parts, literals } of alternatives(failing)) {
      const found = this.#solve([...parts, ...rest], [...needed, ...literals]);
      if (found === 'impossible') continue;
      if (found.kind === 'possible') return found;
      undecided = true;
    }
    return undecided ? { kind: 'undecided' } : 'impossible';
  }
}

/** The ways in which a formula may come to hold: what must hold beside, and what is a simple condition already. */
function alternatives({
  formula,
  of,
}: Open): readonly { readonly parts: readonly Open[]; readonly literals: readonly Literal[] }[] {
  if (formula.kind === 'or') return formula.of.flatMap(one => alternatives({ formula: one, of }));
  const flat = formula.kind === 'and' ? flattened(formula.of) : [formula];
  return [
    {
      literals: flat.flatMap(one => (one.kind === 'literal' ? [one.literal] : [])),
      parts: flat.flatMap(one => (one.kind === 'literal' ? [] : [{ formula: one, of }])),
    },
  ];
}

function flattened(formulas: readonly Formula[]): readonly Formula[] {
  return formulas.flatMap(one => (one.kind === 'and' ? flattened(one.of) : [one]));
}
