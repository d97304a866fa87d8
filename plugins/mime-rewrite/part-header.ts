/** Edits of the header of a part, as edits of the mail. */
import {
  appendField,
  type Edit,
  formatField,
  formatParameter,
  type HeaderBlock,
  type HeaderField,
  type PartOutline,
  setField,
  setParameter,
} from '../../core/index.ts';

export const ENCODING_FIELD = 'Content-Transfer-Encoding';
export const TYPE_FIELD = 'Content-Type';

/** Edits of a part's header, with offsets in the mail. */
export function inMail({ start }: PartOutline, edits: readonly Edit[]): readonly Edit[] {
  return edits.map(edit => ({ ...edit, start: start + edit.start, end: start + edit.end }));
}

/** Removes fields. */
export function withoutFields(fields: readonly HeaderField[]): readonly Edit[] {
  return fields.map(({ start, end }) => ({ start, end, replacement: Buffer.alloc(0) }));
}

/** The fields that say what the body is (RFC 2045). */
export function describingFields(header: HeaderBlock): readonly HeaderField[] {
  return header.fields.filter(({ name }) => /^content-/i.test(name));
}

/** Sets the media type and leaves its parameters as they are written. Clients differ in which of two fields counts: one stays. */
export function setType(header: HeaderBlock, type: string): readonly Edit[] {
  const [field, ...others] = header.named(TYPE_FIELD);
  if (field === undefined) return [appendField(header, TYPE_FIELD, type)];
  return [typeIn(field, type), ...withoutFields(others)];
}

/** What stands between the colon and the first parameter gives way. */
function typeIn(field: HeaderField, type: string): Edit {
  const text = field.raw.toString('latin1');
  const colon = text.indexOf(':') + 1;
  const [written = ''] = text.slice(colon).split(';', 1);
  const value = written.trimEnd();
  // A comment or a quotation may hold the semicolon: then nothing of the field is kept.
  const end = /[("]/.test(written) ? text.trimEnd().length : colon + value.length;
  return { start: field.start + colon, end: field.start + end, replacement: Buffer.from(` ${type}`) };
}

/** Sets a parameter of the topmost field of a name; where there is no such field, nothing. */
export function setParameterOf(
  header: HeaderBlock,
  field: string,
  name: string,
  value: string | null,
): readonly Edit[] {
  const [topmost] = header.named(field);
  return topmost === undefined ? [] : setParameter(topmost, name, value);
}

/** What a leaf is to say of its body. What is left out stays. */
export interface Description {
  readonly charset?: string | undefined;
  readonly encoding?: string | undefined;
}

/**
 * The edits that let a leaf describe another body, and part its header from it: a body below a header without an empty
 * line would be a part of the header for some readers.
 */
export function describeAnew(part: PartOutline, description: Description): readonly Edit[] {
  const { header } = part;
  const fields = [...charsetField(header, description), ...encodingField(header, description)];
  const separator = { start: header.bodyStart, end: header.bodyStart, replacement: separatorOf(header) };
  if (header.fields.length > 0) return inMail(part, [...fields.flatMap(([, edits]) => edits), separator]);
  // Without any field, one edit adds them all: each for itself would bring an empty line.
  const added = Buffer.concat([
    ...fields.map(([field]) => field),
    Buffer.from(header.end === 'empty-line' ? '' : CRLF),
  ]);
  return inMail(part, [{ start: header.fieldsEnd, end: header.fieldsEnd, replacement: added }]);
}

const CRLF = '\r\n';

/** As a new field, and as edits of the fields that are there. */
type Field = readonly [octets: Buffer, edits: readonly Edit[]];

function charsetField(header: HeaderBlock, { charset }: Description): readonly Field[] {
  if (charset === undefined) return [];
  const value = ['text/plain', ...formatParameter('charset', charset)].join('; ');
  const isThere = header.first(TYPE_FIELD) !== null;
  const edits = isThere
    ? setParameterOf(header, TYPE_FIELD, 'charset', charset)
    : [appendField(header, TYPE_FIELD, value)];
  return [[formatField(TYPE_FIELD, value), edits]];
}

function encodingField(header: HeaderBlock, { encoding }: Description): readonly Field[] {
  if (encoding === undefined) return [];
  return [[formatField(ENCODING_FIELD, encoding), setField(header, ENCODING_FIELD, encoding)]];
}

/** What is missing between the last field and a body. */
function separatorOf({ octets, fieldsEnd, end }: HeaderBlock): Buffer {
  if (end === 'empty-line') return Buffer.alloc(0);
  return Buffer.from(octets[fieldsEnd - 1] === 0x0a ? CRLF : CRLF + CRLF);
}
