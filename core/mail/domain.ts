/**
 * Domains of mailboxes, each in its one canonical form (RFC 5321 sections 4.1.2 and 4.1.3, RFC 5890).
 *
 * Underscores are let through: no grammar of mail knows them, but DNS does, and hosts that use them send and get mail.
 * What a resolver may take for an IP address (`127.0.0.1`, `0x7f.1`, `2130706433`) is refused: a domain must not become
 * an address behind our back.
 */
import { domainToASCII } from 'node:url';
import { parseIpv4, parseIpv6 } from './ip-address.ts';

/** RFC 5321 section 4.5.3.1.2. In octets. */
const LONGEST_DOMAIN = 255;

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
/** What `inet_aton` reads as an IPv4 address: one to four numbers, decimal, octal or hexadecimal. */
const LIKE_AN_ADDRESS = /^(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}$/;
const ASCII = /^[\x20-\x7e]*$/;
/** Before conversion, so that the percent signs and slashes of URLs mean nothing here. */
const INTERNATIONAL = /^[-.0-9A-Z_a-z\u{a0}-\u{10ffff}]+$/u;
const TAG = /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/;
const LITERAL_CONTENT = /^[\x21-\x5a\x5e-\x7e]+$/;

/**
 * The canonical form of a domain: lower-case A-labels, or an address literal in brackets.
 * @returns `null` where the text is no domain. A dot at the end makes it none.
 * @example parseDomain('Bücher.Example') // 'xn--bcher-kva.example'
 */
export function parseDomain(text: string): string | null {
  if (text.length > LONGEST_DOMAIN) return null;
  const domain = text.startsWith('[') ? parseLiteral(text) : parseName(text);
  return domain === null || domain.length > LONGEST_DOMAIN ? null : domain;
}

function parseName(text: string): string | null {
  const name = ASCII.test(text) ? text.toLowerCase() : toALabels(text);
  return NAME.test(name) && !LIKE_AN_ADDRESS.test(name) ? name : null;
}

function toALabels(text: string): string {
  return INTERNATIONAL.test(text) && text.isWellFormed() ? domainToASCII(text) : '';
}

function parseLiteral(text: string): string | null {
  if (!text.endsWith(']')) return null;
  const inner = text.slice(1, -1);
  const ipv4 = parseIpv4(inner);
  if (ipv4 !== null) return `[${ipv4}]`;
  const colon = inner.indexOf(':');
  const tag = inner.slice(0, Math.max(colon, 0)).toLowerCase();
  const content = inner.slice(colon + 1);
  if (tag === 'ipv6') {
    const ipv6 = parseIpv6(content);
    return ipv6 === null ? null : `[IPv6:${ipv6}]`;
  }
  // An IPv6 address without its tag would be read as a general literal: it is a slip of the pen.
  const general = TAG.test(tag) && LITERAL_CONTENT.test(content) && parseIpv6(inner) === null;
  return general ? `[${tag}:${content}]` : null;
}
