/** The parts of a mail: where each header, body and boundary line stands (RFC 2045, RFC 2046). */
import type { HeaderBlock } from './header.ts';
import type { Disposition, MediaType } from './media-type.ts';

/** The octets from `start` up to, but not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What a tree may have at most. */
export interface TreeLimits {
  readonly parts: number;
  readonly depth: number;
  /** Of all header sections together, in octets. */
  readonly headers: number;
}

/**
 * Where a part stands and what its header says: the mail itself, a part of a multipart, or the mail in a
 * `message/rfc822`. Offsets count from the mail's start.
 */
export interface PartOutline extends Span {
  /** The numbers of the children that lead here: the mail is ``, its second part `2`, the first part of that `2.1`. */
  readonly path: string;
  readonly bodyStart: number;
  /** Its offsets count from the part's start. Read anew each time it is asked for. */
  readonly header: HeaderBlock;
  /** The Content-Type, or what holds without a usable one (RFC 2045 section 5.2, RFC 2046 section 5.1.5). */
  readonly type: MediaType;
  /** The Content-Transfer-Encoding in lower case; `7bit` where there is none. */
  readonly encoding: string;
  readonly disposition: Disposition | null;
  /** Of a multipart its parts, of a `message/rfc822` the mail in it. Empty for a leaf. */
  readonly children: readonly PartOutline[];
  /** `null` unless the part is a multipart with a usable boundary. */
  readonly multipart: Multipart | null;
}

/** A part with its octets at hand. */
export interface Part extends PartOutline {
  /** Header and body. */
  readonly octets: Buffer;
  /** The octets of the body, still encoded. */
  readonly body: Buffer;
  readonly children: readonly Part[];
}

/**
 * A boundary line. The line end above it belongs to it (RFC 2046 section 5.1.1), unless that ends a header or another
 * boundary line.
 */
export interface BoundaryLine extends Span {
  /** Where its hyphens start: at `start`, or behind the line end above. */
  readonly line: number;
}

/** The lines that hold a multipart together. */
export interface Multipart {
  readonly boundary: string;
  readonly preamble: Span;
  /** The boundary line before each child. */
  readonly delimiters: readonly BoundaryLine[];
  /** The closing boundary line, or `null` where there is none. */
  readonly close: BoundaryLine | null;
  readonly epilogue: Span;
}

/** The part and all parts below it, each before its children. */
export function* walkParts<P extends { readonly children: readonly P[] }>(part: P): Generator<P> {
  yield part;
  for (const child of part.children) yield* walkParts(child);
}

/** The spans of a part in order: joined, they are its octets. */
export function* spansOf(part: PartOutline): Generator<Span> {
  const { multipart, children } = part;
  yield { start: part.start, end: part.bodyStart };
  if (multipart !== null) yield multipart.preamble;
  else if (children.length === 0) yield { start: part.bodyStart, end: part.end };
  for (const [index, child] of children.entries()) {
    const delimiter = multipart?.delimiters[index];
    if (delimiter !== undefined) yield delimiter;
    yield* spansOf(child);
  }
  if (multipart === null) return;
  if (multipart.close !== null) yield multipart.close;
  yield multipart.epilogue;
}
