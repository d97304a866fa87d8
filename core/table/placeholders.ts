/**
 * What `:key`, `:local` and `:domain` stand for in a query, a filter or an address.
 *
 * Guarantee: a part that a key does not have is never asked for as if it were empty. `@example.test` has no local part and
 * `ann` no domain, so a query that needs it has no answer for that key.
 */
import { didYouMean, listed } from '../plugin/suggest.ts';

/** The names, without their colon. */
export const PLACEHOLDERS = ['key', 'local', 'domain'] as const;

export type Placeholder = (typeof PLACEHOLDERS)[number];

/** What a key is made of; `null`: it has no such part. A key without an @ is all local part. */
export type KeyParts = Readonly<Record<Placeholder, string | null>>;

export function partsOf(key: string): KeyParts {
  const at = key.lastIndexOf('@');
  if (at === -1) return { key, local: key, domain: null };
  return { key, local: key.slice(0, at) || null, domain: key.slice(at + 1) || null };
}

/** The values of the named parts in this order, or `null` where the key has not all of them. */
export function valuesFor(names: readonly Placeholder[], parts: KeyParts): readonly string[] | null {
  const values: string[] = [];
  for (const name of names) {
    const value = parts[name];
    if (value === null) return null;
    values.push(value);
  }
  return values;
}

/** A text with placeholders in it. */
export class Template {
  readonly #pieces: readonly string[];
  readonly names: readonly Placeholder[];

  constructor(text: string) {
    // The names stand between the pieces, at the odd places.
    const split = text.split(/:(key|local|domain)\b/);
    this.#pieces = split.filter((_, index) => index % 2 === 0);
    this.names = split.filter((_, index) => index % 2 === 1) as Placeholder[];
  }

  /** The text with each part of the key as `escape` writes it; `null` where the key has not all that it needs. */
  fill(parts: KeyParts, escape: (part: string) => string): string | null {
    const values = valuesFor(this.names, parts);
    return values && this.#pieces.map((piece, index) => piece + escape(values[index] ?? '')).join('');
  }
}

/** What is wrong with a name behind a colon, or `null`. */
export function faultOf(name: string): string | null {
  if ((PLACEHOLDERS as readonly string[]).includes(name)) return null;
  const meant = didYouMean(name, PLACEHOLDERS);
  return `there is no placeholder ":${name}"${
    meant ||
    `; there are ${listed(
      PLACEHOLDERS.map(one => `:${one}`),
      'and',
    )}`
  }`;
}
