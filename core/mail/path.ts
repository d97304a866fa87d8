/**
 * Mailboxes and paths as text, in both directions (RFC 5321 section 4.1.2, RFC 6531 section 3.3).
 *
 * Guarantees: what is parsed is canonical; parsing what was formatted gives the same mailbox; no control character, and
 * so no line end, is ever read into a mailbox or written out of one.
 */
import type { ForwardPath, Mailbox, ReversePath } from './address.ts';
import { parseDomain } from './domain.ts';
import { formatLocalPart, scanLocalPart } from './local-part.ts';

/** RFC 5321 section 4.5.3.1.1, quotation marks included. In octets. */
const LONGEST_LOCAL_PART = 64;
/** A sender that a forwarder has rewritten (SRS): two addresses and a hash in one local part, as long as the path may be. */
const REWRITTEN = /^SRS[01][-+=]/i;
/** RFC 5321 section 4.5.3.1.3, angle brackets included. In octets. */
const LONGEST_PATH = 256;
/** Far above any command line: beyond it nothing is looked at. In UTF-16 units. */
const LONGEST_TEXT = 4096;

/** Control characters, line separators of Unicode, and the mark of octets that were no UTF-8. */
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd]/;
const NON_ASCII = /[^\u0000-\u007f]/;
/** `@one.example,@two.example:` (RFC 5321 appendix C). */
const AT_DOMAIN = '@(?:\\[[^\\]]*\\]|[^\\s,:@<>"\\[\\]]+)';
const SOURCE_ROUTE_HERE = new RegExp(`${AT_DOMAIN}(?:,${AT_DOMAIN})*:`, 'y');
const DOMAIN_HERE = /\[[^\]]*\]|[^\s<>]*/y;
const WRITABLE_DOMAIN = /^(?:[a-z0-9._-]+|\[[\x21-\x5a\x5e-\x7e]+\])$/;

/** What a path is parsed under. */
export interface PathOptions {
  /** Whether the client gave SMTPUTF8: only then is anything beyond ASCII an address (RFC 6531 section 3.1). */
  readonly smtpUtf8: boolean;
}

/** What a forward-path is parsed under. */
export interface ForwardPathOptions extends PathOptions {
  /** The domain of `<Postmaster>` where it comes without one (RFC 5321 section 4.1.1.3): our own hostname. */
  readonly postmasterDomain: string;
}

/** Not a path. */
export interface Malformed {
  readonly kind: 'malformed';
  /** For a person, without the text itself. */
  readonly reason: string;
}

/** A path, and what stands after its `>`: the ESMTP parameters. */
export interface FoundPath<P extends ReversePath> {
  readonly kind: 'path';
  readonly path: P;
  readonly rest: string;
  /** Whether it can be said with SMTPUTF8 alone. */
  readonly beyondAscii: boolean;
}

/**
 * Reads the argument of MAIL, starting at its `<`. A source route is dropped (RFC 5321 section 4.1.1.3).
 *
 * The parameters come after the path, so whoever does not know yet whether SMTPUTF8 is among them parses with
 * `smtpUtf8: true`, and looks at `beyondAscii` where it was missing.
 * @example parseReversePath('<ann@example.test> SIZE=1000', { smtpUtf8: false })
 */
export function parseReversePath(text: string, options: PathOptions): FoundPath<ReversePath> | Malformed {
  if (text.startsWith('<>')) return { kind: 'path', path: null, rest: text.slice(2), beyondAscii: false };
  return parsePath(text, options, null);
}

/** Reads the argument of RCPT, starting at its `<`. `<Postmaster>` in any case becomes `postmaster` at our hostname. */
export function parseForwardPath(text: string, options: ForwardPathOptions): FoundPath<ForwardPath> | Malformed {
  return parsePath(text, options, options.postmasterDomain);
}

/**
 * Reads a mailbox as configurations and alias tables write it: no angle brackets, beyond ASCII allowed.
 * @returns `null` where the text is no mailbox.
 */
export function parseMailbox(text: string): Mailbox | null {
  if (unreadable(text) !== null) return null;
  const found = scanMailbox(text, 0, null);
  return found.kind === 'mailbox' && found.end === text.length ? found.mailbox : null;
}

/**
 * Reads a local part alone, as alias tables and lists of mailboxes name people: `ann`, `"john doe"`.
 * @returns `null` where the text is no local part.
 */
export function parseLocalPart(text: string): string | null {
  return parseMailbox(`${text}@localhost`)?.localPart ?? null;
}

/**
 * Writes a mailbox, quoting its local part where it must be: `"john doe"@example.test`.
 * @throws RangeError for what no parser makes: a control character, or a domain that is not canonical.
 */
export function formatMailbox(mailbox: Mailbox): string {
  if (FORBIDDEN.test(mailbox.localPart) || !WRITABLE_DOMAIN.test(mailbox.domain)) {
    throw new RangeError(`no address can be written for the mailbox ${JSON.stringify(mailbox)}`);
  }
  return `${formatLocalPart(mailbox.localPart)}@${mailbox.domain}`;
}

/**
 * Writes a path with its angle brackets; the null reverse-path is `<>`.
 * @throws RangeError as `formatMailbox` does.
 */
export function formatPath(path: ReversePath): string {
  return path === null ? '<>' : `<${formatMailbox(path)}>`;
}

/** Whether two mailboxes are the same one. The case of local parts counts (RFC 5321 section 2.4). */
export function sameMailbox(one: Mailbox, other: Mailbox): boolean {
  return one.localPart === other.localPart && one.domain === other.domain;
}

/** Whether a next hop without SMTPUTF8 cannot be told this path (RFC 6531 section 3.2). */
export function needsSmtpUtf8(path: ReversePath): boolean {
  return path !== null && NON_ASCII.test(path.localPart);
}

/** Whether a text takes more octets than that in UTF-8. Nearly always its length says no: a UTF-16 unit takes three at most. */
function isLonger(text: string, octets: number): boolean {
  return text.length * 3 > octets && Buffer.byteLength(text) > octets;
}

function malformed(reason: string): Malformed {
  return { kind: 'malformed', reason };
}

function unreadable(text: string): Malformed | null {
  if (text.length > LONGEST_TEXT) return malformed('the address is too long');
  if (FORBIDDEN.test(text) || !text.isWellFormed()) return malformed('the address holds a control character');
  return null;
}

function parsePath(
  text: string,
  options: PathOptions,
  postmasterDomain: string | null,
): FoundPath<Mailbox> | Malformed {
  const trouble = unreadable(text);
  if (trouble !== null) return trouble;
  if (!text.startsWith('<')) return malformed('the address must stand in angle brackets');
  const start = afterSourceRoute(text, 1);
  if (start === null) return malformed('the source route is no list of domains');
  const found = scanMailbox(text, start, postmasterDomain);
  if (found.kind === 'malformed') return found;
  if (text[found.end] !== '>') return malformed('something other than > follows the domain');
  const beyondAscii = NON_ASCII.test(text.slice(0, found.end));
  if (!options.smtpUtf8 && beyondAscii) {
    return malformed('an address beyond ASCII needs the SMTPUTF8 parameter');
  }
  if (isLonger(formatPath(found.mailbox), LONGEST_PATH)) {
    return malformed(`the path is longer than ${LONGEST_PATH} octets`);
  }
  return { kind: 'path', path: found.mailbox, rest: text.slice(found.end + 1), beyondAscii };
}

function afterSourceRoute(text: string, at: number): number | null {
  if (text[at] !== '@') return at;
  SOURCE_ROUTE_HERE.lastIndex = at;
  const route = SOURCE_ROUTE_HERE.exec(text)?.[0];
  if (route === undefined) return null;
  const domains = route.match(/\[[^\]]*\]|[^,:@]+/g) ?? [];
  return domains.every(domain => parseDomain(domain) !== null) ? at + route.length : null;
}

interface FoundMailbox {
  readonly kind: 'mailbox';
  readonly mailbox: Mailbox;
  readonly end: number;
}

function scanMailbox(text: string, start: number, postmasterDomain: string | null): FoundMailbox | Malformed {
  const local = scanLocalPart(text, start);
  if (local === null) return malformed('the local part is missing or malformed');
  const { localPart, end } = local;
  if (isLonger(text.slice(start, end), LONGEST_LOCAL_PART) && !REWRITTEN.test(localPart)) {
    return malformed(`the local part is longer than ${LONGEST_LOCAL_PART} octets`);
  }
  if (postmasterDomain !== null && text[end] === '>' && localPart.toLowerCase() === 'postmaster') {
    return { kind: 'mailbox', mailbox: { localPart: 'postmaster', domain: postmasterDomain }, end };
  }
  if (text[end] === '>' || end === text.length) return malformed('the address has no domain');
  if (text[end] !== '@') return malformed('the local part is malformed');
  DOMAIN_HERE.lastIndex = end + 1;
  const written = DOMAIN_HERE.exec(text)?.[0] ?? '';
  const domain = parseDomain(written);
  if (domain === null) return malformed('what follows the @ is no domain');
  return { kind: 'mailbox', mailbox: { localPart, domain }, end: end + 1 + written.length };
}
