/**
 * Parameters of a field, set and removed where they stand: all others keep their octets (RFC 2045 section 5.1, RFC 2231).
 *
 * All forms of a name go at once (`name`, `name*`, `name*0` …): one that stayed would be a second name for clients that
 * read another form. Encoded words in parameters are read, never written (RFC 2047 section 5).
 */

import { trimBlanks } from './blanks.ts';
import { characterSet } from './character-set.ts';
import { closingOf, MOST_FAILURES } from './closing.ts';
import type { FieldParameter } from './continuation.ts';
import type { Edit } from './edit.ts';
import { type ParameterizedValue, parseParameterized } from './field-parameters.ts';
import type { HeaderField } from './header.ts';

const CRLF = '\r\n';
/** RFC 5322 section 2.1.1, without the line end, a blank before a piece and a semicolon behind it. */
const PIECE = 76;
const LINE = 78;
/** Longer names go into pieces: not every reader puts a quoted string together that is folded. */
const LONGEST_QUOTED = 200;
const NAME = /^[!#$&+\-.0-9A-Z^_`a-z{|}~]{1,60}$/;
const TOKEN = /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$/;
const QUOTABLE = /^[\x20-\x7e]*$/;
const CONTROL = /[\u0000-\u001f\u007f]/;
/** RFC 2231 section 7, attribute-char. */
const ATTRIBUTE_CHARACTER = /^[!#$&+\-.0-9A-Z^_`a-z{|}~]$/;

/**
 * A parameter as it is written: a token or a quoted string where that can be, else the extended form of RFC 2231, in
 * pieces of at most 76 characters, which semicolons part. `charset`: that of the extended form; UTF-8 where it lacks a
 * character or is not known.
 * @throws TypeError for a name that is none, and for a value with control characters
 * @example formatParameter('filename', 'Grüße.pdf') // ["filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf"]
 */
export function formatParameter(name: string, value: string, charset = 'utf-8'): readonly string[] {
  if (!NAME.test(name)) throw new TypeError(`${JSON.stringify(name)} is no name of a parameter`);
  if (CONTROL.test(value)) throw new TypeError(`the value for the parameter ${name} holds control characters`);
  const isPlain = QUOTABLE.test(value) && value.length <= LONGEST_QUOTED && !value.includes('=?');
  if (isPlain && TOKEN.test(value)) return [`${name}=${value}`];
  if (isPlain) return [`${name}="${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`];
  return extended(name, value.toWellFormed(), charset);
}

function extended(name: string, value: string, charset: string): readonly string[] {
  const kept = inPercents(value, charset);
  const [label, characters] = kept === null ? ['utf-8', inPercents(value, 'utf-8') ?? []] : [charset.trim(), kept];
  const whole = `${name}*=${label}''${characters.join('')}`;
  return whole.length <= PIECE ? [whole] : continued(name, `${label}''`, characters);
}

/** Each character by itself, or `null` where the charset is not known or lacks one. */
function inPercents(value: string, charset: string): readonly string[] | null {
  const set = characterSet(charset.toLowerCase());
  if (set === null) return null;
  let lacking = false;
  const characters = Array.from(value, character => {
    const octets = set.write(character, () => {
      lacking = true;
      return '';
    });
    return percented(octets);
  });
  return lacking ? null : characters;
}

/** Cut between characters, because some readers decode each piece by itself. */
function continued(name: string, start: string, characters: readonly string[]): readonly string[] {
  const pieces: string[] = [];
  let piece = `${name}*0*=${start}`;
  for (const character of characters) {
    if (piece.length + character.length > PIECE) {
      pieces.push(piece);
      piece = `${name}*${pieces.length}*=`;
    }
    piece += character;
  }
  return [...pieces, piece];
}

function percented(octets: Buffer): string {
  return [...octets]
    .map(octet => {
      const character = String.fromCharCode(octet);
      return ATTRIBUTE_CHARACTER.test(character) ? character : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/**
 * Sets a parameter, `null` removes it. The charset of its extended form is kept. No edits: it is so already. For an edit
 * of the header that the field is in.
 * @throws TypeError as `formatParameter` does
 */
export function setParameter(field: HeaderField, name: string, value: string | null): readonly Edit[] {
  const wanted = name.toLowerCase();
  const parsed = parseParameterized(field.value);
  const before = parsed.parameters.filter(each => each.name === wanted);
  if (value === null ? before.length === 0 : before.length === 1 && before[0]?.value === value) return [];
  const raw = field.raw.toString('latin1');
  const written = value === null ? [] : formatParameter(name, value, charsetOf(raw, wanted));
  const inPlace = replaced(raw, wanted, written);
  // What is read in many ways, as fields with semicolons missing are, is written anew as it was read.
  const replacement = saysSo(inPlace, parsed, wanted, value) ? inPlace : anew(field, parsed, wanted, written);
  return [{ start: field.start, end: field.end, replacement: Buffer.from(replacement, 'latin1') }];
}

/** The charset of the extended form that is there. */
function charsetOf(raw: string, name: string): string | undefined {
  for (const match of raw.matchAll(/([^\s;=*]+)\*(?:0\*)?[ \t]*=[ \t\r\n]*"?([A-Za-z0-9._:-]{1,40})'/g)) {
    if (match[1]?.toLowerCase() === name) return match[2];
  }
  return undefined;
}

/** The pieces of a field between its semicolons, each with the semicolon before it. */
function piecesOf(raw: string): readonly string[] {
  const pieces: string[] = [];
  let failures = 0;
  let from = 0;
  for (let at = raw.indexOf(':') + 1; at < raw.length; at += 1) {
    const character = raw.charAt(at);
    if (character === ';') {
      pieces.push(raw.slice(from, at));
      from = at;
    } else if ((character === '"' || character === '(') && failures < MOST_FAILURES) {
      const closing = closingOf(raw, at);
      if (closing === null) failures += 1;
      else at = closing;
    }
  }
  return [...pieces, raw.slice(from)];
}

function replaced(raw: string, name: string, written: readonly string[]): string {
  const lineEnd = /\r?\n$/.exec(raw)?.[0] ?? '';
  const pieces = piecesOf(raw.slice(0, raw.length - lineEnd.length));
  const first = pieces.findIndex(piece => nameOf(piece) === name);
  const last = pieces.findLastIndex((piece, index) => index === 0 || piece.slice(1).trim() !== '');
  const place = first === -1 ? last + 1 : first;
  const lead = first === -1 ? ' ' : (/^;(\s*)/.exec(pieces[first] ?? '')?.[1] ?? '');
  let before = pieces.slice(0, place).join('').trimEnd();
  for (const [index, piece] of written.entries()) {
    const column = before.length - before.lastIndexOf('\n') + lead.length + piece.length + 1;
    const isLong = index > 0 || (!lead.includes('\n') && column > LINE);
    before += `;${isLong ? `${CRLF} ` : lead}${piece}`;
  }
  return (
    before +
    pieces
      .slice(place)
      .filter(piece => nameOf(piece) !== name)
      .join('') +
    lineEnd
  );
}

/** Lower case, without what RFC 2231 puts behind it; `null` for what is no parameter. */
function nameOf(piece: string): string | null {
  return /^;\s*([^\s=*]+)(?:\*[^\s=]*)?\s*=/.exec(piece)?.[1]?.toLowerCase() ?? null;
}

/** Whether a field says what it said, save for that parameter. */
function saysSo(raw: string, before: ParameterizedValue, name: string, value: string | null): boolean {
  const after = parseParameterized(trimBlanks(raw.slice(raw.indexOf(':') + 1).replaceAll(/\r?\n/g, '')));
  const rest = (of: ParameterizedValue) => JSON.stringify([of.value, of.parameters.filter(each => each.name !== name)]);
  const values = after.parameters.filter(each => each.name === name).map(each => each.value);
  return (
    rest(after) === rest(before) &&
    values.join('\n') === (value ?? '').toWellFormed() &&
    values.length === (value === null ? 0 : 1)
  );
}

function anew(
  field: HeaderField,
  { value, parameters }: ParameterizedValue,
  name: string,
  written: readonly string[],
): string {
  const others = parameters.filter(each => each.name !== name).flatMap(writtenAgain);
  return `${[`${field.name}: ${value}`, ...others, ...written].join(`;${CRLF} `)}${CRLF}`;
}

function writtenAgain({ name, value, raw }: FieldParameter): readonly string[] {
  if (!NAME.test(name)) return [];
  if (value === raw && QUOTABLE.test(raw)) return [`${name}="${raw.replaceAll(/["\\]/g, String.raw`\$&`)}"`];
  return formatParameter(name, value.replaceAll(/[\u0000-\u001f\u007f]/g, ' '));
}
