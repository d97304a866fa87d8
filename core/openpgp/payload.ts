/**
 * A mail taken apart for PGP/MIME (RFC 3156): the fields that stay outside, and the part that is signed or encrypted. And put
 * together again.
 *
 * The part carries copies of header fields (`protected-headers="v1"`), as Thunderbird and others read and write them: so the
 * signature covers them, and an encrypted mail can hide its subject.
 */
import { applyEditsTo, type Edit } from '../mime/edit.ts';
import { type HeaderBlock, type HeaderField, parseHeader } from '../mime/header.ts';
import { formatField } from '../mime/header-edit.ts';

/** A mail in two. */
export interface Payload {
  /** All fields but those of the body, and what stands above them, each to the octet. */
  readonly outside: Buffer;
  /** A header of its own, an empty line, and the body to the octet. */
  readonly part: Buffer;
}

const OF_BODY = /^content-/i;
const MIME_VERSION = 'MIME-Version';
const PLAIN = 'text/plain; charset=us-ascii';
const PROTECTED = 'protected-headers="v1"';
const CRLF = '\r\n';

/**
 * Takes a mail apart.
 * @param copied the names of the fields that are copied into the part
 * @returns `null` where the header does not end as it should: readers would not agree on where the body begins
 */
export function payloadOf(octets: Buffer, copied: readonly string[]): Payload | null {
  const header = parseHeader(octets);
  if (header.end !== 'empty-line') return null;
  const ofBody = header.fields.filter(({ name }) => OF_BODY.test(name));
  const outer = header.fields.filter(
    ({ name }) => !OF_BODY.test(name) && name.toLowerCase() !== MIME_VERSION.toLowerCase(),
  );
  const copies = copied.flatMap(name => header.named(name).map(({ raw }) => raw));
  return {
    outside: Buffer.concat([octets.subarray(0, header.fieldsStart), ...outer.map(({ raw }) => raw)]),
    part: Buffer.concat([...typed(ofBody), ...copies, Buffer.from(CRLF), octets.subarray(header.bodyStart)]),
  };
}

/** The fields of the body, the type among them with the mark that copies follow. */
function typed(fields: readonly HeaderField[]): readonly Buffer[] {
  const type = fields.find(({ name }) => name.toLowerCase() === 'content-type');
  if (type === undefined) return [field('Content-Type', PLAIN), ...fields.map(({ raw }) => raw)];
  return fields.map(one => (one === type ? marked(one) : one.raw));
}

/** The parameter behind all others, on a line of its own; a type that was marked before stays as it is. */
function marked({ raw, value }: HeaderField): Buffer {
  if (/;\s*protected-headers\s*=/i.test(value)) return raw;
  const text = raw.toString('latin1').trimEnd().replace(/;$/, '');
  return Buffer.from(`${text};${CRLF} ${PROTECTED}${CRLF}`, 'latin1');
}

/** The outer fields above another body. `content`: the fields of that body. */
export function joined(outside: Buffer, content: readonly Buffer[], body: Buffer): Buffer {
  return Buffer.concat([outside, field(MIME_VERSION, '1.0'), ...content, Buffer.from(CRLF), body]);
}

function field(name: string, value: string): Buffer {
  return formatField(name, value);
}

/** The one field of a name says this, whatever stood there. */
export function withField(outside: Buffer, name: string, value: string): Buffer {
  const header = parseHeader(Buffer.concat([outside, Buffer.from(CRLF)]));
  const present = header.named(name);
  if (present.length === 0) return Buffer.concat([outside, field(name, value)]);
  const edits: Edit[] = present.map(({ start, end }, index) => ({
    start,
    end,
    replacement: index === 0 ? field(name, value) : Buffer.alloc(0),
  }));
  return applyEditsTo(outside, edits);
}

/** The fields of a part which are those of its body, and the rest of what it says. */
export function partOf(octets: Buffer): {
  readonly content: readonly Buffer[];
  readonly header: HeaderBlock;
  readonly body: Buffer;
} | null {
  const header = parseHeader(octets);
  if (header.end !== 'empty-line') return null;
  const content = header.fields.filter(({ name }) => OF_BODY.test(name)).map(({ raw }) => raw);
  return { content, header, body: octets.subarray(header.bodyStart) };
}

/** Whether a part says that it carries copies of header fields. */
export function carriesHeader(header: HeaderBlock): boolean {
  return /;\s*(?:protected-headers\s*=\s*"?v1"?|hp\s*=\s*"?(?:clear|cipher)"?)/i.test(
    header.first('Content-Type') ?? '',
  );
}
