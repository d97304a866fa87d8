/**
 * DKIM signatures as far as an editor of mail must know them: what they cover, not whether they verify (RFC 6376).
 *
 * Two mails that give the same coverage for a signature, of the header and of the body (`DkimBody`), are the same to its
 * verifier.
 */
import { createHash } from 'node:crypto';
import { parseDomain } from '../mail/domain.ts';
import type { Canonicalization } from './dkim-body.ts';
import type { HeaderBlock, HeaderField } from './header.ts';

/** A DKIM-Signature field. */
export interface DkimSignature {
  readonly field: HeaderField;
  /** `d=`, canonical. */
  readonly domain: string;
  /** `s=` */
  readonly selector: string;
  /** `h=` in lower case, in order. A name that is there more often than the field is over-signed. */
  readonly signedFields: readonly string[];
  /** `l=` in octets, or `null`: the whole body. */
  readonly bodyLength: number | null;
  readonly canonicalization: { readonly header: Canonicalization; readonly body: Canonicalization };
}

/** Verifiers look at few; so do we. */
const MOST_SIGNATURES = 32;
const SELECTOR = /^[A-Za-z0-9_.-]+$/;

/** The DKIM signatures of a header, from the top. A field that lacks `d=`, `s=` or `h=` signs nothing. */
export function dkimSignatures(header: HeaderBlock): readonly DkimSignature[] {
  return header.named('dkim-signature').slice(0, MOST_SIGNATURES).flatMap(readSignature);
}

function readSignature(field: HeaderField): readonly DkimSignature[] {
  const tags = readTags(field.value);
  const domain = parseDomain(tags.get('d') ?? '');
  const selector = tags.get('s') ?? '';
  const names = tags.get('h') ?? '';
  if (domain === null || !SELECTOR.test(selector) || names === '') return [];
  const [header, body] = (tags.get('c') ?? '').toLowerCase().split('/');
  const length = tags.get('l') ?? '';
  return [
    {
      field,
      domain,
      selector: selector.toLowerCase(),
      signedFields: names.toLowerCase().split(':'),
      bodyLength: /^[0-9]+$/.test(length) ? Number(length) : null,
      canonicalization: { header: canonicalization(header), body: canonicalization(body) },
    },
  ];
}

function canonicalization(name: string | undefined): Canonicalization {
  return name === 'relaxed' ? 'relaxed' : 'simple';
}

/** A tag list without its blanks, which mean nothing in the tags that are read here (RFC 6376 section 3.2). */
function readTags(value: string): ReadonlyMap<string, string> {
  const pairs = value
    .replaceAll(/[ \t]+/g, '')
    .split(';')
    .map(tag => [tag.slice(0, Math.max(tag.indexOf('='), 0)), tag.slice(tag.indexOf('=') + 1)] as const);
  return new Map(pairs);
}

/**
 * What a signature covers of a header, as a digest: the signed fields and the signature itself, each as its
 * canonicalization sees it.
 */
export function dkimHeaderCoverage(signature: DkimSignature, header: HeaderBlock): string {
  const hash = createHash('sha256');
  const left = new Map<string, HeaderField[]>();
  for (const name of signature.signedFields) {
    const fields = left.get(name) ?? [...header.named(name)];
    left.set(name, fields);
    // Signed from the bottom up; a name without a field left signs that there is none (RFC 6376 section 5.4.2).
    const field = fields.pop();
    hash.update(`${name}\n${field === undefined ? '' : canonicalField(field, signature.canonicalization.header)}\n`);
  }
  hash.update(canonicalField(signature.field, signature.canonicalization.header));
  return hash.digest('hex');
}

/** RFC 6376 sections 3.4.1 and 3.4.2. */
function canonicalField(field: HeaderField, how: Canonicalization): string {
  if (how === 'simple') return field.raw.toString('latin1');
  return `${field.name.toLowerCase()}:${field.value.replaceAll(/[ \t]+/g, ' ')}`;
}
