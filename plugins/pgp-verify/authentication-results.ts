/**
 * The header field that tells the verdict, in the grammar of Authentication-Results (RFC 8601 section 2.2), and which
 * incoming fields only pretend to be it (section 5).
 */
import { formatMailbox, type HeaderBlock, type HeaderField } from '../../core/index.ts';
import type { Judgement, Verdict } from './judgement.ts';

/** The field that RFC 8601 defines. */
export const AUTHENTICATION_RESULTS = 'Authentication-Results';

/** The method's name. Names with `x-` are for methods that no registry knows (RFC 8601 section 2.7.7). */
const METHOD = 'x-pgp';

/** In the words of RFC 8601 section 2.7, after the model of S/MIME (RFC 7281): `pass` is for whole and good alone. */
const RESULT: Readonly<Record<Verdict, string>> = {
  none: 'none',
  good: 'pass',
  partial: 'policy',
  untrusted: 'policy',
  bad: 'fail',
  revoked: 'policy',
  expired: 'policy',
  'unknown-key': 'neutral',
  encrypted: 'neutral',
  unchecked: 'neutral',
  malformed: 'permerror',
};

const TOKEN = /^[\w!#$%&'*+.^`{|}~-]+$/;
const PLAIN_ADDRESS = /^[\w!#$%&'*+./=?^`{|}~-]+@[A-Za-z0-9.-]+$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

/**
 * The value of the field.
 * @example mx.example.test; x-pgp=pass reason="the signature is good" policy.verdict=good policy.aligned=yes
 */
export function resultsValue(hostname: string, judgement: Judgement): string {
  const { verdict, because, signature, aligned, signer, belief } = judgement;
  const properties = [
    ['policy.verdict', verdict],
    ['policy.aligned', signature === null ? null : aligned ? 'yes' : 'no'],
    ['policy.trust', belief?.validity ?? null],
    ['policy.source', signature?.origin ?? null],
    ['body.key', signature?.keyId ?? null],
    ['body.fingerprint', signature?.fingerprint ?? null],
    ['body.signer', signer === null ? null : formatMailbox(signer)],
  ] as const;
  const words = [`${METHOD}=${RESULT[verdict]}`, `reason=${quoted(because)}`];
  for (const [name, value] of properties) {
    if (value !== null && PRINTABLE.test(value)) words.push(`${name}=${propertyValue(value)}`);
  }
  return `${hostname}; ${words.join(' ')}`;
}

function propertyValue(value: string): string {
  return TOKEN.test(value) || PLAIN_ADDRESS.test(value) ? value : quoted(value);
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"]/g, '\\$&')}"`;
}

/** The fields of a mail that only pretend to be ours: those of the name we write, and results in our name. */
export function forgedFields(header: HeaderBlock, field: string, hostname: string): readonly HeaderField[] {
  return header.fields.filter(({ name, value }) => {
    if (isNamed(name, AUTHENTICATION_RESULTS)) return claimsToBeOurs(value, hostname);
    return isNamed(name, field);
  });
}

function isNamed(name: string, wanted: string): boolean {
  return name.toLowerCase() === wanted.toLowerCase();
}

/**
 * Whether an Authentication-Results field that a mail brought claims to be ours. Where nobody can say whose it is, it is ours
 * if it names us at all.
 */
export function claimsToBeOurs(value: string, hostname: string): boolean {
  const claimed = authservId(value);
  return claimed === null ? sameName(value).includes(sameName(hostname)) : sameName(claimed) === sameName(hostname);
}

function sameName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** The identifier that a value starts with: a word or a quoted string, after blanks and comments. */
function authservId(value: string): string | null {
  const rest = afterComments(value);
  if (rest === null) return null;
  const quotedId = /^"((?:[^"\\]|\\.)*)"/.exec(rest);
  if (quotedId !== null) return (quotedId[1] ?? '').replaceAll(/\\(.)/g, '$1');
  return /^[^\s;("]+(?=[\s;(]|$)/.exec(rest)?.[0] ?? null;
}

/** What follows the blanks and comments at the start (RFC 5322 section 3.2.2), or `null` where a comment does not end. */
function afterComments(value: string): string | null {
  let depth = 0;
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at] ?? '';
    if (character === '(') depth += 1;
    else if (depth > 0 && character === ')') depth -= 1;
    else if (depth > 0 && character === '\\') at += 1;
    else if (depth === 0 && !/\s/.test(character)) return value.slice(at);
  }
  return depth === 0 ? '' : null;
}
