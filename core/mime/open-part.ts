/** A part while it is being read, and the part that it becomes. */
import { parseParameterized } from './field-parameters.ts';
import { HeaderBlock, type HeaderEnd, parseHeader } from './header.ts';
import { type Disposition, type MediaType, parseDisposition, parseMediaType } from './media-type.ts';
import type { BoundaryLine, Multipart, Part, PartOutline } from './part.ts';

/** A part that is being read. Its end is known last. */
export interface OpenPart {
  readonly path: string;
  readonly start: number;
  readonly bodyStart: number;
  /** The octets of the header. */
  readonly head: Buffer;
  readonly headEnd: HeaderEnd;
  readonly type: MediaType;
  readonly encoding: string;
  readonly disposition: Disposition | null;
  readonly children: OpenPart[];
  readonly boundary: string | null;
  readonly delimiters: BoundaryLine[];
  close: BoundaryLine | null;
  end: number;
}

/** RFC 2046 section 5.1.1 says 70; this is what a line can hold. In octets. */
export const LONGEST_BOUNDARY = 990;
export const TEXT_PLAIN: MediaType = { type: 'text', subtype: 'plain', parameters: [] };
const PLAIN_ENCODINGS: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary']);

/** The part that begins with a header. `otherwise`: its type where the header says none. */
export function openedPart(
  header: HeaderBlock,
  start: number,
  parent: OpenPart | null,
  otherwise: MediaType,
): OpenPart {
  const type = typeOf(header.first('content-type'), otherwise);
  const disposition = header.first('content-disposition');
  return {
    path: pathBelow(parent),
    start,
    bodyStart: start + header.bodyStart,
    // A copy: a part of the piece would keep all of it.
    head: Buffer.from(header.octets),
    headEnd: header.end,
    type,
    encoding: /^[^\s;(]+/.exec(header.first('content-transfer-encoding') ?? '')?.[0].toLowerCase() ?? '7bit',
    disposition: disposition === null ? null : parseDisposition(disposition),
    children: [],
    boundary: boundaryOf(type),
    delimiters: [],
    close: null,
    end: start,
  };
}

/** Whether the body of a part is a mail that is taken apart too. */
export function isMessage({ type, encoding }: OpenPart): boolean {
  const holdsMail = type.type === 'message' && (type.subtype === 'rfc822' || type.subtype === 'global');
  return holdsMail && PLAIN_ENCODINGS.has(encoding);
}

function pathBelow(parent: OpenPart | null): string {
  if (parent === null) return '';
  const number = parent.children.length + 1;
  return parent.path === '' ? `${number}` : `${parent.path}.${number}`;
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

/** The part that it has become. */
export function settledPart(mail: Buffer, part: OpenPart): Part {
  return new PartInPlace(mail, part);
}

/** The same without its body. */
export function outlinedPart(part: OpenPart): PartOutline {
  return new OutlinedPart(part, part.children.map(outlinedPart));
}

/** The header is read when it is asked for: hostile headers have hundreds of thousands of fields. */
class OutlinedPart<P extends PartOutline> implements PartOutline {
  readonly path: string;
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
  readonly type: MediaType;
  readonly encoding: string;
  readonly disposition: Disposition | null;
  readonly children: readonly P[];
  readonly multipart: Multipart | null;
  readonly #head: Buffer;
  readonly #headEnd: HeaderEnd;

  constructor(part: OpenPart, children: readonly P[]) {
    this.path = part.path;
    this.start = part.start;
    this.bodyStart = part.bodyStart;
    this.end = part.end;
    this.type = part.type;
    this.encoding = part.encoding;
    this.disposition = part.disposition;
    this.children = children;
    this.multipart = multipartOf(part);
    this.#head = part.head;
    this.#headEnd = part.headEnd;
  }

  get header(): HeaderBlock {
    const { octets, fields, fieldsStart, fieldsEnd, bodyStart } = parseHeader(this.#head);
    return new HeaderBlock({ octets, fields, fieldsStart, fieldsEnd, bodyStart, end: this.#headEnd });
  }
}

/** Header and body are made when they are asked for. */
class PartInPlace extends OutlinedPart<PartInPlace> implements Part {
  readonly #mail: Buffer;

  constructor(mail: Buffer, part: OpenPart) {
    super(
      part,
      part.children.map(child => new PartInPlace(mail, child)),
    );
    this.#mail = mail;
  }

  get octets(): Buffer {
    return this.#mail.subarray(this.start, this.end);
  }

  get body(): Buffer {
    return this.#mail.subarray(this.bodyStart, this.end);
  }
}

function multipartOf(part: OpenPart): Multipart | null {
  const { boundary, bodyStart, delimiters, close, end } = part;
  if (boundary === null) return null;
  const preamble = { start: bodyStart, end: (delimiters[0] ?? close)?.start ?? end };
  return { boundary, preamble, delimiters, close, epilogue: { start: close?.end ?? end, end } };
}
