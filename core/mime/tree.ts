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
import { isBlank } from './blanks.ts';
import { parseParameterized } from './field-parameters.ts';
import { type HeaderBlock, LARGEST_HEADER, parseHeader } from './header.ts';
import { type MediaType, parseDisposition, parseMediaType } from './media-type.ts';
import { type OpenPart, settledPart } from './open-part.ts';
import type { Part } from './part.ts';

const LF = 0x0a;
const CR = 0x0d;
/** RFC 2046 section 5.1.1 says 70; this is what a line can hold. In octets. */
const LONGEST_BOUNDARY = 990;
const LINE_START = Buffer.from('\n--');

const TEXT_PLAIN: MediaType = { type: 'text', subtype: 'plain', parameters: [] };
const MESSAGE: MediaType = { type: 'message', subtype: 'rfc822', parameters: [] };
const PLAIN_ENCODINGS: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary']);

/** What a tree may have at most. */
export interface TreeLimits {
  readonly parts: number;
  readonly depth: number;
  /** Of all header sections together, in octets. */
  readonly headers: number;
}

export const TREE_LIMITS: TreeLimits = Object.freeze({ parts: 10_000, depth: 50, headers: 4 * LARGEST_HEADER });

/** A tree, or the verdict that the mail goes beyond a limit. */
export type ReadTree =
  | { readonly kind: 'tree'; readonly root: Part }
  | { readonly kind: 'too-complex'; readonly what: keyof TreeLimits; readonly limit: number };

/** The part tree of a mail, in one pass over its octets. Never fails: what is too much gets a verdict. */
export function parseTree(octets: Buffer, limits: TreeLimits = TREE_LIMITS): ReadTree {
  return new TreeReader(octets, limits).read();
}

/** A line that starts with two hyphens and names an open multipart. */
interface BoundaryLine {
  readonly start: number;
  readonly end: number;
  readonly multipart: OpenPart;
  readonly closes: boolean;
}

/**
 * One pass over the octets. The parts that are still open lie on a stack, and the boundaries of open multiparts in a
 * table, so the time depends on the size of the mail alone, however deep its parts are and however alike its boundaries.
 */
class TreeReader {
  readonly #octets: Buffer;
  readonly #limits: TreeLimits;
  /** From the mail down to the innermost part. */
  readonly #open: OpenPart[] = [];
  /** The multiparts on the stack that are not closed yet. The outer one of two with the same boundary counts. */
  readonly #byBoundary = new Map<string, OpenPart>();
  /** Where the octets start that belong to no header and no boundary line yet. */
  #free = 0;
  #parts = 0;
  #headers = 0;
  #exceeded: keyof TreeLimits | null = null;

  constructor(octets: Buffer, limits: TreeLimits) {
    this.#octets = octets;
    this.#limits = limits;
  }

  read(): ReadTree {
    const root = this.#begin(0, '', TEXT_PLAIN);
    let line = this.#nextBoundaryLine();
    while (line !== null && this.#exceeded === null) {
      this.#cross(line);
      line = this.#nextBoundaryLine();
    }
    this.#endAbove(-1, this.#octets.length);
    const what = this.#exceeded;
    if (what !== null) return { kind: 'too-complex', what, limit: this.#limits[what] };
    return { kind: 'tree', root: settledPart(this.#octets, root) };
  }

  /** Opens the part that starts here, and the mail in it where it is a message. */
  #begin(start: number, path: string, otherwise: MediaType): OpenPart {
    const header = this.#headerAt(start);
    const type = typeOf(header.first('content-type'), otherwise);
    const disposition = header.first('content-disposition');
    const part: OpenPart = {
      path,
      start,
      bodyStart: start + header.bodyStart,
      type,
      encoding: /^[^\s;(]+/.exec(header.first('content-transfer-encoding') ?? '')?.[0].toLowerCase() ?? '7bit',
      disposition: disposition === null ? null : parseDisposition(disposition),
      children: [],
      boundary: boundaryOf(type),
      delimiters: [],
      close: null,
      end: this.#octets.length,
    };
    this.#open.push(part);
    this.#free = part.bodyStart;
    this.#parts += 1;
    if (this.#parts > this.#limits.parts) this.#exceeded ??= 'parts';
    if (this.#open.length > this.#limits.depth) this.#exceeded ??= 'depth';
    this.#headers += header.bodyStart;
    if (this.#headers > this.#limits.headers) this.#exceeded ??= 'headers';
    if (part.boundary !== null && !this.#byBoundary.has(part.boundary)) this.#byBoundary.set(part.boundary, part);
    if (isMessage(part) && this.#exceeded === null) this.#beginChild(part, part.bodyStart, TEXT_PLAIN);
    return part;
  }

  #beginChild(parent: OpenPart, start: number, otherwise: MediaType): void {
    const number = parent.children.length + 1;
    parent.children.push(this.#begin(start, parent.path === '' ? `${number}` : `${parent.path}.${number}`, otherwise));
  }

  /** The header that starts here. It ends at a boundary line, even at one that looks like a field. */
  #headerAt(start: number): HeaderBlock {
    const octets = this.#octets.subarray(start, start + this.#limits.headers - this.#headers + 1);
    return parseHeader(octets, offset => this.#boundaryLineAt(start + offset) !== null);
  }

  #nextBoundaryLine(): BoundaryLine | null {
    let at = this.#octets.indexOf(LINE_START, Math.max(this.#free - 1, 0));
    while (at !== -1 && this.#byBoundary.size > 0) {
      const line = this.#boundaryLineAt(at + 1);
      if (line !== null) return line;
      at = this.#octets.indexOf(LINE_START, at + 1);
    }
    return null;
  }

  #boundaryLineAt(start: number): BoundaryLine | null {
    if (this.#octets[start] !== 0x2d || this.#octets[start + 1] !== 0x2d) return null;
    const end = this.#lineEnd(start);
    if (end - start > LONGEST_BOUNDARY + 8) return null;
    const text = this.#octets.toString('latin1', start + 2, this.#endOfText(end));
    const opening = this.#byBoundary.get(text);
    if (opening !== undefined) return { start, end, multipart: opening, closes: false };
    const closing = text.endsWith('--') ? this.#byBoundary.get(text.slice(0, -2)) : undefined;
    return closing === undefined ? null : { start, end, multipart: closing, closes: true };
  }

  /** Where a line ends without its blanks and its line end. */
  #endOfText(end: number): number {
    let at = end;
    if (this.#octets[at - 1] === LF) at -= 1;
    if (this.#octets[at - 1] === CR) at -= 1;
    while (isBlank(this.#octets[at - 1])) at -= 1;
    return at;
  }

  /** Ends what the line ends and begins what it begins. */
  #cross(line: BoundaryLine): void {
    const { multipart } = line;
    const span = { start: this.#withLineEndAbove(line.start), end: line.end };
    this.#endAbove(this.#open.lastIndexOf(multipart), span.start);
    if (line.closes) {
      multipart.close = span;
      this.#forget(multipart);
      this.#free = span.end;
    } else {
      multipart.delimiters.push(span);
      this.#beginChild(multipart, span.end, multipart.type.subtype === 'digest' ? MESSAGE : TEXT_PLAIN);
    }
  }

  #withLineEndAbove(start: number): number {
    const above = this.#octets[start - 2] === CR ? start - 2 : start - 1;
    return Math.max(above, this.#free);
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

  #lineEnd(at: number): number {
    const lf = this.#octets.indexOf(LF, at);
    return lf === -1 ? this.#octets.length : lf + 1;
  }
}

/** What says no type is text (RFC 2045 section 5.2), and keeps its parameters: a file may be named there. */
function typeOf(value: string | null, otherwise: MediaType): MediaType {
  if (value === null) return otherwise;
  return parseMediaType(value) ?? { ...TEXT_PLAIN, parameters: parseParameterized(value).parameters };
}

function boundaryOf(type: MediaType): string | null {
  if (type.type !== 'multipart') return null;
  const raw = type.parameters.find(each => each.name === 'boundary')?.raw ?? '';
  const boundary = raw.replace(/(?<![ \t])[ \t]+$/, '');
  return boundary === '' || boundary.length > LONGEST_BOUNDARY ? null : boundary;
}

function isMessage({ type, encoding }: OpenPart): boolean {
  const holdsMail = type.type === 'message' && (type.subtype === 'rfc822' || type.subtype === 'global');
  return holdsMail && PLAIN_ENCODINGS.has(encoding);
}
