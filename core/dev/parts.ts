/** The parts of a mail as files, and the pictures that its HTML refers to. */
import { type Part, walkParts } from '../mime/part.ts';
import { partContent, partText } from '../mime/transfer-encoding.ts';
import { parseTree } from '../mime/tree.ts';

/** The part at a path, or `null`. */
export function partAt(octets: Buffer, path: string): Part | null {
  const read = parseTree(octets);
  if (read.kind !== 'tree') return null;
  for (const part of walkParts(read.root)) if (part.path === path) return part;
  return null;
}

/** A leaf decoded; what has parts as it is. */
export function partOctets(part: Part): Buffer {
  return part.children.length === 0 ? partContent(part) : part.body;
}

export const textOf = partText;

/** Larger pictures are not put into a document. In octets. */
const LARGEST = 4 * 1024 * 1024;

/** What a Content-ID stands for, as a data URL (RFC 2392, RFC 2397), or `null` where that is no picture. */
export function pictures(root: Part): (contentId: string) => string | null {
  const byId = new Map<string, Part>();
  for (const part of walkParts(root)) {
    const id = part.header.first('content-id')?.trim().replaceAll(/^<|>$/g, '');
    if (id !== undefined && part.type.type === 'image' && !byId.has(id)) byId.set(id, part);
  }
  return contentId => {
    const part = byId.get(contentId);
    if (part === undefined || part.body.length > LARGEST) return null;
    return `data:image/${part.type.subtype};base64,${partContent(part).toString('base64')}`;
  };
}
