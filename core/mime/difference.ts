/**
 * What one content has that another, made from it, has not: fields of the header, parts, lines of text, signatures. For people
 * who want to know what was done to a mail.
 */
import type { Content } from '../mail/content.ts';
import { type FieldDifference, fieldDifferences } from './field-difference.ts';
import { readHeader } from './header.ts';
import { leavesOf, type PartDifference, partDifferences } from './part-difference.ts';
import { brokenSignatures } from './signatures.ts';
import { readOutline } from './tree.ts';

export type { FieldDifference } from './field-difference.ts';
export type { PartDifference, PartFacts } from './part-difference.ts';

export interface ContentDifference {
  /** In octets. */
  readonly size: { readonly before: number; readonly after: number };
  readonly header: readonly FieldDifference[];
  readonly parts: readonly PartDifference[];
  /** Signatures of the one before that no longer verify: `DKIM example.test (selector s1)`. */
  readonly breaks: readonly string[];
}

/** Compares two contents. Of a mail that is too complex for a part tree, only the headers and the signatures. */
export async function differenceOf(before: Content, after: Content): Promise<ContentDifference> {
  const size = { before: before.size, after: after.size };
  if (before === after) return { size, header: [], parts: [], breaks: [] };
  const [was, is] = [await outlineOf(before), await outlineOf(after)];
  return {
    size,
    header: fieldDifferences(was.fields, is.fields),
    parts: partDifferences(was.leaves, is.leaves),
    breaks: await brokenSignatures(before, after),
  };
}

/** Whether there is nothing to tell. */
export function isSame({ size, header, parts, breaks }: ContentDifference): boolean {
  return size.before === size.after && header.length + parts.length + breaks.length === 0;
}

async function outlineOf(content: Content) {
  const read = await readOutline(content);
  if (read.kind === 'tree') {
    return { fields: read.root.header.fields, leaves: await leavesOf(content, read.root) };
  }
  const header = await readHeader(content);
  return { fields: header.kind === 'header' ? header.block.fields : [], leaves: [] };
}
