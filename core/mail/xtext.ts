/**
 * xtext, and the encodings of internationalised addresses: how ORCPT and ENVID carry any text in one word
 * (RFC 3461 section 4, RFC 6533 section 3).
 *
 * What decodes to a control character is refused, so that no line end reaches a notification through an encoding.
 */

const XTEXT = /^(?:[\x21-\x2a\x2c-\x3c\x3e-\x7e]|\+[0-9A-Fa-f]{2})*$/;
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;
const ASCII = /^[\x20-\x7e]*$/;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text as xtext, beyond ASCII by its UTF-8 octets. */
export function encodeXtext(text: string): string {
  return text.replaceAll(/[^\x21-\x2a\x2c-\x3c\x3e-\x7e]+/g, run =>
    [...Buffer.from(run)].map(octet => `+${octet.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** The text that xtext stands for, or `null` where it is malformed, no UTF-8, or holds a control character. */
export function decodeXtext(xtext: string): string | null {
  if (!XTEXT.test(xtext)) return null;
  const octets = xtext.replaceAll(/\+(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  try {
    const text = UTF8.decode(Buffer.from(octets, 'latin1'));
    return CONTROL.test(text) ? null : text;
  } catch {
    return null;
  }
}

/** The same where nothing beyond ASCII may come out: in ENVID (RFC 3461 section 4.4). */
export function decodeAsciiXtext(xtext: string): string | null {
  const text = decodeXtext(xtext);
  return text !== null && ASCII.test(text) ? text : null;
}

/** An address as utf-8-addr-xtext: ASCII alone, for a next hop without SMTPUTF8. */
export function encodeUtf8Address(address: string): string {
  return address.replaceAll(
    /[^\x21-\x2a\x2c-\x3c\x3e-\x5b\x5d-\x7e]/gu,
    character => `\\x{${character.codePointAt(0)?.toString(16).toUpperCase().padStart(2, '0')}}`,
  );
}

/** The address that utf-8-addr-xtext or utf-8-addr-unitext stands for, or `null` where it is malformed. */
export function decodeUtf8Address(encoded: string): string | null {
  if (!/^(?:[^\\+=\x00-\x20\x7f]|\\x\{[0-9A-Fa-f]{2,6}\})*$/u.test(encoded)) return null;
  const text = encoded.replaceAll(/\\x\{([^}]*)\}/g, (_, hex: string) => fromCodePoint(Number.parseInt(hex, 16)));
  return CONTROL.test(text) || !text.isWellFormed() ? null : text;
}

function fromCodePoint(point: number): string {
  // A lone surrogate stands in for what is no code point: the caller refuses text that is not well formed.
  return point <= 0x10ffff ? String.fromCodePoint(point) : '\ud800';
}
