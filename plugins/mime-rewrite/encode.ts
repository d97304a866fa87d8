/** Leaves in another transfer encoding or charset: what they say stays the same. */
import { isAscii } from 'node:buffer';
import { type Edit, encodeTransfer, type PartOutline } from '../../core/index.ts';
import type { EncodeAction } from './action.ts';
import { type ActionEdit, type Bench, NOTHING, nameOf, namesOf } from './bench.ts';
import { boundariesAround, boundaryLines } from './boundaries.ts';
import { type HeldLeaf, hasLongLine, holdLeaves, inBase64 } from './leaf-edit.ts';
import { describeAnew } from './part-header.ts';

export async function encode(bench: Bench, action: EncodeAction): Promise<ActionEdit> {
  const { held, undone } = await holdLeaves(bench, bench.targets ?? []);
  const done: PartOutline[] = [];
  const left: string[] = [...undone];
  const edits = held.flatMap(leaf => {
    const made = recoded(leaf, action, bench.root);
    if (typeof made === 'string') left.push(made);
    else if (made.length > 0) done.push(leaf.part);
    return typeof made === 'string' ? [] : made;
  });
  if (edits.length === 0) return { ...NOTHING, undone: left };
  const charset = action.charset === null ? '' : `, ${action.charset}`;
  return { edits, what: `put into ${action.as}${charset}: ${namesOf(done)}`, undone: left };
}

/** The edits, or why there are none. */
function recoded(
  { part, body, leaf }: HeldLeaf,
  { as, charset }: EncodeAction,
  root: PartOutline,
): readonly Edit[] | string {
  const isOther = charset !== null && part.type.type === 'text' && leaf.charset !== charset;
  const octets =
    isOther && !(leaf.charset === 'us-ascii' && isAscii(leaf.octets)) ? Buffer.from(leaf.text) : leaf.octets;
  if (!isOther && part.encoding === as) return [];
  if (isOther && (!leaf.known || leaf.text.includes('\ufffd')))
    return `${nameOf(part)} is not all text in the charset that it names`;
  const boundaries = boundariesAround(part, root);
  const written = as === 'base64' ? inBase64(octets, part.end < root.end).body : encodeTransfer(octets, as);
  if (as === '7bit' && !isAscii(written)) return `${nameOf(part)} does not fit into 7 bits`;
  if ((as === '7bit' || as === '8bit') && (hasLongLine(written) || written.includes(0))) {
    return `${nameOf(part)} has lines too long for ${as}, or NUL`;
  }
  if (boundaryLines(written, boundaries) > 0 && boundaryLines(body, boundaries) === 0) {
    return `${nameOf(part)} would be cut by a boundary in ${as}`;
  }
  const description = {
    charset: isOther ? charset : undefined,
    encoding: part.encoding === as ? undefined : as,
  };
  return [...describeAnew(part, description), { start: part.bodyStart, end: part.end, replacement: written }];
}
