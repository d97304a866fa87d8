/** Parts taken out of their multiparts, with the boundary lines above them. */
import { type Edit, type PartOutline, walkParts } from '../../core/index.ts';
import { type ActionEdit, type Bench, NOTHING, namesOf } from './bench.ts';
import { replacedBy, textPart } from './new-part.ts';
import { isBeforeBareLine, isMail, outermost, parentsIn } from './places.ts';

/**
 * A multipart that would be left without parts goes too (RFC 2046 section 5.1 wants at least one), and so does an attached
 * mail. Of a mail that is dropped as a whole its header stays, above an empty text.
 */
export function drop({ root, targets }: Bench): ActionEdit {
  const dropped = new Set(targets ?? []);
  if (dropped.size === 0) return NOTHING;
  for (const part of [...walkParts(root)].toReversed()) {
    if (part.children.length > 0 && part.children.every(child => dropped.has(child))) dropped.add(part);
  }
  const parents = parentsIn(root);
  const gone = outermost([...dropped], root);
  const edits = gone.flatMap(part => without(part, parents.get(part) ?? null, root));
  return { edits, what: `dropped ${namesOf(targets ?? [])}` };
}

function without(part: PartOutline, parent: PartOutline | null, root: PartOutline): readonly Edit[] {
  const multipart = parent?.multipart ?? null;
  if (parent === null || multipart === null) {
    return replacedBy(part, textPart({ subtype: 'plain', text: '' }, []), { root, isMail: isMail(part, parent) });
  }
  const index = parent.children.indexOf(part);
  const above = multipart.delimiters[index];
  if (above === undefined) return [];
  // The line end above the boundary line that goes is that of the one which takes its place.
  const below = multipart.delimiters[index + 1] ?? multipart.close;
  if (below !== null) return [{ start: above.line, end: below.line, replacement: Buffer.alloc(0) }];
  const start = isBeforeBareLine(root, part.end) ? above.line : above.start;
  return [{ start, end: part.end, replacement: Buffer.alloc(0) }];
}
