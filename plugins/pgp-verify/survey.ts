/**
 * Finds what a mail holds of OpenPGP: PGP/MIME (RFC 3156) and blocks in text parts. Finds, and judges nothing.
 *
 * Guarantee: `whole` is said only of what is all of the body: nothing beside it, around it or behind it, and a header that all
 * readers read alike. Signed octets are those between the boundaries, as they came, lines ended by CRLF (RFC 3156
 * section 5). What a signature already covers is not searched for signatures: there, the outer one speaks.
 */
import { type Part, parameter, partContent } from '../../core/index.ts';
import { armoredBlocks } from '../../core/openpgp/index.ts';
import { inlineBlocks } from './cleartext.ts';

/** Something of OpenPGP, at its place. */
export type Sighting =
  | {
      readonly kind: 'signed';
      readonly at: string;
      readonly whole: boolean;
      /** The octets that are signed. */
      readonly octets: Buffer;
      /** The signatures over them, binary. */
      readonly signature: Buffer;
    }
  | { readonly kind: 'malformed'; readonly at: string; readonly whole: boolean; readonly because: string }
  | {
      readonly kind: 'encrypted';
      readonly at: string;
      readonly whole: boolean;
      /** Whether a signature around it speaks of it already. */
      readonly covered: boolean;
      /** What is in it once it is opened: a part of a mail (PGP/MIME), or text. */
      readonly holds: 'part' | 'text';
      /** The message, binary. `null`: it cannot be read. */
      readonly message: Buffer | null;
    };

/** Where a part stands. */
export interface Place {
  /** `1` is the mail, `1.2` its second part, `1.2.m` the mail inside that, `1.e` the part that was encrypted. */
  readonly at: string;
  /** Whether the part is all that the mail shows. */
  readonly whole: boolean;
  /** Whether a signature around it speaks of it already. */
  readonly covered: boolean;
}

const SIGNATURE = 'application/pgp-signature';
const ENCRYPTED = 'application/pgp-encrypted';
/** What would let two readers see two different mails, were it there twice. */
const ONCE = ['content-type', 'content-transfer-encoding', 'content-disposition', 'mime-version'] as const;
/** What readers agree on how to decode; and no parts have another reading than their octets (RFC 2045 section 6.4). */
const LEAF_ENCODINGS: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary', 'quoted-printable', 'base64']);
const OUTER_ENCODINGS: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary']);
/** No honest signature part is larger. In octets. */
const LARGEST_SIGNATURE = 256 * 1024;

/** All that there is, from the top. */
export function* sightings(mail: Part): Generator<Sighting> {
  yield* look(mail, { at: '1', whole: true, covered: false });
}

/** All that there is in a part that was encrypted. */
export function* sightingsInside(part: Part, { at, whole, covered }: Place): Generator<Sighting> {
  yield* look(part, { at: `${at}.e`, whole, covered });
}

function* look(part: Part, outer: Place): Generator<Sighting> {
  const place = { ...outer, whole: outer.whole && isUnambiguous(part) };
  const type = typeOf(part);
  if (type === 'multipart/signed' && isOpenPgp(part, SIGNATURE)) yield* lookIntoSigned(part, place);
  else if (type === 'multipart/encrypted' && isOpenPgp(part, ENCRYPTED)) yield* lookIntoEncrypted(part, place);
  else if (part.multipart !== null) yield* lookIntoParts(part.children, 1, place);
  else if (part.children[0] !== undefined) yield* look(part.children[0], inside(place, 'm'));
  else if (part.type.type === 'text') yield* lookIntoText(part, place);
}

function* lookIntoParts(parts: readonly Part[], first: number, place: Place): Generator<Sighting> {
  for (const [index, child] of parts.entries()) yield* look(child, inside(place, index + first));
}

function* lookIntoSigned(part: Part, place: Place): Generator<Sighting> {
  const [signed, signature, ...others] = part.children;
  if (!place.covered) yield signedPart(part, place);
  if (signed !== undefined) yield* look(signed, { ...inside(place, 1), covered: true });
  if (signature !== undefined) yield* lookIntoParts(others, 3, place);
}

function signedPart(part: Part, { at, whole: outer }: Place): Sighting {
  const [signed, signature, ...others] = part.children;
  const whole = outer && others.length === 0 && hasNothingBehind(part);
  if (signed === undefined || signature === undefined || typeOf(signature) !== SIGNATURE)
    return { kind: 'malformed', at, whole, because: 'the signature is missing' };
  if (signature.body.length > LARGEST_SIGNATURE)
    return { kind: 'malformed', at, whole, because: 'the signature is too large to be one' };
  const blocks = armoredBlocks(partContent(signature)).filter(block => block.kind === 'SIGNATURE');
  const binary = joined(blocks.map(block => block.octets));
  if (binary === null) return { kind: 'malformed', at, whole, because: 'the signature cannot be read' };
  return { kind: 'signed', at, whole, octets: crlf(signed.octets), signature: binary };
}

function* lookIntoEncrypted(part: Part, place: Place): Generator<Sighting> {
  const [, data, ...others] = part.children;
  if (data !== undefined) {
    const whole = place.whole && others.length === 0 && hasNothingBehind(part);
    const message = messageIn(partContent(data));
    yield { kind: 'encrypted', at: place.at, whole, covered: place.covered, holds: 'part', message };
  }
  yield* lookIntoParts(others, 3, place);
}

function* lookIntoText(part: Part, { at, whole, covered }: Place): Generator<Sighting> {
  const text = partContent(part);
  if (part.type.subtype !== 'plain') {
    if (text.includes('-----BEGIN PGP MESSAGE-----'))
      yield { kind: 'encrypted', at: `${at}#1`, whole: false, covered, holds: 'text', message: null };
    return;
  }
  const { blocks, textOutside } = inlineBlocks(text);
  const alone = whole && blocks.length === 1 && !textOutside;
  for (const [index, block] of blocks.entries()) {
    const here = `${at}#${index + 1}`;
    if (block.kind === 'message')
      yield { kind: 'encrypted', at: here, whole: alone, covered, holds: 'text', message: messageIn(block.armor) };
    else if (covered) continue;
    else if (block.kind === 'broken')
      yield { kind: 'malformed', at: here, whole: alone, because: 'the signed text is not well formed' };
    else yield clearSigned(block, { at: here, whole: alone });
  }
}

function clearSigned(
  { signed, armor }: { readonly signed: Buffer; readonly armor: Buffer },
  place: Pick<Place, 'at' | 'whole'>,
): Sighting {
  const blocks = armor.length > LARGEST_SIGNATURE ? [] : armoredBlocks(armor);
  const binary = joined(blocks.map(block => block.octets));
  if (binary === null) return { kind: 'malformed', ...place, because: 'the signature cannot be read' };
  return { kind: 'signed', ...place, octets: signed, signature: binary };
}

/** A part of another is never the whole. */
function inside(place: Place, step: number | 'm'): Place {
  return { at: `${place.at}.${step}`, whole: false, covered: place.covered };
}

function typeOf(part: Part): string {
  return `${part.type.type}/${part.type.subtype}`;
}

/** By the protocol parameter, or where it is missing by the part that would name it (RFC 1847). */
function isOpenPgp(part: Part, protocol: string): boolean {
  const named = parameter(part.type, 'protocol');
  return named === null
    ? part.children.some(child => typeOf(child) === protocol)
    : named.trim().toLowerCase() === protocol;
}

function isUnambiguous(part: Part): boolean {
  const { header } = part;
  const names = part.type.parameters.map(one => one.name);
  return (
    header.end === 'empty-line' &&
    (part.multipart === null ? LEAF_ENCODINGS : OUTER_ENCODINGS).has(part.encoding) &&
    ONCE.every(name => header.named(name).length <= 1) &&
    new Set(names).size === names.length
  );
}

/**
 * Behind the last boundary old list software puts its footers, and some readers show them. Not so the notice that clients put
 * above the first one, for readers without MIME.
 */
function hasNothingBehind({ multipart, body, bodyStart }: Part): boolean {
  if (multipart === null || multipart.close === null) return false;
  const { start, end } = multipart.epilogue;
  return /^\s*$/.test(body.toString('latin1', start - bodyStart, end - bodyStart));
}

/** The same octets with every line ended by CRLF, as they were signed, whatever became of the line ends on the way. */
function crlf(octets: Buffer): Buffer {
  for (let lf = octets.indexOf(0x0a); lf !== -1; lf = octets.indexOf(0x0a, lf + 1)) {
    if (octets[lf - 1] !== 0x0d) return Buffer.from(octets.toString('latin1').replaceAll(/\r?\n/g, '\r\n'), 'latin1');
  }
  return octets;
}

/** The one armored message in octets, binary. `null`: there is none, or more than one. */
function messageIn(octets: Buffer): Buffer | null {
  const [message, ...others] = armoredBlocks(octets).filter(({ kind }) => kind === 'MESSAGE');
  return others.length === 0 ? (message?.octets ?? null) : null;
}

function joined(pieces: readonly (Buffer | null)[]): Buffer | null {
  const whole = pieces.filter(piece => piece !== null);
  return whole.length === 0 || whole.length < pieces.length ? null : Buffer.concat(whole);
}
