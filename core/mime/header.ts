/**
 * Header blocks as octets: where each field stands, and nothing lost (RFC 5322 section 2.2).
 *
 * The header ends at the first empty line. Where that is missing it ends before the first line that can be no field, as
 * for Postfix: what comes after it is body, whatever it looks like, and `end` says so to those who mistrust such mail.
 * A line ends at LF, with or without CR before it; a CR elsewhere is an octet like any other. A `From ` line before the
 * first field (mbox) is kept but is no field.
 */
import type { Content } from '../mail/content.ts';
import { isBlank, trimBlanks } from './blanks.ts';

const LF = 0x0a;
const CR = 0x0d;

/** Header sections up to here are read; what is larger is no honest mail. In octets. */
export const LARGEST_HEADER = 1024 * 1024;

const COLON = 0x3a;
const MBOX_LINE = /^>?From /;

/** One field of a header. */
export interface HeaderField {
  /** As it is written. Field names ignore case: compare by `named`. */
  readonly name: string;
  /** Offset of the field's first octet in the block. */
  readonly start: number;
  /** Offset after its last octet: folded lines and the line end included. */
  readonly end: number;
  /** All octets of the field, from `start` to `end`. */
  readonly raw: Buffer;
  /** Unfolded, without blanks at both ends, one character an octet (latin1). Text for people: `decodeText`. */
  readonly value: string;
}

/** How a header ends: as it should, before a line that is no field, or with the last octet. */
export type HeaderEnd = 'empty-line' | 'no-empty-line' | 'end-of-content';

/** A header block. The octets before `fieldsStart`, of each field, and from `fieldsEnd` to `bodyStart` are all there is. */
export class HeaderBlock {
  /** The whole block: an mbox line, the fields, the empty line. */
  readonly octets: Buffer;
  readonly fields: readonly HeaderField[];
  /** Where the first field starts or would start. */
  readonly fieldsStart: number;
  /** Where a field after the last one would start. */
  readonly fieldsEnd: number;
  /** Where the body starts. */
  readonly bodyStart: number;
  readonly end: HeaderEnd;

  constructor(block: Omit<HeaderBlock, 'named' | 'values' | 'first'>) {
    this.octets = block.octets;
    this.fields = block.fields;
    this.fieldsStart = block.fieldsStart;
    this.fieldsEnd = block.fieldsEnd;
    this.bodyStart = block.bodyStart;
    this.end = block.end;
  }

  /** The fields of a name, from the top. */
  named(name: string): readonly HeaderField[] {
    const wanted = name.toLowerCase();
    return this.fields.filter(({ name }) => name.length === wanted.length && name.toLowerCase() === wanted);
  }

  /** The values of the fields of a name, from the top. */
  values(name: string): readonly string[] {
    return this.named(name).map(field => field.value);
  }

  /** The value of the topmost field of a name, or `null`. */
  first(name: string): string | null {
    return this.named(name)[0]?.value ?? null;
  }
}

/** A header that was read, or the verdict that it is too large to be read. */
export type ReadHeader =
  | { readonly kind: 'header'; readonly block: HeaderBlock }
  | { readonly kind: 'too-large'; readonly limit: number };

/** Reads the header of content, and little more of the stream than that. `limit` in octets. */
export async function readHeader(content: Content, limit: number = LARGEST_HEADER): Promise<ReadHeader> {
  const pieces: Buffer[] = [];
  let size = 0;
  let nextLook = 0;
  for await (const piece of content.stream()) {
    pieces.push(piece);
    size += piece.length;
    // Looking again only at twice the size keeps the work linear, however small the pieces are.
    if (size < nextLook && size <= limit) continue;
    nextLook = size * 2;
    const octets = Buffer.concat(pieces);
    const block = parseHeader(octets.subarray(0, octets.lastIndexOf(LF) + 1));
    if (block.end !== 'end-of-content') return within(limit, block);
    if (size > limit) return { kind: 'too-large', limit };
  }
  return within(limit, parseHeader(Buffer.concat(pieces)));
}

function within(limit: number, block: HeaderBlock): ReadHeader {
  return block.bodyStart > limit ? { kind: 'too-large', limit } : { kind: 'header', block };
}

/**
 * Finds the header at the start of octets. Never fails: any octets have a header, if an empty one.
 * @param endsAt whether something else than the header starts at this offset, which is the start of a line: for parts,
 *   whose headers end at a boundary line even where it looks like a field
 */
export function parseHeader(octets: Buffer, endsAt: (offset: number) => boolean = () => false): HeaderBlock {
  const fieldsStart = afterMboxLine(octets);
  const fields: HeaderField[] = [];
  let at = fieldsStart;
  while (at < octets.length && !isEmptyLine(octets, at) && !endsAt(at)) {
    const name = fieldName(octets, at);
    if (name === null)
      return block(octets, fields, { fieldsStart, fieldsEnd: at, bodyStart: at, end: 'no-empty-line' });
    const end = fieldEnd(octets, at);
    fields.push(new FieldInPlace(name, octets, at, end));
    at = end;
  }
  const atEnd = at >= octets.length || !isEmptyLine(octets, at);
  const bodyStart = atEnd ? at : lineEnd(octets, at);
  return block(octets, fields, { fieldsStart, fieldsEnd: at, bodyStart, end: atEnd ? 'end-of-content' : 'empty-line' });
}

type Bounds = Pick<HeaderBlock, 'fieldsStart' | 'fieldsEnd' | 'bodyStart' | 'end'>;

function block(octets: Buffer, fields: readonly HeaderField[], bounds: Bounds): HeaderBlock {
  return new HeaderBlock({ ...bounds, fields, octets: octets.subarray(0, bounds.bodyStart) });
}

/** Octets and value are made when they are asked for: hostile headers have hundreds of thousands of fields. */
class FieldInPlace implements HeaderField {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly #octets: Buffer;

  constructor(name: string, octets: Buffer, start: number, end: number) {
    this.name = name;
    this.#octets = octets;
    this.start = start;
    this.end = end;
  }

  get raw(): Buffer {
    return this.#octets.subarray(this.start, this.end);
  }

  get value(): string {
    return unfold(this.raw.toString('latin1', this.raw.indexOf(':') + 1));
  }
}

/** The value of a field on one line: line ends before blanks are no part of it (RFC 5322 section 2.2.3). */
function unfold(text: string): string {
  return trimBlanks(text.replaceAll(/\r?\n/g, ''));
}

function lineEnd(octets: Buffer, at: number): number {
  const lf = octets.indexOf(LF, at);
  return lf === -1 ? octets.length : lf + 1;
}

function fieldEnd(octets: Buffer, at: number): number {
  let end = lineEnd(octets, at);
  while (isBlank(octets[end])) end = lineEnd(octets, end);
  return end;
}

function isEmptyLine(octets: Buffer, at: number): boolean {
  return octets[at] === LF || (octets[at] === CR && octets[at + 1] === LF);
}

function afterMboxLine(octets: Buffer): number {
  return MBOX_LINE.test(octets.toString('latin1', 0, 6)) ? lineEnd(octets, 0) : 0;
}

/** A name of ftext, and maybe the blanks that old software puts before the colon (RFC 5322 sections 2.2, 4.5.8). */
function fieldName(octets: Buffer, start: number): string | null {
  let end = start;
  while (isNameOctet(octets[end])) end += 1;
  let colon = end;
  while (isBlank(octets[colon])) colon += 1;
  return end > start && octets[colon] === COLON ? octets.toString('latin1', start, end) : null;
}

function isNameOctet(octet: number | undefined): boolean {
  return octet !== undefined && octet > 0x20 && octet < 0x7f && octet !== COLON;
}
