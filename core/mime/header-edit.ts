/**
 * Edits of a header: fields added, removed and replaced, each as a span, so that all other octets stay what they are.
 *
 * Guarantee: no name and no value, whatever it holds, ends its line or the header: what could is refused by a throw.
 *
 * Edits of one header may be applied together. Only in a mail that is all body, without even an empty line above it, the
 * first field that is added brings that line, and the header must be read again before the next one.
 */
import { trimBlanks } from './blanks.ts';
import type { Edit } from './edit.ts';
import { encodeText } from './encoded-word.ts';
import type { HeaderBlock, HeaderField } from './header.ts';

const CRLF = '\r\n';
/** RFC 5322 section 2.1.1, without the line end. In characters. */
const LINE = 78;
/** With its colon, a name fits a line. */
const FIELD_NAME = /^[\x21-\x39\x3b-\x7e]{1,77}$/;

/**
 * A field as octets: text beyond ASCII in encoded words, folded at blanks to lines of 78 octets where it can be, and of
 * 998 always (RFC 5322 section 2.1.1, RFC 2047).
 * @throws TypeError for a name that is none (RFC 5322 section 3.6.8), and for a value with CR, LF or NUL
 * @example formatField('X-Verdict', 'clean').toString() // 'X-Verdict: clean\r\n'
 */
export function formatField(name: string, value: string): Buffer {
  if (!FIELD_NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a header field`);
  if (/[\r\n\0]/.test(value)) throw new TypeError(`the value for the field ${name} holds CR, LF or NUL`);
  return Buffer.from(`${fold(`${name}:`, encodeText(trimBlanks(value)))}${CRLF}`);
}

/** The field above all others, where trace fields belong (RFC 5321 section 4.4). */
export function prependField(header: HeaderBlock, name: string, value: string): Edit {
  return header.fields.length === 0
    ? appendField(header, name, value)
    : insertion(header.fieldsStart, formatField(name, value));
}

/** The field below all others. */
export function appendField(header: HeaderBlock, name: string, value: string): Edit {
  const field = formatField(name, value);
  return insertion(
    header.fieldsEnd,
    endsInLine(header) ? Buffer.concat([field, separator(header)]) : asLastLine(field),
  );
}

/**
 * The empty line that is missing between header and body, so that the next reader takes for body what we take for it:
 * clients differ in whether a line that is no field ends the header. `null` where nothing is missing.
 */
export function endHeader(header: HeaderBlock): Edit | null {
  return header.end === 'no-empty-line' ? insertion(header.bodyStart, Buffer.from(CRLF)) : null;
}

/** Removes all fields of a name. */
export function removeFields(header: HeaderBlock, name: string): readonly Edit[] {
  return header.named(name).map(field => replacement(field, Buffer.alloc(0)));
}

/** Puts another value in the place of a field's. The name stays as it is written. */
export function replaceField(field: HeaderField, value: string): Edit {
  return replacement(field, formatField(field.name, value));
}

/** Makes this the only value of a name: in place of the topmost field, or below all fields where there is none. */
export function setField(header: HeaderBlock, name: string, value: string): readonly Edit[] {
  const [topmost, ...others] = header.named(name);
  if (topmost === undefined) return [appendField(header, name, value)];
  return [replaceField(topmost, value), ...others.map(field => replacement(field, Buffer.alloc(0)))];
}

function insertion(at: number, octets: Buffer): Edit {
  return { start: at, end: at, replacement: octets };
}

function replacement(field: HeaderField, octets: Buffer): Edit {
  return { start: field.start, end: field.end, replacement: octets };
}

/** The empty line that keeps a body without header out of the field above it. */
function separator(header: HeaderBlock): Buffer {
  return Buffer.from(header.fields.length === 0 && header.end === 'no-empty-line' ? CRLF : '');
}

/** After a line without line end, the field brings the line end of that line and has none itself. */
function asLastLine(field: Buffer): Buffer {
  return Buffer.concat([Buffer.from(CRLF), field.subarray(0, -CRLF.length)]);
}

function endsInLine(header: HeaderBlock): boolean {
  return header.fieldsEnd === 0 || header.octets[header.fieldsEnd - 1] === 0x0a;
}

/** Folds before blanks, so that unfolding gives back exactly the blanks that were there. */
function fold(start: string, text: string): string {
  let folded = '';
  let line = start;
  const words = text.split(/([ \t]+)/);
  for (let index = 0; index < words.length; index += 2) {
    const word = `${index === 0 ? ' ' : words[index - 1]}${words[index]}`;
    if (line.length + word.length > LINE) {
      folded += line + CRLF;
      line = word;
    } else {
      line += word;
    }
  }
  return folded + line;
}
