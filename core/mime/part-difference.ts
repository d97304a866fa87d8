/**
 * Which parts of a mail are new, gone, different, or stand elsewhere. Only leaves are told: a multipart has nothing that a reader
 * sees. Content of any size: it is read in pieces, and texts alone are kept, up to a size.
 */
import { createHash } from 'node:crypto';
import type { Content } from '../mail/content.ts';
import { readLeafText } from './leaf-text.ts';
import { type LineDifference, lineDifferences } from './line-difference.ts';
import { parameter } from './media-type.ts';
import { type PartOutline, walkParts } from './part.ts';
import { spanPieces } from './span-pieces.ts';
import { transferDecoder } from './transfer-decoder.ts';

/** What people want to know of a part. */
export interface PartFacts {
  /** As `PartOutline.path`: `` is the mail itself. */
  readonly path: string;
  /** `text/plain`. */
  readonly type: string;
  /** The file name, or `null`. */
  readonly name: string | null;
  /** Of the body, decoded, in octets. */
  readonly size: number;
}

/** A leaf of the part tree. */
export type PartDifference =
  | { readonly kind: 'added' | 'removed'; readonly part: PartFacts }
  /** The same, at another place of the tree. */
  | { readonly kind: 'moved'; readonly part: PartFacts; readonly was: PartFacts }
  | {
      readonly kind: 'changed';
      readonly part: PartFacts;
      readonly was: PartFacts;
      /** All lines of both; `null` where they are no text, or too large. */
      readonly lines: readonly LineDifference[] | null;
    };

/** A leaf, as far as it is needed to compare it. */
export interface Leaf {
  readonly facts: PartFacts;
  /** The same for leaves that a reader cannot tell apart. */
  readonly identity: string;
  /** `null`: it is no text, or too large. */
  readonly text: string | null;
}

/** Larger texts are not compared line by line. In octets. */
const LARGEST_TEXT = 256 * 1024;

export async function leavesOf(content: Content, root: PartOutline): Promise<readonly Leaf[]> {
  const leaves = [...walkParts(root)].flatMap(part => (part.children.length === 0 ? [new LeafReader(part)] : []));
  const spans = leaves.map(({ part: { bodyStart, end } }) => ({ start: bodyStart, end }));
  for await (const { index, octets } of spanPieces(content, spans)) leaves[index]?.feed(octets);
  return leaves.map(leaf => leaf.end());
}

class LeafReader {
  readonly part: PartOutline;
  readonly #decoder: ReturnType<typeof transferDecoder>;
  readonly #hash = createHash('sha256');
  #size = 0;
  #kept: Buffer[] | null;

  constructor(part: PartOutline) {
    this.part = part;
    this.#decoder = transferDecoder(part.encoding);
    this.#kept = part.type.type === 'text' ? [] : null;
  }

  feed(octets: Buffer): void {
    this.#hash.update(octets);
    this.#take(this.#decoder.feed(octets));
  }

  end(): Leaf {
    this.#take(this.#decoder.end());
    const { path, type, disposition, encoding } = this.part;
    const named = disposition === null ? null : parameter(disposition, 'filename');
    const facts = {
      path,
      type: `${type.type}/${type.subtype}`,
      name: named ?? parameter(type, 'name'),
      size: this.#size,
    };
    const looks = [facts.type, facts.name, parameter(type, 'charset'), encoding, disposition?.kind ?? null];
    const identity = JSON.stringify([...looks, this.#hash.digest('hex')]);
    const text = this.#kept === null ? null : readLeafText(Buffer.concat(this.#kept), parameter(type, 'charset')).text;
    return { facts, identity, text };
  }

  #take(octets: Buffer): void {
    this.#size += octets.length;
    if (this.#size > LARGEST_TEXT) this.#kept = null;
    // What comes next may lie at the same place in memory.
    else this.#kept?.push(Buffer.from(octets));
  }
}

/** In the order of the mail after; what is gone comes last. */
export function partDifferences(before: readonly Leaf[], after: readonly Leaf[]): readonly PartDifference[] {
  const gone = new Set(before);
  const origin = new Map<Leaf, Leaf>();
  const match = (isSame: (one: Leaf, other: Leaf) => boolean) => {
    for (const leaf of after) {
      if (origin.has(leaf)) continue;
      const found = [...gone].find(one => isSame(one, leaf));
      if (found === undefined) continue;
      origin.set(leaf, found);
      gone.delete(found);
    }
  };
  match((one, other) => one.identity === other.identity && one.facts.path === other.facts.path);
  match((one, other) => one.identity === other.identity);
  match((one, other) => one.facts.path === other.facts.path && one.facts.type === other.facts.type);
  match((one, other) => one.facts.name === other.facts.name && one.facts.type === other.facts.type);
  match((one, other) => one.facts.path === other.facts.path);
  const found = after.flatMap((leaf): readonly PartDifference[] => {
    const was = origin.get(leaf);
    return was === undefined ? [{ kind: 'added', part: leaf.facts }] : differenceBetween(was, leaf);
  });
  return [...found, ...[...gone].map(({ facts }): PartDifference => ({ kind: 'removed', part: facts }))];
}

function differenceBetween(was: Leaf, is: Leaf): readonly PartDifference[] {
  const about = { part: is.facts, was: was.facts };
  if (was.identity === is.identity) return was.facts.path === is.facts.path ? [] : [{ kind: 'moved', ...about }];
  const texts = was.text !== null && is.text !== null && was.facts.type === is.facts.type;
  const lines = texts ? lineDifferences(linesOf(was.text), linesOf(is.text)) : null;
  return [{ kind: 'changed', ...about, lines }];
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
