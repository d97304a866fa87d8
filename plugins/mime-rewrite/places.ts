/** Where parts stand in their tree: what is around them, and which of them are the text that people read. */
import {
  type HeaderBlock,
  type HeaderField,
  type MediaType,
  type PartOutline,
  parameter,
  parseMediaType,
  parseParameterized,
  walkParts,
} from '../../core/index.ts';

const KNOWN_PARENTS = new WeakMap<PartOutline, ReadonlyMap<PartOutline, PartOutline>>();

/** The part around each part. The mail has none. Found once for a tree: there may be thousands of parts that ask. */
export function parentsIn(root: PartOutline): ReadonlyMap<PartOutline, PartOutline> {
  const known = KNOWN_PARENTS.get(root);
  if (known !== undefined) return known;
  const parents = new Map<PartOutline, PartOutline>();
  for (const part of walkParts(root)) for (const child of part.children) parents.set(child, part);
  KNOWN_PARENTS.set(root, parents);
  return parents;
}

/** The parts around a part, from the inside out. */
export function around(part: PartOutline, parents: ReadonlyMap<PartOutline, PartOutline>): readonly PartOutline[] {
  const found: PartOutline[] = [];
  for (let one = parents.get(part); one !== undefined; one = parents.get(one)) found.push(one);
  return found;
}

/** Parts without those that lie in other ones of them. */
export function outermost(parts: readonly PartOutline[], root: PartOutline): readonly PartOutline[] {
  const all = new Set(parts);
  const parents = parentsIn(root);
  return parts.filter(part => !around(part, parents).some(one => all.has(one)));
}

export function isType(part: PartOutline, type: string): boolean {
  return `${part.type.type}/${part.type.subtype}` === type;
}

/** What may not be changed on its way (RFC 1847 section 2). */
export function isWrapper({ type: { type, subtype } }: PartOutline): boolean {
  return type === 'multipart' && (subtype === 'signed' || subtype === 'encrypted');
}

/** Whether clients show a part as a file. */
export function isAttached(part: PartOutline): boolean {
  return part.disposition?.kind === 'attachment' || namesIn(part).length > 0;
}

/** Every name under which some client may show a part: of two fields clients differ in which one counts. `filename`s first. */
export function namesIn(part: PartOutline): readonly string[] {
  const parameters = namingFields(part.header).flatMap(field => parseParameterized(field.value).parameters);
  return ['filename', 'name'].flatMap(wanted => parameters.filter(({ name }) => name === wanted).map(one => one.value));
}

/** The fields that may name a file, the disposition first. */
export function namingFields(header: HeaderBlock): readonly HeaderField[] {
  return [...header.named('content-disposition'), ...header.named('content-type')];
}

/** Every media type that some client may take a part for: the one that counts here first. */
export function typesOf({ type, header }: PartOutline): readonly MediaType[] {
  const others = header.values('content-type').slice(1);
  return [type, ...others.flatMap(value => parseMediaType(value) ?? [])];
}

/** The text that people read first in a mail, or last. */
export interface ReadText {
  /** In a multipart/alternative, every alternative. */
  readonly leaves: readonly PartOutline[];
  /** What is in the way of looking further: signed and encrypted multiparts. */
  readonly closed: readonly PartOutline[];
}

/**
 * The text/plain and text/html leaves that are the text of a mail, as clients show it: each alternative, the root of what
 * is related, the first or the last text of what is mixed, the first part of a report. Attached mails and digests have
 * texts of their own, which are not ours.
 */
export function readText(part: PartOutline, which: 'first' | 'last'): ReadText {
  const { type, children } = part;
  if (children.length === 0) {
    const isText = isType(part, 'text/plain') || isType(part, 'text/html');
    return { leaves: isText && !isAttached(part) ? [part] : [], closed: [] };
  }
  if (isWrapper(part)) return { leaves: [], closed: [part] };
  if (type.type !== 'multipart' || type.subtype === 'digest') return { leaves: [], closed: [] };
  const inside = partsToRead(part).map(child => readText(child, which));
  if (type.subtype === 'alternative') {
    return { leaves: inside.flatMap(one => one.leaves), closed: inside.flatMap(one => one.closed) };
  }
  const texts = inside.filter(({ leaves }) => leaves.length > 0);
  const text = which === 'first' ? texts[0] : texts.at(-1);
  return text ?? { leaves: [], closed: inside.flatMap(one => one.closed) };
}

function partsToRead(part: PartOutline): readonly PartOutline[] {
  const { type, children } = part;
  switch (type.subtype) {
    case 'related':
      return relatedRoot(part);
    case 'report':
      return children.slice(0, 1);
    default:
      return children;
  }
}

/** RFC 2387 section 3.2. */
function relatedRoot({ type, children }: PartOutline): readonly PartOutline[] {
  const start = parameter(type, 'start');
  const named = start === null ? [] : children.filter(({ header }) => header.first('content-id') === start);
  return (named.length > 0 ? named : children).slice(0, 1);
}

/** Whether the header of a part is that of a mail: it is the mail itself, or one that is attached. */
export function isMail(_part: PartOutline, parent: PartOutline | null): boolean {
  return parent === null || parent.type.type === 'message';
}

const KNOWN_BARE_LINES = new WeakMap<PartOutline, ReadonlySet<number>>();

/**
 * Whether a boundary line starts here that has no line end above it of its own, because a header or another boundary line
 * ends there. What is put before it must end with one.
 */
export function isBeforeBareLine(root: PartOutline, at: number): boolean {
  const known = KNOWN_BARE_LINES.get(root) ?? new Set(bareLinesIn(root));
  KNOWN_BARE_LINES.set(root, known);
  return known.has(at);
}

function bareLinesIn(root: PartOutline): readonly number[] {
  const multiparts = [...walkParts(root)].flatMap(({ multipart }) => multipart ?? []);
  const lines = multiparts.flatMap(({ delimiters, close }) => (close === null ? delimiters : [...delimiters, close]));
  return lines.filter(({ start, line }) => start === line).map(({ start }) => start);
}

/** What must stand behind octets that are put before this place. */
export function lineEndBefore(root: PartOutline, at: number): Buffer {
  return Buffer.from(isBeforeBareLine(root, at) ? '\r\n' : '');
}
