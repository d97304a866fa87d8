/**
 * The part tree of a mail (RFC 2045, RFC 2046).
 *
 * Guarantee: the spans of a tree, in order, are all octets of the mail, each once, whatever the octets are. Nothing is
 * decoded and nothing repaired.
 *
 * Where clients disagree, the reading here is: a line ends at LF, with or without CR before it; the first Content-Type
 * field counts; a boundary line holds two hyphens, the boundary, two more hyphens where it closes, and blanks; an outer
 * boundary ends the inner parts; a multipart without a usable boundary is a leaf; the mail in `message/rfc822` is taken
 * apart too, unless it is encoded.
 */
import type { Content } from '../mail/content.ts';
import { LARGEST_HEADER } from './header.ts';
import { outlinedPart, settledPart } from './open-part.ts';
import type { Part, PartOutline, TreeLimits } from './part.ts';
import { TreeReader } from './tree-reader.ts';

export const TREE_LIMITS: TreeLimits = Object.freeze({ parts: 10_000, depth: 50, headers: 4 * LARGEST_HEADER });

/** The verdict that a mail goes beyond a limit. */
export interface TooComplex {
  readonly kind: 'too-complex';
  readonly what: keyof TreeLimits;
  readonly limit: number;
}

/** A tree, or the verdict that there is none. */
export type ReadTree = { readonly kind: 'tree'; readonly root: Part } | TooComplex;

/** The same without the octets of bodies. */
export type ReadOutline = { readonly kind: 'tree'; readonly root: PartOutline } | TooComplex;

/** The part tree of a mail, in one pass over its octets. Never fails: what is too much gets a verdict. */
export function parseTree(octets: Buffer, limits: TreeLimits = TREE_LIMITS): ReadTree {
  const read = new TreeReader(limits).end(octets);
  if (read.kind === 'too-complex') return { ...read, limit: limits[read.what] };
  return { kind: 'tree', root: settledPart(octets, read.root) };
}

/**
 * The same tree of content of any size, in one pass over its stream: where each part stands, and its header. Memory is
 * bounded by the limits, whatever the size of the mail.
 */
export async function readOutline(content: Content, limits: TreeLimits = TREE_LIMITS): Promise<ReadOutline> {
  const reader = new TreeReader(limits);
  for await (const piece of content.stream()) {
    reader.feed(piece);
    if (reader.isOver) break;
  }
  const read = reader.end();
  if (read.kind === 'too-complex') return { ...read, limit: limits[read.what] };
  return { kind: 'tree', root: outlinedPart(read.root) };
}
