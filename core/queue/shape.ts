/** Reads values of unknown shape: each reader gives the value that it describes or throws `Unreadable`, naming the place. */

/** What was stored is not what is stored today. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';

  /** `wanted`: what it should be. Without it `place` is the whole sentence. */
  constructor(place: string, wanted?: string) {
    super(wanted === undefined ? place : `${place === '' ? 'the value' : place} is not ${wanted}`);
  }
}

/** What is read, or `null` where it is not what is stored today. */
export function unlessUnreadable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}

/** Takes a value and the place where it stands. */
export type Reader<T> = (value: unknown, place: string) => T;

/** A string. */
export const text: Reader<string> = (value, place) => {
  if (typeof value !== 'string') throw new Unreadable(place, 'text');
  return value;
};

/** A finite number. */
export const number: Reader<number> = (value, place) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new Unreadable(place, 'a number');
  return value;
};

/** `true` or `false`. */
export const flag: Reader<boolean> = (value, place) => {
  if (typeof value !== 'boolean') throw new Unreadable(place, 'true or false');
  return value;
};

/** One of these strings. */
export function oneOf<const T extends string>(...allowed: readonly T[]): Reader<T> {
  return (value, place) => {
    const found = allowed.find(one => one === value);
    if (found === undefined) throw new Unreadable(place, `one of ${allowed.join(', ')}`);
    return found;
  };
}

/** `null`, or what the reader reads. */
export function nullable<T>(read: Reader<T>): Reader<T | null> {
  return (value, place) => (value === null ? null : read(value, place));
}

/** What the reader reads, or `value` where older versions wrote nothing. */
export function since<T>(read: Reader<T>, value: T): Reader<T> {
  return (found, place) => (found === undefined ? value : read(found, place));
}

/** An array. */
export function list<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value, place) => {
    if (!Array.isArray(value)) throw new Unreadable(place, 'a list');
    return value.map((one, index) => read(one, `${place}[${index}]`));
  };
}

/** What the first reader reads, or else the second. */
export function either<A, B>(first: Reader<A>, second: Reader<B>): Reader<A | B> {
  return (value, place) => {
    try {
      return first(value, place);
    } catch {
      return second(value, place);
    }
  };
}

/** An object with these fields. What else it has is left out. */
export function fields<T extends object>(readers: { readonly [K in keyof T]: Reader<T[K]> }): Reader<T> {
  const names = Object.keys(readers) as (keyof T & string)[];
  return (value, place) => {
    const object = record(value, place);
    const read: Partial<T> = {};
    for (const name of names) read[name] = readers[name](object[name], place === '' ? name : `${place}.${name}`);
    return read as T;
  };
}

/** Any object. */
export const record: Reader<Readonly<Record<string, unknown>>> = (value, place) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unreadable(place, 'an object');
  return value as Readonly<Record<string, unknown>>;
};
