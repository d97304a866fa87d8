/** Places: where each value of a configuration stands, in which file, so that every complaint can point at it. */
import type { Position } from '../mail/error.ts';

/** A way into the configuration: `['plugins', 3, 'options']`. */
export type Path = readonly (string | number)[];

/** Where one value stands, and where the values inside it do. */
export interface Place {
  readonly value: Position;
  /** Where its key stands; for an entry of a list, or the whole, the same as `value`. */
  readonly key: Position;
  readonly entries: ReadonlyMap<string | number, Place>;
  /** A complaint has been made about it already: what follows from it is not worth another one. */
  readonly broken: boolean;
}

/** A configuration that was read: plain data, and where each piece of it stands. */
export interface ConfigDocument {
  readonly value: unknown;
  readonly place: Place;
}

/** The position of a value or its key. What is missing stands where the value begins that it is missing from. */
export function positionAt(root: Place, path: Path, at: 'key' | 'value'): Position {
  let place = root;
  for (const part of path) {
    const next = place.entries.get(part);
    if (next === undefined) return place.value;
    place = next;
  }
  return place[at];
}

/** Whether a complaint has been made about the value at a path, or about one that it lies in. */
export function isBroken(root: Place, path: Path): boolean {
  let place: Place | undefined = root;
  if (place.broken) return true;
  for (const part of path) {
    place = place.entries.get(part);
    if (place === undefined) return false;
    if (place.broken) return true;
  }
  return false;
}

/** A path as people write it: `plugins[3].options.file`. */
export function dotted(path: Path): string {
  const text = path.map(part => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
  return text.startsWith('.') ? text.slice(1) : text;
}

/** What stands at a path, as written; `undefined` where nothing does. */
export function valueAt(document: ConfigDocument, path: Path): unknown {
  let value = document.value;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[part];
  }
  return value;
}
