/** What a fact may say, and values of it that stand for all. */
import type { FactValue } from '../mail/facts.ts';
import type { Fact } from '../plugin/fact.ts';
import { newWord } from './address-classes.ts';

/** What a fact may say. */
export interface FactRange {
  /** `null`: anything. */
  readonly words: readonly string[] | null;
  /** Whether it may say several things at once. */
  readonly several: boolean;
}

/** Where nothing is known of a fact, it may say anything. */
export const ANYTHING: FactRange = { words: null, several: true };

/** What the facts of a configuration may say, by name. */
export function factRanges(facts: readonly Fact[]): ReadonlyMap<string, FactRange> {
  const ranges = new Map<string, FactRange>();
  for (const fact of facts) {
    const { words, several } = rangeOf(fact);
    const other = ranges.get(fact.name) ?? { words: [], several: false };
    ranges.set(fact.name, {
      words: words === null || other.words === null ? null : [...new Set([...other.words, ...words])],
      several: several || other.several,
    });
  }
  return ranges;
}

/** What one fact may say. */
export function rangeOf({ schema }: Fact): FactRange {
  const { def, values } = schema._zod;
  if (def.type === 'boolean') return { words: ['true', 'false'], several: false };
  if (def.type === 'enum' || def.type === 'literal') {
    return { words: values === undefined ? null : [...values].map(String), several: false };
  }
  if (def.type === 'number' || def.type === 'string') return { words: null, several: false };
  return ANYTHING;
}

/** Values of a fact, and `undefined` for one that nobody has stated. For every other value one of them answers alike. */
export function factClasses(
  asked: readonly { readonly values: readonly string[]; readonly no: boolean }[],
  { words, several }: FactRange,
): readonly (FactValue | undefined)[] {
  const mentioned = new Set(asked.flatMap(({ values }) => values));
  const possible = words ?? [...mentioned, newWord('something', mentioned)];
  if (!several) return [undefined, ...possible];
  const forbidden = new Set(asked.flatMap(({ values, no }) => (no ? values : [])));
  // The more it says, the more is met; only what is forbidden must be left out.
  return [undefined, possible.filter(word => !forbidden.has(word)), ...possible.map(word => [word]), possible];
}
