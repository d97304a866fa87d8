/**
 * Mails and parts put into a new multipart, or into a mail around them, so that what they were stays what it is.
 *
 * Guarantee: the octets that are wrapped are the same octets afterwards, in one run.
 */
import { type Edit, type PartOutline, type Random, walkParts } from '../../core/index.ts';
import { newBoundary } from './boundaries.ts';
import { described, ended, type NewPart, partOctets, textPart } from './new-part.ts';
import { describingFields } from './part-header.ts';

const CRLF = '\r\n';
/** Fields that speak of the mail inside: signatures and seals over it, and what was found of them. */
const INSIDE_ONLY = /^(?:dkim-signature|arc-.*|authentication-results|domainkey-signature|autocrypt.*)$/i;

/** What is put around something. */
export interface Wrapping {
  readonly subtype: 'mixed' | 'alternative';
  readonly above: readonly NewPart[];
  readonly below: readonly NewPart[];
}

/** A mail, or one that is attached, becomes the header of a multipart that holds what it was. */
export function wrapMailBody(part: PartOutline, { subtype, above, below }: Wrapping, random: Random): readonly Edit[] {
  const { header } = part;
  const boundary = newBoundary(random);
  const inner = Buffer.concat([...describingFields(header).map(({ raw }) => ended(raw)), Buffer.from(CRLF)]);
  const outer = described(header, containerFields(part, subtype, boundary));
  return [
    {
      start: part.start,
      end: part.bodyStart,
      replacement: Buffer.concat([outer, ...above.map(one => delimited(boundary, one)), opening(boundary), inner]),
    },
    closing(part.end, boundary, below),
  ];
}

/** A part becomes the part of a multipart in its place. */
export function wrapPart(part: PartOutline, { subtype, above, below }: Wrapping, random: Random): readonly Edit[] {
  const boundary = newBoundary(random);
  const fields = containerFields(part, subtype, boundary).map(([name, value]) => `${name}: ${value}${CRLF}`);
  const head = [Buffer.from(fields.join('') + CRLF), ...above.map(one => delimited(boundary, one)), opening(boundary)];
  return [{ start: part.start, end: part.start, replacement: Buffer.concat(head) }, closing(part.end, boundary, below)];
}

/**
 * The whole mail, header and all, becomes a `message/rfc822` in a new mail with the same address fields, so that every
 * signature in it still holds, DKIM as well.
 */
export function wrapWholeMail(root: PartOutline, above: readonly NewPart[], random: Random): readonly Edit[] {
  const { header } = root;
  const boundary = newBoundary(random);
  const fields = containerFields(root, 'mixed', boundary);
  const outer = described(header, fields, ({ name }) => INSIDE_ONLY.test(name));
  const message = Buffer.from(`Content-Type: message/rfc822${CRLF}${labelOf(root)}${CRLF}`);
  const original = header.octets.subarray(header.fieldsStart);
  return [
    {
      start: 0,
      end: root.bodyStart,
      replacement: Buffer.concat([
        outer,
        ...above.map(one => delimited(boundary, one)),
        opening(boundary),
        message,
        original,
      ]),
    },
    closing(root.end, boundary, []),
  ];
}

/** Another part in a multipart, above or below those that it has. */
export function partAdded(container: PartOutline, { fields, body }: NewPart, at: 'top' | 'bottom'): readonly Edit[] {
  const { multipart } = container;
  if (multipart === null) return [];
  const { boundary, delimiters, close } = multipart;
  const line = Buffer.from(`--${boundary}${CRLF}`, 'latin1');
  const octets = Buffer.concat([line, partOctets({ fields, body }), Buffer.from(CRLF)]);
  const below = at === 'top' ? (delimiters[0] ?? close) : close;
  if (below !== null) return [insertion(below.line, octets)];
  const end = Buffer.from(`--${boundary}--${CRLF}`, 'latin1');
  return [insertion(container.end, Buffer.from(CRLF), octets, end)];
}

function insertion(at: number, ...pieces: readonly Buffer[]): Edit {
  return { start: at, end: at, replacement: Buffer.concat(pieces) };
}

/** A note of the rule above what is wrapped. */
export function noteParts(text: string | null): readonly NewPart[] {
  return text === null ? [] : [textPart({ subtype: 'plain', text: `${text}${CRLF}` }, [])];
}

function containerFields(inner: PartOutline, subtype: Wrapping['subtype'], boundary: string): NewPart['fields'] {
  const type = ['Content-Type', `multipart/${subtype}; boundary="${boundary}"`] as const;
  return holdsEightBits(inner) ? [type, ['Content-Transfer-Encoding', '8bit']] : [type];
}

/** A container may not claim less than what is in it (RFC 2045 section 6.4). */
function holdsEightBits(part: PartOutline): boolean {
  return [...walkParts(part)].some(({ encoding }) => encoding === '8bit' || encoding === 'binary');
}

function labelOf(part: PartOutline): string {
  return holdsEightBits(part) ? `Content-Transfer-Encoding: 8bit${CRLF}` : '';
}

function opening(boundary: string): Buffer {
  return Buffer.from(`--${boundary}${CRLF}`);
}

function delimited(boundary: string, part: NewPart): Buffer {
  return Buffer.concat([opening(boundary), partOctets(part), Buffer.from(CRLF)]);
}

function closing(end: number, boundary: string, below: readonly NewPart[]): Edit {
  const parts = below.map(part => Buffer.concat([Buffer.from(CRLF), opening(boundary), partOctets(part)]));
  return { start: end, end, replacement: Buffer.concat([...parts, Buffer.from(`${CRLF}--${boundary}--${CRLF}`)]) };
}
