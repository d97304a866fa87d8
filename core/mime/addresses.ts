/**
 * Mailboxes in header fields: From, To, Cc and their like (RFC 5322 section 3.4, RFC 2047, RFC 6532).
 *
 * Tolerant, and never at the cost of a recipient: what can be read as an address is listed, also where the syntax is
 * broken. Who asks "who is the author" sees every address that a client might show as one.
 */
import type { Mailbox } from '../mail/address.ts';
import { formatLocalPart } from '../mail/local-part.ts';
import { formatMailbox, formatPath, parseMailbox } from '../mail/path.ts';
import { type AddressToken, addressTokens } from './address-tokens.ts';
import { decodeValue, decodeWords, encodeWords } from './encoded-word.ts';
import type { HeaderBlock } from './header.ts';

const PLAIN_PHRASE = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

/** One address of a field. */
export interface HeaderAddress {
  /** The display name, or the comment that stands in for it, decoded. */
  readonly name: string | null;
  /** The address as text, without comments and blanks. Empty where there is a name alone. */
  readonly address: string;
  /** `null` where `address` is no mailbox that mail could be sent to. */
  readonly mailbox: Mailbox | null;
  /** The group it stands in, or `null`. A group without members leaves no trace. */
  readonly group: string | null;
}

/** The addresses of one field value, in their order. Never fails. `value` as `HeaderField.value` is. */
export function parseAddresses(value: string): readonly HeaderAddress[] {
  const found: HeaderAddress[] = [];
  let group: string | null = null;
  let entry = new Entry();
  const flush = () => {
    const address = entry.finish(group);
    if (address !== null) found.push(address);
    entry = new Entry();
  };
  for (const token of addressTokens(decodeValue(value))) {
    if (entry.takes(token)) continue;
    if (token.kind === ':') {
      const name = entry.name();
      if (entry.hasAddress()) flush();
      else entry = new Entry();
      group = name ?? '';
    } else {
      flush();
      if (token.kind === ';') group = null;
      if (token.kind === '<') entry.takes(token);
    }
  }
  flush();
  return found;
}

/** Everybody that the From fields name: mail has one author field, with one author, unless somebody is up to something. */
export function authors(header: HeaderBlock): readonly HeaderAddress[] {
  return header.values('from').flatMap(parseAddresses);
}

/**
 * An address as a field carries it: `"Lee, Ann" <ann@example.test>`. A name beyond ASCII goes into encoded words.
 * @throws RangeError as `formatMailbox` does
 */
export function formatAddress(name: string | null, mailbox: Mailbox): string {
  const shown = (name ?? '').replaceAll(/\s+/g, ' ').trim();
  if (shown === '') return formatMailbox(mailbox);
  return `${formatPhrase(shown)} ${formatPath(mailbox)}`;
}

/** What looks like an encoded word is not what the name says: it is encoded once more. */
function formatPhrase(name: string): string {
  if (name.includes('=?')) return encodeWords(name);
  if (PLAIN_PHRASE.test(name)) return name;
  if (PRINTABLE.test(name)) return `"${name.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
  return encodeWords(name);
}

type SpecToken = Exclude<AddressToken, { readonly kind: 'comment' }>;

/** What stands between two commas. */
class Entry {
  readonly #words: SpecToken[] = [];
  readonly #comments: string[] = [];
  #angle: SpecToken[] | null = null;
  #inAngle = false;

  /** Takes the token in, or says that it belongs to what comes after this entry. */
  takes(token: AddressToken): boolean {
    switch (token.kind) {
      case 'comment':
        this.#comments.push(token.text);
        return true;
      case 'word':
      case '@':
        (this.#inAngle ? (this.#angle ?? []) : this.#words).push(token);
        return true;
      case '<':
        if (this.#angle !== null) return false;
        this.#angle = [];
        this.#inAngle = true;
        return true;
      case '>':
        this.#inAngle = false;
        return true;
      case ':':
        return this.#inAngle && this.#takesColon(token);
      case ',':
      case ';':
        return this.#inAngle && this.#inSourceRoute();
    }
  }

  hasAddress(): boolean {
    return this.#angle !== null || this.#words.some(token => token.kind === '@');
  }

  name(): string | null {
    return phrase(this.#words) ?? comment(this.#comments);
  }

  finish(group: string | null): HeaderAddress | null {
    if (this.#angle !== null) return { name: this.name(), ...readSpec(this.#angle), group };
    const words = this.#words;
    const at = words.findLastIndex(token => token.kind === '@');
    if (at === -1) return words.length === 0 ? null : { name: phrase(words), address: '', mailbox: null, group };
    const start = words.findLastIndex((token, index) => index < at && startsAnew(words, index) && token.spaced);
    const after = words.findIndex((token, index) => index > at + 1 && startsAnew(words, index) && token.spaced);
    const end = after === -1 ? words.length : after;
    const others = [...words.slice(0, Math.max(start, 0)), ...words.slice(end)];
    const name = phrase(others) ?? comment(this.#comments);
    return { name, ...readSpec(words.slice(Math.max(start, 0), end)), group };
  }

  /** A colon ends a source route, and is a character of anything else between angle brackets: `<mailto:x@y>`. */
  #takesColon(token: SpecToken): boolean {
    if (this.#inSourceRoute()) this.#angle = [];
    else this.#angle?.push({ kind: 'word', text: ':', quoted: false, spaced: token.spaced });
    return true;
  }

  #inSourceRoute(): boolean {
    return this.#angle?.[0]?.kind === '@';
  }
}

/** Whether a token cannot belong to the one before it: blanks around dots and at signs part nothing. */
function startsAnew(tokens: readonly SpecToken[], index: number): boolean {
  const before = textOf(tokens[index - 1]);
  const here = textOf(tokens[index]);
  return !/[.@]$/.test(before) && !/^[.@]/.test(here);
}

function textOf(token: SpecToken | undefined): string {
  if (token === undefined) return '';
  return token.kind === 'word' ? token.text : token.kind;
}

function readSpec(tokens: readonly SpecToken[]): Pick<HeaderAddress, 'address' | 'mailbox'> {
  const at = tokens.findLastIndex(token => token.kind === '@');
  const local = tokens.slice(0, Math.max(at, 0));
  const domain = joined(tokens.slice(at + 1)).replaceAll(' ', '');
  if (at === -1) return { address: joined(tokens), mailbox: null };
  const written = `${formatLocalPart(joined(local))}@${domain}`;
  const mailbox = local.some(isStray) ? null : parseMailbox(written);
  return { address: mailbox === null ? `${joined(local)}@${domain}` : written, mailbox };
}

/**
 * What makes no local part where it is not quoted. Quoting it now would make an address of what was none, and decoding
 * an encoded word (RFC 2047 section 5 forbids one here) would show another address than the one that mail goes to.
 */
function isStray(token: SpecToken): boolean {
  return token.kind !== 'word' || (!token.quoted && (token.text === ':' || token.text.includes('=?')));
}

function joined(tokens: readonly SpecToken[]): string {
  return tokens
    .map((token, index) => (index > 0 && token.spaced && startsAnew(tokens, index) ? ' ' : '') + textOf(token))
    .join('');
}

function phrase(tokens: readonly SpecToken[]): string | null {
  return shown(tokens.map((token, index) => (index > 0 && token.spaced ? ' ' : '') + textOf(token)).join(''));
}

function comment(comments: readonly string[]): string | null {
  return shown(comments.join(' '));
}

function shown(text: string): string | null {
  const name = decodeWords(text).replaceAll(/\s+/g, ' ').trim();
  return name === '' ? null : name;
}
