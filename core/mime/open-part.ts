/** A part while it is being read, and the part that it becomes. */
import { type HeaderBlock, parseHeader } from './header.ts';
import type { Disposition, MediaType } from './media-type.ts';
import type { Multipart, Part, Span } from './part.ts';

/** A part that is being read. Its end is known last. */
export interface OpenPart {
  readonly path: string;
  readonly start: number;
  readonly bodyStart: number;
  readonly type: MediaType;
  readonly encoding: string;
  readonly disposition: Disposition | null;
  readonly children: OpenPart[];
  readonly boundary: string | null;
  readonly delimiters: Span[];
  close: Span | null;
  end: number;
}

/** The part that it has become. */
export function settledPart(mail: Buffer, part: OpenPart): Part {
  return new PartInPlace(mail, part);
}

/** Header and body are made when they are asked for. */
class PartInPlace implements Part {
  readonly path: string;
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
  readonly type: MediaType;
  readonly encoding: string;
  readonly disposition: Disposition | null;
  readonly children: readonly Part[];
  readonly multipart: Multipart | null;
  readonly #mail: Buffer;

  constructor(mail: Buffer, part: OpenPart) {
    this.#mail = mail;
    this.path = part.path;
    this.start = part.start;
    this.bodyStart = part.bodyStart;
    this.end = part.end;
    this.type = part.type;
    this.encoding = part.encoding;
    this.disposition = part.disposition;
    this.children = part.children.map(child => new PartInPlace(mail, child));
    this.multipart = multipartOf(part);
  }

  get octets(): Buffer {
    return this.#mail.subarray(this.start, this.end);
  }

  get header(): HeaderBlock {
    return parseHeader(this.octets);
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
