/** What was found, as an entry: values that are text, and not too many of them. */
import type { Entry } from '../plugin/table.ts';

/** More of them are no answer: they would fill the memory. */
export const MOST_VALUES = 100_000;

export const TOO_MANY = `the answer has more than ${MOST_VALUES} values`;

/**
 * An entry of these values; `null` where there is none of them.
 * @throws RangeError where they are too many
 */
export function entryOf(values: readonly string[], source: string): Entry | null {
  if (values.length > MOST_VALUES) throw new RangeError(TOO_MANY);
  const [first, ...others] = values;
  return first === undefined ? null : { values: [first, ...others], source };
}
