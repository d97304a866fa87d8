/** Typed names of services: what a plugin asks for, and what the container holds. */

declare const carries: unique symbol;

/** The name of a service of type `T`. Invariant in `T`: a service of the wrong type does not compile. */
export interface Token<T> {
  readonly name: string;
  readonly key: symbol;
  readonly [carries]?: (value: T) => T;
}

/** The services that a plugin needs, by the name under which it wants them. */
// A token is invariant in its type, so only `any` can stand for "a token of whatever type".
// oxlint-disable-next-line typescript/no-explicit-any
export type Needs = Readonly<Record<string, Token<any>>>;

/** The services that answer `Needs`. */
export type Resolved<N> = { readonly [K in keyof N]: N[K] extends Token<infer T> ? T : never };

/**
 * Names a service. Two tokens of one name are one token, even where a package was loaded twice.
 * @example export const GREYLIST = token<Greylist>('greylist')
 */
export function token<T>(name: string): Token<T> {
  return { name, key: Symbol.for(`mailframe:${name}`) };
}
