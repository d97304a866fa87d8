/** Octets to text in the charsets of mail (RFC 2978), by the decoders of the platform. Never fails. */
import { TextDecoder } from 'node:util';

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const WINDOWS_1252 = new TextDecoder('windows-1252');

/** The text in a named charset, its broken octets as U+FFFD; `null` where nobody here knows the charset. */
export function decodeCharset(octets: Buffer, charset: string): string | null {
  try {
    return new TextDecoder(charset, { ignoreBOM: true }).decode(octets);
  } catch {
    return null;
  }
}

/** The text of octets that name no charset: UTF-8 where they are UTF-8, else windows-1252, which takes any octets. */
export function decodeUnlabelled(octets: Buffer): string {
  try {
    return STRICT_UTF8.decode(octets);
  } catch {
    return WINDOWS_1252.decode(octets);
  }
}
