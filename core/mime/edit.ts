/**
 * Edits of content as spans of octets.
 *
 * Guarantee: octets outside the spans of the edits are the same octets as before, in the same order.
 */
import type { Content } from '../mail/content.ts';

/** The octets from `start` up to, but not including, `end` give way to others. An insertion where both are equal. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: Buffer;
}

/**
 * Content with the edits made, in one pass over the original. Insertions at one place keep the order of the list.
 * @throws RangeError where an edit lies outside the content or two edits overlap
 */
export function applyEdits(content: Content, edits: readonly Edit[]): Content {
  const ordered = inOrder(edits, content.size);
  if (ordered.length === 0) return content;
  return {
    size: ordered.reduce((size, edit) => size - (edit.end - edit.start) + edit.replacement.length, content.size),
    async bytes() {
      return Buffer.concat([...edited(await content.bytes(), ordered)]);
    },
    stream: () => editedStream(content, ordered),
  };
}

/** Octets with the edits made. */
export function applyEditsTo(octets: Buffer, edits: readonly Edit[]): Buffer {
  return Buffer.concat([...edited(octets, inOrder(edits, octets.length))]);
}

function inOrder(edits: readonly Edit[], size: number): readonly Edit[] {
  const ordered = edits.toSorted((one, other) => one.start - other.start || one.end - other.end);
  let free = 0;
  for (const { start, end } of ordered) {
    if (!(start >= free && end >= start && end <= size)) {
      throw new RangeError(`the edit of octets ${start} to ${end} overlaps another one or leaves the ${size} octets`);
    }
    free = end;
  }
  return ordered;
}

function* edited(octets: Buffer, edits: readonly Edit[]): Generator<Buffer> {
  let at = 0;
  for (const { start, end, replacement } of edits) {
    yield octets.subarray(at, start);
    yield replacement;
    at = end;
  }
  yield octets.subarray(at);
}

async function* editedStream(content: Content, edits: readonly Edit[]): AsyncGenerator<Buffer> {
  const waiting = edits.values();
  let edit = waiting.next().value;
  let offset = 0;
  let skipTo = 0;
  for await (const piece of content.stream()) {
    const pieceEnd = offset + piece.length;
    let at = offset;
    while (edit !== undefined && edit.start < pieceEnd) {
      if (edit.start > Math.max(at, skipTo)) yield piece.subarray(Math.max(at, skipTo) - offset, edit.start - offset);
      if (edit.replacement.length > 0) yield edit.replacement;
      at = Math.max(at, edit.start);
      skipTo = edit.end;
      edit = waiting.next().value;
    }
    const from = Math.max(at, skipTo);
    if (from < pieceEnd) yield piece.subarray(from - offset);
    offset = pieceEnd;
  }
  for (; edit !== undefined; edit = waiting.next().value) if (edit.replacement.length > 0) yield edit.replacement;
}
