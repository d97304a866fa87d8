/**
 * Reads the part tree of a mail from its octets as they come, in pieces cut anywhere (RFC 2045, RFC 2046).
 *
 * Guarantee: the tree depends on the octets alone, never on where they were cut. No body is held: besides what the parts
 * keep of their headers, no more than a header that is not over yet, one line that may be a boundary, and one piece.
 *
 * The parts that are still open lie on a stack, and the boundaries of open multiparts in a table, so the time depends on
 * the size of the mail alone, however deep its parts are and however alike its boundaries.
 */
import { isBlank } from './blanks.ts';
import { type HeaderBlock, parseHeader } from './header.ts';
import type { MediaType } from './media-type.ts';
import { isMessage, LONGEST_BOUNDARY, type OpenPart, openedPart, TEXT_PLAIN } from './open-part.ts';
import type { TreeLimits } from './part.ts';

const LF = 0x0a;
const CR = 0x0d;
const HYPHEN = 0x2d;
/** A boundary with its hyphens and its line end; a longer line is none. */
const LONGEST_BOUNDARY_LINE = LONGEST_BOUNDARY + 8;
const LINE_START = Buffer.from('\n--');
const NOTHING = Buffer.alloc(0);

const MESSAGE: MediaType = { type: 'message', subtype: 'rfc822', parameters: [] };

/** What was read: the mail as an open part, or the limit that it goes beyond. */
export type ReadParts =
  | { readonly kind: 'parts'; readonly root: OpenPart }
  | { readonly kind: 'too-complex'; readonly what: keyof TreeLimits };

/** The header that comes next: whose it is, and what its part is without a Content-Type. */
interface Expected {
  readonly parent: OpenPart | null;
  readonly otherwise: MediaType;
}

/** A line that names an open multipart. */
interface FoundLine {
  /** Where its hyphens stand. */
  readonly line: number;
  readonly end: number;
  readonly multipart: OpenPart;
  readonly closes: boolean;
}

/** The octets that wait to be read. */
interface View {
  readonly octets: Buffer;
  /** Up to here the lines are whole. */
  readonly linesEnd: number;
  /** Whether nothing comes after them. */
  readonly isLast: boolean;
}

export class TreeReader {
  readonly #limits: TreeLimits;
  /** From the mail down to the innermost part. */
  readonly #open: OpenPart[] = [];
  /** The multiparts on the stack that are not closed yet. The outer one of two with the same boundary counts. */
  readonly #byBoundary = new Map<string, OpenPart>();
  /** The header that is being read, or `null` in a body. */
  #expected: Expected | null = { parent: null, otherwise: TEXT_PLAIN };
  /** The octets that are not settled yet, in pieces. */
  #waiting: Buffer[] = [];
  #waitingSize = 0;
  /** Where the first of them stands in the mail. */
  #base = 0;
  /** A header is looked at again when so much is waiting: that keeps the work linear, however small the pieces are. */
  #nextLook = 0;
  /** In a body: whether the first octet that waits starts a line right below a header or a boundary line. */
  #fresh = false;
  /** Where the octets start that belong to no header and no boundary line yet. */
  #free = 0;
  #root: OpenPart | null = null;
  #parts = 0;
  #headers = 0;
  #exceeded: keyof TreeLimits | null = null;

  constructor(limits: TreeLimits) {
    this.#limits = limits;
  }

  /** Whether what is still to come makes no difference: a limit is exceeded. */
  get isOver(): boolean {
    return this.#exceeded !== null;
  }

  feed(piece: Buffer): void {
    if (this.#exceeded !== null || piece.length === 0) return;
    this.#waiting.push(piece);
    this.#waitingSize += piece.length;
    if (this.#expected !== null && this.#waitingSize < this.#nextLook && this.#waitingSize <= this.#headersLeft) return;
    const octets = this.#joined();
    this.#work({ octets, linesEnd: octets.lastIndexOf(LF) + 1, isLast: false });
  }

  /** The last piece. */
  end(piece: Buffer = NOTHING): ReadParts {
    if (this.#exceeded === null) {
      this.#waiting.push(piece);
      const octets = this.#joined();
      this.#work({ octets, linesEnd: octets.length, isLast: true });
    }
    const what = this.#exceeded;
    if (what !== null || this.#root === null) return { kind: 'too-complex', what: what ?? 'parts' };
    this.#endAbove(-1, this.#base);
    return { kind: 'parts', root: this.#root };
  }

  get #headersLeft(): number {
    return this.#limits.headers - this.#headers;
  }

  #joined(): Buffer {
    const [only = NOTHING] = this.#waiting;
    const octets = this.#waiting.length > 1 ? Buffer.concat(this.#waiting) : only;
    this.#waiting = [];
    this.#waitingSize = 0;
    return octets;
  }

  /** Settles what can be settled; the rest waits. */
  #work(view: View): void {
    let at = 0;
    let goesOn = true;
    while (goesOn && this.#exceeded === null) {
      const settled: number | null =
        this.#expected === null ? this.#crossNext(view, at) : this.#header(view, at, this.#expected);
      if (settled === null) goesOn = false;
      else at = settled;
    }
    const from = this.#expected === null ? this.#bodyWaits(view, at) : at;
    this.#base += from;
    if (from === view.octets.length || this.#exceeded !== null) return;
    this.#waiting.push(view.octets.subarray(from));
    this.#waitingSize = view.octets.length - from;
  }

  /** Reads the header that starts here and opens its part. @returns where it ends, or `null` where that is not known yet */
  #header({ octets, linesEnd, isLast }: View, at: number, expected: Expected): number | null {
    const left = this.#headersLeft;
    const isCut = octets.length - at > left;
    const end = isCut ? at + left + 1 : linesEnd;
    const usable = octets.subarray(at, Math.max(end, at));
    const block = parseHeader(usable, offset => this.#boundaryLineAt(octets, at + offset, end) !== null);
    const isWhole = block.end !== 'end-of-content' || block.bodyStart < usable.length || (isLast && !isCut);
    // Where the limit cuts a line in two, nobody knows whether that line is a field.
    const endsInHalfLine = isCut && block.end === 'no-empty-line' && usable.indexOf(LF, block.bodyStart) === -1;
    if (block.bodyStart > left || (isCut && !isWhole) || endsInHalfLine) {
      this.#exceeded ??= 'headers';
      return null;
    }
    if (!isWhole) {
      this.#nextLook = (octets.length - at) * 2;
      return null;
    }
    this.#nextLook = 0;
    this.#begin(block, this.#base + at, expected);
    return at + block.bodyStart;
  }

  /** Opens a part. The mail in it, where it is a message, has the next header. */
  #begin(header: HeaderBlock, start: number, { parent, otherwise }: Expected): void {
    const part = openedPart(header, start, parent, otherwise);
    this.#root ??= part;
    parent?.children.push(part);
    this.#open.push(part);
    this.#free = part.bodyStart;
    this.#parts += 1;
    if (this.#parts > this.#limits.parts) this.#exceeded ??= 'parts';
    if (this.#open.length > this.#limits.depth) this.#exceeded ??= 'depth';
    this.#headers += header.bodyStart;
    if (part.boundary !== null && !this.#byBoundary.has(part.boundary)) this.#byBoundary.set(part.boundary, part);
    this.#fresh = true;
    this.#expected = isMessage(part) ? { parent: part, otherwise: TEXT_PLAIN } : null;
  }

  /** Crosses the next boundary line. @returns where it ends, or `null` where there is none up to here */
  #crossNext(view: View, from: number): number | null {
    const { octets, linesEnd } = view;
    if (this.#byBoundary.size === 0) return null;
    let start = this.#fresh && isBoundaryStart(octets, from) ? from : lineStartAfter(octets, from);
    while (start !== -1 && start < linesEnd) {
      const line = this.#boundaryLineAt(octets, start, linesEnd);
      if (line !== null) {
        this.#cross(line, octets[start - 2] === CR ? 2 : 1);
        return line.end - this.#base;
      }
      start = lineStartAfter(octets, start);
    }
    return null;
  }

  /** From where on the octets of a body must wait: what comes may make a boundary line of them. */
  #bodyWaits({ octets, linesEnd, isLast }: View, at: number): number {
    if (isLast || this.#byBoundary.size === 0) return octets.length;
    const length = octets.length - linesEnd;
    const mayBecome = length < 2 ? length === 0 || octets[linesEnd] === HYPHEN : isBoundaryStart(octets, linesEnd);
    const isOpen = mayBecome && length <= LONGEST_BOUNDARY_LINE;
    // With the line end above it, which may be a part of the boundary line; a CR may be the half of one.
    const from = isOpen ? linesEnd - 2 : octets.length - (octets[octets.length - 1] === CR ? 1 : 0);
    const waits = Math.max(from, at);
    this.#fresh &&= waits === at;
    return waits;
  }

  #boundaryLineAt(octets: Buffer, start: number, limit: number): FoundLine | null {
    if (!isBoundaryStart(octets, start)) return null;
    const lf = octets.indexOf(LF, start);
    const end = lf === -1 || lf >= limit ? limit : lf + 1;
    if (end - start > LONGEST_BOUNDARY_LINE) return null;
    const text = octets.toString('latin1', start + 2, endOfText(octets, end));
    const span = { line: this.#base + start, end: this.#base + end };
    const opening = this.#byBoundary.get(text);
    if (opening !== undefined) return { ...span, multipart: opening, closes: false };
    const closing = text.endsWith('--') ? this.#byBoundary.get(text.slice(0, -2)) : undefined;
    return closing === undefined ? null : { ...span, multipart: closing, closes: true };
  }

  /** Ends what the line ends and begins what it begins. The line end above it belongs to it, unless that ends a header. */
  #cross({ line, end, multipart, closes }: FoundLine, lineEndAbove: number): void {
    const span = { start: Math.max(line - lineEndAbove, this.#free), line, end };
    this.#endAbove(this.#open.lastIndexOf(multipart), span.start);
    if (closes) {
      multipart.close = span;
      this.#forget(multipart);
      this.#free = end;
      this.#fresh = true;
    } else {
      multipart.delimiters.push(span);
      const otherwise = multipart.type.subtype === 'digest' ? MESSAGE : TEXT_PLAIN;
      this.#expected = { parent: multipart, otherwise };
    }
  }

  /** Ends the parts above a place of the stack. */
  #endAbove(place: number, end: number): void {
    for (const part of this.#open.splice(place + 1)) {
      part.end = end;
      this.#forget(part);
    }
  }

  #forget(multipart: OpenPart): void {
    const { boundary } = multipart;
    if (boundary !== null && this.#byBoundary.get(boundary) === multipart) this.#byBoundary.delete(boundary);
  }
}

function isBoundaryStart(octets: Buffer, at: number): boolean {
  return octets[at] === HYPHEN && octets[at + 1] === HYPHEN;
}

/** Where the next line starts that begins with two hyphens, or -1. */
function lineStartAfter(octets: Buffer, at: number): number {
  const lf = octets.indexOf(LINE_START, at);
  return lf === -1 ? -1 : lf + 1;
}

/** Where a line ends without its blanks and its line end. */
function endOfText(octets: Buffer, end: number): number {
  let at = end;
  if (octets[at - 1] === LF) at -= 1;
  if (octets[at - 1] === CR) at -= 1;
  while (isBlank(octets[at - 1])) at -= 1;
  return at;
}
