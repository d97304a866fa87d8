/** What conditions mention by name, and where: listeners and facts have to exist. Looks at what was written. */
import type { Path } from './place.ts';

/** A name in a condition. */
export interface Mention {
  readonly name: string;
  readonly path: Path;
  /** For a fact: the values that the condition asks for. */
  readonly values: readonly { readonly text: string; readonly path: Path }[];
}

/** The listeners or the facts that a written `when:` mentions, at any depth. */
export function mentions(when: unknown, of: 'listener' | 'facts', path: Path): readonly Mention[] {
  if (!isMapping(when)) return [];
  const here = of === 'listener' ? listenersIn(when.listener, [...path, of]) : factsIn(when.facts, [...path, of]);
  const inside = (['all', 'any', 'not'] as const).flatMap(key =>
    entriesOf(when[key], [...path, key]).flatMap(([value, at]) => mentions(value, of, at)),
  );
  return [...here, ...inside];
}

function listenersIn(written: unknown, path: Path): readonly Mention[] {
  return entriesOf(written, path).map(([name, at]) => ({ name: String(name), path: at, values: [] }));
}

function factsIn(written: unknown, path: Path): readonly Mention[] {
  if (!isMapping(written)) return [];
  return Object.entries(written).map(([name, values]) => ({
    name,
    path: [...path, name],
    values: entriesOf(values, [...path, name]).map(([value, at]) => ({ text: String(value), path: at })),
  }));
}

/** The entries of a list, or the one value that stands for a list. */
function entriesOf(written: unknown, path: Path): readonly (readonly [unknown, Path])[] {
  if (written === undefined) return [];
  if (!Array.isArray(written)) return [[written, path]];
  return written.map((entry: unknown, index) => [entry, [...path, index]] as const);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
