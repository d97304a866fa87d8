/** The Autocrypt field (Autocrypt Level 1, section 2.1): a key that a mail brings along, and for which address. */
import type { Mailbox } from '../mail/address.ts';
import { parseMailbox } from '../mail/path.ts';
import type { HeaderBlock } from '../mime/header.ts';
import { samePerson } from './signer.ts';

/** What a field says. */
export interface AutocryptField {
  readonly address: Mailbox;
  readonly preferEncrypt: 'mutual' | 'nopreference';
  /** A binary key, not looked at yet. */
  readonly key: Buffer;
}

const KNOWN: ReadonlySet<string> = new Set(['addr', 'prefer-encrypt', 'keydata']);
/** What is optional for readers begins so. */
const OPTIONAL = '_';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** No honest key in a header is larger. In octets. */
const LARGEST_KEY = 64 * 1024;

/** Reads the value of a field. `null`: it is invalid, or demands what is not known here. */
export function parseAutocrypt(value: string): AutocryptField | null {
  const attributes = new Map<string, string>();
  for (const piece of value.split(';')) {
    if (piece.trim() === '') continue;
    const equals = piece.indexOf('=');
    const name = piece.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    if (equals === -1 || attributes.has(name)) return null;
    if (!KNOWN.has(name) && !name.startsWith(OPTIONAL)) return null;
    attributes.set(name, piece.slice(equals + 1).trim());
  }
  const address = parseMailbox(attributes.get('addr') ?? '');
  const data = (attributes.get('keydata') ?? '').replaceAll(/\s+/g, '');
  if (address === null || !BASE64.test(data)) return null;
  const key = Buffer.from(data, 'base64');
  if (key.length > LARGEST_KEY) return null;
  return { address, preferEncrypt: attributes.get('prefer-encrypt') === 'mutual' ? 'mutual' : 'nopreference', key };
}

/** The one valid field of a mail that speaks of its author. `null`: there is none, or more than one. */
export function autocryptOf(header: HeaderBlock, author: Mailbox): AutocryptField | null {
  const valid = header
    .values('autocrypt')
    .map(parseAutocrypt)
    .filter(field => field !== null && samePerson(field.address, author));
  return valid.length === 1 ? (valid[0] ?? null) : null;
}
