/** Values that are there, or will be. */

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** Goes on with a value: at once where it is there, because a turn of the microtask queue costs more than most answers. */
export function whenThere<A, B>(value: Awaitable<A>, goOn: (value: A) => Awaitable<B>): Awaitable<B> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}

/** All of them, in their order: at once where all are there. */
export function allThere<T>(values: readonly Awaitable<T>[]): Awaitable<readonly T[]> {
  const [only] = values;
  if (values.length === 1 && only instanceof Promise) return only.then(value => [value]);
  return values.every(isThere) ? values : Promise.all(values);
}

function isThere<T>(value: Awaitable<T>): value is T {
  return !(value instanceof Promise);
}
