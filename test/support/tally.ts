/** Counts how far we agree with a table of another project, and holds the list of where we do not, and why. */
import { expect } from 'vitest';

/** One case of a table. `deviation`: what we made of it instead, or `null` where we agree. */
export interface Verdict {
  readonly id: string;
  readonly deviation: string | null;
}

/**
 * Prints one line for the table and one for each deviation. Fails where a deviation is not in the list, and where one in
 * the list is none any more.
 * @param reasons why we deviate, by the id of the case
 */
export function tally(
  table: string,
  verdicts: Iterable<Verdict>,
  reasons: Readonly<Record<string, string>> = {},
): void {
  const all = [...verdicts];
  const deviations = all.filter(({ deviation }) => deviation !== null);
  const lines = deviations.map(({ id }) => `  ${id}: ${reasons[id] ?? 'NOT EXPLAINED'}`);
  console.info(
    [`${table}: ${all.length - deviations.length} passed, ${deviations.length} deviations`, ...lines].join('\n'),
  );
  expect(all.length, `the table ${table} has cases`).toBeGreaterThan(0);
  expect(deviations.filter(({ id }) => reasons[id] === undefined)).toEqual([]);
  expect(Object.keys(reasons).filter(id => !deviations.some(deviation => deviation.id === id))).toEqual([]);
}

/** Agreement is equality: a deviation shows both values. */
export function compared(id: string, got: unknown, want: unknown): Verdict {
  const [is, should] = [JSON.stringify(got), JSON.stringify(want)];
  return { id, deviation: is === should ? null : `got ${is}, want ${should}` };
}
