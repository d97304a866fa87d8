/** Facts: small named statements about a mail that one plugin writes and later plugins, conditions and people read. */

/** What a fact may say. Plain data: facts are stored with the queued mail. */
export type FactValue = string | number | boolean | readonly string[];

/** All that is known so far, by name. */
export type Facts = Readonly<Record<string, FactValue>>;

/** Nothing is known. */
export const NO_FACTS: Facts = Object.freeze({});
