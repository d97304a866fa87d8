/**
 * Which parts of a mail a rule means.
 *
 * Parts that are made of parts are meant only where the rule names their types, so that a rule about large files does not
 * meet the mail around the file. The size of a part is that of what it stands for, counted in one pass over the stream,
 * and only where the rule asks for it.
 */
import {
  type Content,
  type MediaType,
  type PartOutline,
  parameter,
  spanPieces,
  transferDecoder,
  walkParts,
} from '../../core/index.ts';
import type { Glob } from './glob.ts';
import { headerMatches } from './header-match.ts';
import { around, namesIn, parentsIn, typesOf } from './places.ts';
import type { PartCondition } from './rule.ts';

/** What is known of the parts beside their outlines. */
interface Known {
  readonly parents: ReadonlyMap<PartOutline, PartOutline>;
  /** Decoded, in octets. */
  readonly sizes: ReadonlyMap<PartOutline, number>;
}

/** The parts of which all conditions hold, in the order in which they stand in the mail. */
export async function meantParts(
  root: PartOutline,
  content: Content,
  conditions: readonly PartCondition[],
): Promise<readonly PartOutline[]> {
  const composite = conditions.some(condition => condition.kind === 'type' && condition.composite);
  const parts = [...walkParts(root)].filter(({ children }) => composite || children.length === 0);
  const parents = parentsIn(root);
  if (!asksForSize(conditions)) return parts.filter(part => all(conditions, part, { parents, sizes: new Map() }));
  const possible = parts.filter(part => all(conditions.filter(isNoSize), part, { parents, sizes: new Map() }));
  const sizes = await sizesOf(possible, content);
  return possible.filter(part => all(conditions, part, { parents, sizes }));
}

function asksForSize(conditions: readonly PartCondition[]): boolean {
  return conditions.some(one => one.kind === 'size' || (one.kind === 'not' && asksForSize(one.of)));
}

function isNoSize(condition: PartCondition): boolean {
  return !asksForSize([condition]);
}

function all(conditions: readonly PartCondition[], part: PartOutline, known: Known): boolean {
  return conditions.every(condition => holds(condition, part, known));
}

/**
 * Whether a condition holds of a part. Of several names or types, one is enough for a rule that looks for it; under `not`,
 * where a rule says what may pass, all must be so: a client may show any of them.
 */
function holds(condition: PartCondition, part: PartOutline, known: Known, names: 'some' | 'every' = 'some'): boolean {
  switch (condition.kind) {
    case 'type':
      return names === 'some'
        ? typesOf(part).some(type => isOf(type, condition.patterns))
        : typesOf(part).every(type => isOf(type, condition.patterns));
    case 'name': {
      const shown = namesIn(part).flatMap(spellings);
      const fits = (name: string) => condition.patterns.some(pattern => pattern(name));
      return shown.length > 0 && (names === 'some' ? shown.some(fits) : shown.every(fits));
    }
    case 'named':
      return namesIn(part).length > 0 === condition.is;
    case 'disposition':
      return condition.kinds.includes(part.disposition?.kind ?? 'none');
    case 'size':
      return isWithin(known.sizes.get(part) ?? 0, condition);
    case 'charset':
      return condition.names.includes((parameter(part.type, 'charset') ?? 'none').toLowerCase());
    case 'depth':
      return isWithin(around(part, known.parents).length, condition);
    case 'within':
      return around(part, known.parents).some(({ type }) => isOf(type, condition.patterns));
    case 'partHeader':
      return headerMatches(part.header, condition.fields);
    case 'not':
      return !condition.of.every(one => holds(one, part, known, 'every'));
  }
}

function isOf({ type, subtype }: MediaType, patterns: readonly Glob[]): boolean {
  return patterns.some(pattern => pattern(`${type}/${subtype}`));
}

function isWithin(value: number, { atLeast, atMost }: { readonly atLeast: number; readonly atMost: number }): boolean {
  return value >= atLeast && value <= atMost;
}

/** A name as it is written, and as a file system takes it: without folders, and without the dots and blanks at its end. */
function spellings(name: string): readonly string[] {
  const file = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1).replace(/(?<![. ])[. ]+$/, '');
  return file === name ? [name] : [name, file];
}

/** One pass for all parts. */
async function sizesOf(parts: readonly PartOutline[], content: Content) {
  const decoders = parts.map(({ encoding }) => transferDecoder(encoding));
  const sizes = parts.map(() => 0);
  const spans = parts.map(({ bodyStart, end }) => ({ start: bodyStart, end }));
  for await (const { index, octets } of spanPieces(content, spans)) {
    sizes[index] = (sizes[index] ?? 0) + (decoders[index]?.feed(octets).length ?? 0);
  }
  return new Map(parts.map((part, index) => [part, (sizes[index] ?? 0) + (decoders[index]?.end().length ?? 0)]));
}
