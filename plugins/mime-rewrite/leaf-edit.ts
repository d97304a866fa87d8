/** A leaf with other text: its body in its own encoding where that fits, and its header as far as it must say something else. */
import { isAscii } from 'node:buffer';
import {
  decodeTransfer,
  type Edit,
  encodeLeaf,
  encodeTransfer,
  type LeafText,
  type PartOutline,
  parameter,
  readLeafText,
  type WrittenLeaf,
} from '../../core/index.ts';
import { type Bench, nameOf } from './bench.ts';
import { boundariesAround, boundaryLines } from './boundaries.ts';
import { bodyWith } from './kept-lines.ts';
import { describeAnew } from './part-header.ts';
import { lineEndBefore } from './places.ts';

/** A leaf that is held in memory. */
export interface HeldLeaf {
  readonly part: PartOutline;
  /** As it travels. */
  readonly body: Buffer;
  readonly leaf: LeafText;
}

/** Leaves that were read, and what is said of those that were not. */
export interface HeldLeaves {
  readonly held: readonly HeldLeaf[];
  readonly undone: readonly string[];
}

/** A body in an encoding. */
interface EncodedBody {
  readonly encoding: string;
  readonly body: Buffer;
}

/** So many times the largest part may be held for one action. */
const TOGETHER = 4;
const KNOWN_ENCODINGS: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary', 'base64', 'quoted-printable']);
/** RFC 5322 section 2.1.1, without the line end. In octets. From the start of a line: else each octet would be a start. */
const LONG_LINE = /(?<![^\n])[^\n]{1000}/;
const LF = 0x0a;

/** Reads leaves in one pass. What is larger than may be held, or in an encoding nobody knows, is left and named. */
export async function holdLeaves({ draft, largestEdit }: Bench, parts: readonly PartOutline[]): Promise<HeldLeaves> {
  const undone: string[] = [];
  let left = largestEdit * TOGETHER;
  const usable = parts.filter(part => {
    const size = part.end - part.bodyStart;
    const reason = whyNot(part, Math.min(largestEdit, left));
    if (reason !== null) undone.push(reason);
    else left -= size;
    return reason === null;
  });
  const bodies = await draft.read(usable.map(({ bodyStart, end }) => ({ start: bodyStart, end })));
  const held = usable.map((part, index) => {
    const body = bodies[index] ?? Buffer.alloc(0);
    return { part, body, leaf: readLeafText(decodeTransfer(body, part.encoding), parameter(part.type, 'charset')) };
  });
  return { held, undone };
}

function whyNot(part: PartOutline, most: number): string | null {
  if (part.children.length > 0) return `${nameOf(part)} is made of parts`;
  if (part.end - part.bodyStart > most) return `${nameOf(part)} is larger than what is edited`;
  return KNOWN_ENCODINGS.has(part.encoding) ? null : `${nameOf(part)} is in an encoding that nobody knows`;
}

/** The edits that make a leaf say what was written. None: it says so already. */
export function leafEdits({ part, body, leaf }: HeldLeaf, written: WrittenLeaf, root: PartOutline): readonly Edit[] {
  const isSameCharset = written.charset === leaf.charset;
  if (written.octets.equals(leaf.octets) && isSameCharset) return [];
  const boundaries = boundariesAround(part, root);
  const encoded = inItsEncoding({ part, body, leaf }, written.octets);
  const isSafe = boundaryLines(encoded.body, boundaries) <= boundaryLines(body, boundaries);
  const now = isSafe ? encoded : inBase64(written.octets, part.end < root.end);
  const description = {
    charset: isSameCharset ? undefined : written.charset,
    encoding: now.encoding === part.encoding ? undefined : now.encoding,
  };
  const ended = Buffer.concat([now.body, lineEndBefore(root, part.end)]);
  return [...describeAnew(part, description), smallestEdit(part.bodyStart, body, ended)];
}

function inItsEncoding({ part, body, leaf }: HeldLeaf, octets: Buffer): EncodedBody {
  const { encoding } = part;
  if (encoding === 'base64' || encoding === 'quoted-printable') {
    const written = bodyWith({ body, encoding, was: leaf.octets, is: octets });
    // The line end behind base64 belongs to the boundary line, unless the sender has written one more.
    const isOpen = encoding === 'base64' && body[body.length - 1] !== LF;
    return { encoding, body: isOpen ? withoutLineEnd(written) : written };
  }
  const eightBit = encoding !== '7bit' || !isAscii(body);
  const mayStay = (eightBit || isAscii(octets)) && (!hasLongLine(octets) || hasLongLine(body));
  // What is not encoded yet is best read in quoted-printable, which leaves most of it as it is.
  return mayStay ? { encoding, body: octets } : encodeLeaf(octets, { text: true, eightBit, was: 'quoted-printable' });
}

/** `isFollowed`: by a boundary line, to which the line end above it belongs. */
export function inBase64(octets: Buffer, isFollowed: boolean): EncodedBody {
  const body = encodeTransfer(octets, 'base64');
  return { encoding: 'base64', body: isFollowed ? withoutLineEnd(body) : body };
}

function withoutLineEnd(octets: Buffer): Buffer {
  const end = octets.length - (octets[octets.length - 1] === LF ? 2 : 0);
  return octets.subarray(0, end);
}

export function hasLongLine(octets: Buffer): boolean {
  return LONG_LINE.test(octets.toString('latin1'));
}

/** One edit from the first octet that differs to the last one. */
function smallestEdit(at: number, was: Buffer, is: Buffer): Edit {
  const most = Math.min(was.length, is.length);
  let start = 0;
  while (start < most && was[start] === is[start]) start += 1;
  let end = 0;
  while (end < most - start && was[was.length - 1 - end] === is[is.length - 1 - end]) end += 1;
  return { start: at + start, end: at + was.length - end, replacement: is.subarray(start, is.length - end) };
}
