/**
 * Parts found again after an edit: a rule means the parts that it has met, whatever its first actions have made of them.
 *
 * A part is known by where its body starts: edits of headers and bodies leave that place between two octets that are
 * still there.
 */
import { type Edit, type PartOutline, walkParts } from '../../core/index.ts';

/** The parts of the new outline that the old ones have become. What was replaced or dropped is not among them. */
export function partsAfter(
  parts: readonly PartOutline[],
  edits: readonly Edit[],
  root: PartOutline,
): readonly PartOutline[] {
  const places = new Map<number, PartOutline[]>();
  for (const part of walkParts(root)) places.set(part.bodyStart, [...(places.get(part.bodyStart) ?? []), part]);
  const moved = new Places(edits);
  const found = parts
    .toSorted((one, other) => one.bodyStart - other.bodyStart)
    .flatMap(part => {
      const place = moved.of(part.bodyStart);
      const candidates =
        place === null ? [] : [...(places.get(place.behind) ?? []), ...(places.get(place.before) ?? [])];
      const isLeaf = part.children.length === 0;
      return candidates.find(one => (one.children.length === 0) === isLeaf) ?? [];
    });
  return [...new Set(found)];
}

/** Where places lie after edits. To be asked in order: each edit is looked at once. */
class Places {
  readonly #edits: readonly Edit[];
  #next = 0;
  #shift = 0;

  constructor(edits: readonly Edit[]) {
    this.#edits = edits.toSorted((one, other) => one.start - other.start || one.end - other.end);
  }

  /** Before what is put in there, and behind it. `null`: it was in the midst of octets that are no more. */
  of(at: number): { readonly before: number; readonly behind: number } | null {
    let edit = this.#edits[this.#next];
    while (edit !== undefined && edit.start < at && edit.end <= at) {
      this.#shift += edit.replacement.length - (edit.end - edit.start);
      this.#next += 1;
      edit = this.#edits[this.#next];
    }
    if (edit !== undefined && edit.start < at) return null;
    let inserted = 0;
    for (let index = this.#next; edit !== undefined && edit.start === at && edit.end === at; ) {
      inserted += edit.replacement.length;
      index += 1;
      edit = this.#edits[index];
    }
    return { before: at + this.#shift, behind: at + this.#shift + inserted };
  }
}
