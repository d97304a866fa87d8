/**
 * Reads a mail as a person reads it, from its octets, in two passes over its stream: where its parts stand, and what they
 * hold. Never fails on what a mail says, and needs no more memory than its limits allow, whatever the size of the mail.
 */
import type { Content } from '../mail/content.ts';
import { type HeaderBlock, parseHeader, readHeader } from '../mime/header.ts';
import { type PartOutline, type TreeLimits, walkParts } from '../mime/part.ts';
import { readOutline, TREE_LIMITS } from '../mime/tree.ts';
import { claimsIn } from './claims.ts';
import { coverageOf, foundSignatures } from './coverage.ts';
import { headerFields } from './header-fields.ts';
import { type KeptLimits, leafOctets } from './leaf-octets.ts';
import type { ReadMessage, ReadPart } from './message.ts';
import { isShownAsText, type Preference, readPart } from './part.ts';

/** How a mail is read. */
export interface ReadingOptions {
  /** Which form of a text is shown where there are several. */
  readonly prefer?: Preference;
  readonly tree?: TreeLimits;
  /** How much text is kept. */
  readonly kept?: KeptLimits;
}

export const KEPT_LIMITS: KeptLimits = Object.freeze({ part: 1024 * 1024, mail: 16 * 1024 * 1024 });

/**
 * Reads a mail.
 * @example (await readMessage(contentOf(octets))).root.header?.shown
 */
export async function readMessage(
  content: Content,
  { prefer = 'plain', tree = TREE_LIMITS, kept = KEPT_LIMITS }: ReadingOptions = {},
): Promise<ReadMessage> {
  const read = await readOutline(content, tree);
  if (read.kind === 'too-complex') return readHeaderAlone(content, read);
  const { root } = read;
  const leaves = [...walkParts(root)].filter(({ children }) => children.length === 0);
  const octets = await leafOctets(content, leaves, { wanted: isShownAsText, limits: kept });
  const shown = readPart(root, { octets, prefer, signedBy: [] });
  return {
    size: content.size,
    root: shown,
    signatures: foundSignatures(root, shown),
    coverage: coverageOf(shown),
    claims: claimsIn(root.header),
  };
}

async function readHeaderAlone(
  content: Content,
  { what, limit }: { readonly what: keyof TreeLimits; readonly limit: number },
): Promise<ReadMessage> {
  const read = await readHeader(content);
  const header: HeaderBlock = read.kind === 'header' ? read.block : parseHeader(Buffer.alloc(0));
  const root: ReadPart = {
    path: '',
    type: 'application/octet-stream',
    parameters: {},
    encoding: '7bit',
    disposition: null,
    name: null,
    otherNames: [],
    description: null,
    travels: content.size,
    size: null,
    header: headerFields(header),
    shown: { kind: 'too-complex', what, limit },
    signedBy: [],
    children: [],
  };
  return { size: content.size, root, signatures: [], coverage: 'none', claims: claimsIn(header) };
}

/** Where a part stands in a mail, or `null` where there is none: for those who want its octets. */
export async function outlineAt(content: Content, path: string): Promise<PartOutline | null> {
  const read = await readOutline(content);
  if (read.kind === 'too-complex') return null;
  for (const part of walkParts(read.root)) if (part.path === path) return part;
  return null;
}
