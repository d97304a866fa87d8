/** Text in header fields: decoding and encoding of encoded words (RFC 2047, with the language of RFC 2231 section 5). */
import { decodeCharset, decodeUnlabelled } from './charset.ts';

/** Blanks within the word are against the rules, and common. */
const ENCODED_WORD = /=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bq])\?([^?]*)\?=/gi;
const WHOLE_ENCODED_WORD = /^=\?[^?\s]+\?[bq]\?[^?\s]*\?=$/i;
const BLANKS = /^[ \t\r\n]*$/;
const BEYOND_LATIN1 = /[^\u0000-\u00ff]/;
const ASCII = /^[\x00-\x7f]*$/;

/** A word that can stand in a header as it is; a longer one could not be folded (RFC 5322 section 2.1.1). */
const PLAIN_WORD = /^[\x21-\x7e]{0,900}$/;
const LONGEST_BLANKS = 60;
/** 75 characters for an encoded word (RFC 2047 section 2), less `=?UTF-8?Q?` and `?=`. */
const LONGEST_ENCODED = 63;
/** In base64, 45 octets make 60 characters. */
const MOST_OCTETS = 45;

/**
 * The text that a field's value shows to people: encoded words decoded, octets beyond ASCII read as UTF-8 or
 * windows-1252. Line ends and NUL become blanks, so the text is always one line. What cannot be decoded stays as it is.
 * @param value one character an octet, as `HeaderField.value` is
 */
export function decodeText(value: string): string {
  return decodeWords(decodeValue(value)).replaceAll(/[\r\n\0]/g, ' ');
}

/** The first half of `decodeText`: octets become text, encoded words stay. */
export function decodeValue(value: string): string {
  return ASCII.test(value) || BEYOND_LATIN1.test(value) ? value : decodeUnlabelled(Buffer.from(value, 'latin1'));
}

interface Run {
  charset: string;
  octets: Buffer[];
  source: string;
}

/** The second half: text with its encoded words decoded. Neighbours of one charset are decoded together, because many senders cut a character in two. */
export function decodeWords(text: string): string {
  let shown = '';
  let at = 0;
  let run: Run | null = null;
  for (const match of text.matchAll(ENCODED_WORD)) {
    const [source, charset = '', encoding = '', encoded = ''] = match;
    const between = text.slice(at, match.index);
    const octets = decodeOctets(encoding, encoded);
    if (run !== null && BLANKS.test(between) && run.charset === charset.toLowerCase()) {
      run.octets.push(octets);
      run.source += between + source;
    } else {
      shown += shownRun(run);
      shown += run !== null && BLANKS.test(between) ? '' : between;
      run = { charset: charset.toLowerCase(), octets: [octets], source };
    }
    at = match.index + source.length;
  }
  return shown + shownRun(run) + text.slice(at);
}

function shownRun(run: Run | null): string {
  return run === null ? '' : (decodeCharset(Buffer.concat(run.octets), run.charset) ?? run.source);
}

function decodeOctets(encoding: string, encoded: string): Buffer {
  if (encoding.toLowerCase() === 'b') return Buffer.from(encoded, 'base64');
  const unescaped = encoded
    .replaceAll('_', ' ')
    .replaceAll(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return ASCII.test(encoded) ? Buffer.from(unescaped, 'latin1') : Buffer.from(encoded);
}

/**
 * Text as a field may carry it: words beyond printable ASCII, and words too long for a line, become encoded words in
 * UTF-8. Words that are encoded already stay as they are.
 */
export function encodeText(text: string): string {
  const words = text.split(/([ \t]+)/);
  const tooWide = words.some((word, index) => index % 2 === 1 && word.length > LONGEST_BLANKS);
  if (tooWide) return encodeWords(text);
  let encoded = '';
  for (let index = 0; index < words.length; index += 2) {
    encoded += words[index - 1] ?? '';
    let last = index;
    if (!mustEncode(words[index])) {
      encoded += words[index] ?? '';
      continue;
    }
    while (mustEncode(words[last + 2])) last += 2;
    // Blanks between encoded words are not shown (RFC 2047 section 6.2): those that count go inside.
    const before = isEncoded(words[index - 2]) ? words[index - 1] : '';
    const after = isEncoded(words[last + 2]) ? words[last + 1] : '';
    encoded += encodeWords(`${before}${words.slice(index, last + 1).join('')}${after}`);
    index = last;
  }
  return encoded;
}

function mustEncode(word: string | undefined): boolean {
  return word !== undefined && !PLAIN_WORD.test(word);
}

function isEncoded(word: string | undefined): boolean {
  return word !== undefined && WHOLE_ENCODED_WORD.test(word);
}

/** All of a text as encoded words: for a display name, where no comma may be left that parts addresses. */
export function encodeWords(text: string): string {
  const quoted = quotedForm(text);
  const base64Length = Math.ceil(Buffer.byteLength(text) / 3) * 4;
  const useBase64 = base64Length < quoted.length;
  const words: string[] = [];
  let piece = '';
  let size = 0;
  for (const character of text) {
    const cost = useBase64 ? Buffer.byteLength(character) : quotedForm(character).length;
    if (size + cost > (useBase64 ? MOST_OCTETS : LONGEST_ENCODED)) {
      words.push(encodedWord(piece, useBase64));
      piece = '';
      size = 0;
    }
    piece += character;
    size += cost;
  }
  words.push(encodedWord(piece, useBase64));
  return words.join(' ');
}

function encodedWord(text: string, useBase64: boolean): string {
  return useBase64 ? `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=` : `=?UTF-8?Q?${quotedForm(text)}?=`;
}

/** The Q encoding in the form that every field allows (RFC 2047 section 5 (3)). */
function quotedForm(text: string): string {
  return text
    .replaceAll(/[^A-Za-z0-9!*+/ -]/gu, character =>
      [...Buffer.from(character)].map(octet => `=${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    )
    .replaceAll(' ', '_');
}
