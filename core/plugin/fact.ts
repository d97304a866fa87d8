/** Declares facts: their names and what they may say, so that a condition in the configuration can be checked at boot. */
import type { z } from 'zod';
import type { Facts, FactValue } from '../mail/facts.ts';

/** One kind of fact. */
export interface Fact<T extends FactValue = FactValue> {
  readonly name: string;
  /** What it may say. An enum of strings lets `check` find misspelt values in conditions. */
  readonly schema: z.ZodType<T>;
  /** The statement itself, to be given to `note` or `rewrite`. */
  is(value: T): Facts;
  /** What is known, or `undefined`. A stored value that the schema no longer allows is not known. */
  in(facts: Facts): T | undefined;
}

/**
 * Declares a fact.
 * @example const VIRUS = defineFact('virus', z.enum(['clean', 'infected']));
 */
export function defineFact<T extends FactValue>(name: string, schema: z.ZodType<T>): Fact<T> {
  return {
    name,
    schema,
    is: value => ({ [name]: value }),
    in: facts => {
      const read = schema.safeParse(facts[name]);
      return read.success ? read.data : undefined;
    },
  };
}
