/** Parts that we write: a text, with the header that it needs. */
import { type Edit, encodeLeaf, type HeaderBlock, type HeaderField, type PartOutline } from '../../core/index.ts';
import { boundaryLines } from './boundaries.ts';
import { inBase64 } from './leaf-edit.ts';
import { describingFields } from './part-header.ts';
import { lineEndBefore } from './places.ts';

const CRLF = '\r\n';

/** A text, as a part has it. */
export interface PartText {
  readonly subtype: 'plain' | 'html';
  readonly text: string;
  /** A file name, where clients are to show it as a file. Printable ASCII. */
  readonly name?: string | null;
}

/** The fields that describe the part, and its body. */
export interface NewPart {
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** A part with this text, which none of the boundaries ends. */
export function textPart({ subtype, text, name = null }: PartText, boundaries: readonly string[]): NewPart {
  const octets = Buffer.from(text.replaceAll(/\r?\n/g, CRLF));
  const encoded = encodeLeaf(octets, { text: true, eightBit: false });
  const { encoding, body } = boundaryLines(encoded.body, boundaries) === 0 ? encoded : inBase64(octets, true);
  const disposition = name === null ? 'inline' : `attachment; filename="${name.replaceAll(/["\\]/g, '_')}"`;
  return {
    fields: [
      ['Content-Type', `text/${subtype}; charset=utf-8`],
      ['Content-Transfer-Encoding', encoding],
      ['Content-Disposition', disposition],
    ],
    body,
  };
}

/** Header, empty line and body. */
export function partOctets({ fields, body }: NewPart): Buffer {
  const header = fields.map(([name, value]) => `${name}: ${value}${CRLF}`).join('');
  return Buffer.concat([Buffer.from(header + CRLF), body]);
}

/** Where a part stands. */
export interface Standing {
  readonly root: PartOutline;
  /** Whether its header is that of a mail: the fields that do not describe the body stay. */
  readonly isMail: boolean;
}

/** Another part in the place of one. */
export function replacedBy(part: PartOutline, { fields, body }: NewPart, { root, isMail }: Standing): readonly Edit[] {
  const { start, bodyStart, end } = part;
  const ending = lineEndBefore(root, end);
  if (!isMail) return [{ start, end, replacement: Buffer.concat([partOctets({ fields, body }), ending]) }];
  return [
    { start, end: bodyStart, replacement: described(part.header, fields) },
    { start: bodyStart, end, replacement: Buffer.concat([body, ending]) },
  ];
}

/**
 * The header of a mail with other fields that describe its body. All others keep their octets, but those that `leaves`
 * picks out. It ends with an empty line.
 */
export function described(
  header: HeaderBlock,
  fields: NewPart['fields'],
  leaves: (field: HeaderField) => boolean = () => false,
): Buffer {
  const describing = new Set(describingFields(header));
  const before = header.octets.subarray(0, header.fieldsStart);
  const own = header.fields.filter(field => !describing.has(field) && !leaves(field)).map(({ raw }) => ended(raw));
  const version = header.first('mime-version') === null ? [['MIME-Version', '1.0'] as const] : [];
  const added = [...version, ...fields].map(([name, value]) => Buffer.from(`${name}: ${value}${CRLF}`));
  return Buffer.concat([before, ...own, ...added, Buffer.from(CRLF)]);
}

/** A field at the end of content may lack its line end. */
export function ended(field: Buffer): Buffer {
  return field[field.length - 1] === 0x0a ? field : Buffer.concat([field, Buffer.from(CRLF)]);
}
