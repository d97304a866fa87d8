/** Parts that give way to a text: what was removed, or what lies elsewhere. */
import type { PartOutline } from '../../core/index.ts';
import { type ActionEdit, type Bench, NOTHING, namesOf } from './bench.ts';
import { boundariesAround } from './boundaries.ts';
import { fill, type Values, valuesOf } from './fill.ts';
import { replacedBy, textPart } from './new-part.ts';
import { isMail, outermost, parentsIn } from './places.ts';

/** `text` with the values of each part filled in, and as a file where it has a name. */
export function replaceWith(bench: Bench, text: string, name: string | null): ActionEdit {
  const parts = outermost(bench.targets ?? [], bench.root);
  if (parts.length === 0) return NOTHING;
  return {
    edits: replacements(bench, parts, { text, name, valuesOf }),
    what: `replaced ${namesOf(parts)} by a text`,
  };
}

/** What takes the place of parts. */
export interface Replacement {
  readonly text: string;
  readonly name: string | null;
  readonly valuesOf: (part: PartOutline) => Values;
}

/** The edits that put a text in the place of each part. */
export function replacements({ root }: Bench, parts: readonly PartOutline[], { text, name, valuesOf }: Replacement) {
  const parents = parentsIn(root);
  return parts.flatMap(part => {
    const values = valuesOf(part);
    const file = name === null ? null : fill(name, values).replaceAll(/[^\x20-\x7e]/g, '_');
    const written = textPart(
      { subtype: 'plain', text: `${fill(text, values)}\r\n`, name: file },
      boundariesAround(part, root),
    );
    return replacedBy(part, written, { root, isMail: isMail(part, parents.get(part) ?? null) });
  });
}
