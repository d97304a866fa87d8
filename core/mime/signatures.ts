/**
 * Which signatures a mail carries, and which of them an edit breaks: DKIM (RFC 6376), OpenPGP (RFC 3156, RFC 9580 section
 * 7) and S/MIME (RFC 8551).
 *
 * A signature counts as broken when the edited mail no longer has the same signature over the same octets. So an edit
 * outside of what is signed breaks nothing, wherever the signed part has moved to. Whether a signature was good before is
 * not asked.
 */
import { createHash } from 'node:crypto';
import type { Content } from '../mail/content.ts';
import { type DkimSignature, dkimCoverage, dkimSignatures } from './dkim-signature.ts';
import { applyEdits, type Edit } from './edit.ts';
import { type HeaderBlock, parseHeader } from './header.ts';
import { parameter } from './media-type.ts';
import { type Part, walkParts } from './part.ts';
import { partContent } from './transfer-encoding.ts';
import { parseTree } from './tree.ts';

/** A signature in the parts of a mail. */
export interface PartSignature {
  readonly kind: 'OpenPGP' | 'S/MIME';
  /** The `path` of the signed multipart, or of the part that holds text and signature both. */
  readonly path: string;
  /** A digest of what is signed and of the signature. */
  readonly coverage: string;
}

/** The signatures of a mail. */
export interface Signatures {
  readonly dkim: readonly DkimSignature[];
  readonly parts: readonly PartSignature[];
}

const BEGIN_CLEARTEXT = '-----BEGIN PGP SIGNED MESSAGE-----';
const END_CLEARTEXT = '-----END PGP SIGNATURE-----';

/** The signatures that a mail carries. Of a mail too complex for a part tree, only those of the header. */
export function signaturesOf(octets: Buffer): Signatures {
  const tree = parseTree(octets);
  const parts = tree.kind === 'tree' ? [...walkParts(tree.root)].flatMap(signaturesIn) : [];
  return { dkim: dkimSignatures(parseHeader(octets)), parts };
}

/**
 * The signatures that these edits break, each in words: `DKIM example.test (selector s1)`. For `Change.breaks`.
 * @example rewrite(applyEdits(content, edits), [{ what, breaks: await signaturesBrokenBy(content, edits) }])
 */
export async function signaturesBrokenBy(content: Content, edits: readonly Edit[]): Promise<readonly string[]> {
  return brokenSignatures(content, applyEdits(content, edits));
}

/** The signatures of one content that another one, made from it in whatever way, has no more. */
export async function brokenSignatures(before: Content, after: Content): Promise<readonly string[]> {
  const [was, is] = await Promise.all([before.bytes(), after.bytes()]);
  return lostSignatures(was, is);
}

/** The same of octets at hand. */
export function lostSignatures(was: Buffer, is: Buffer): readonly string[] {
  const signed = signaturesOf(was);
  if (signed.dkim.length === 0 && signed.parts.length === 0) return [];
  return [...brokenDkim(signed.dkim, was, is), ...brokenParts(signed.parts, is)];
}

function brokenDkim(signatures: readonly DkimSignature[], was: Buffer, is: Buffer): readonly string[] {
  const [oldHeader, newHeader] = [parseHeader(was), parseHeader(is)];
  const [oldBody, newBody] = [bodyOf(was, oldHeader), bodyOf(is, newHeader)];
  const sameBody = oldBody.equals(newBody);
  const kept = new Set(
    dkimSignatures(newHeader).map(signature => dkimCoverage(signature, newHeader, sameBody ? null : newBody)),
  );
  return signatures
    .filter(signature => !kept.has(dkimCoverage(signature, oldHeader, sameBody ? null : oldBody)))
    .map(({ domain, selector }) => `DKIM ${domain} (selector ${selector})`);
}

function bodyOf(octets: Buffer, header: HeaderBlock): Buffer {
  return octets.subarray(header.bodyStart);
}

function brokenParts(signatures: readonly PartSignature[], is: Buffer): readonly string[] {
  const kept = new Set(signaturesOf(is).parts.map(signature => signature.coverage));
  return signatures
    .filter(signature => !kept.has(signature.coverage))
    .map(({ kind, path }) => `${kind} (${path === '' ? 'the whole mail' : `part ${path}`})`);
}

function signaturesIn(part: Part): readonly PartSignature[] {
  const { type, subtype } = part.type;
  const [signed, signature] = part.children;
  if (type === 'multipart' && subtype === 'signed' && signed !== undefined && signature !== undefined) {
    const kind = kindOf(parameter(part.type, 'protocol') ?? `${signature.type.type}/${signature.type.subtype}`);
    return kind === null ? [] : [{ kind, path: part.path, coverage: digest(signed.octets, signature.body) }];
  }
  if (part.children.length > 0) return [];
  if (/^(?:x-)?pkcs7-mime$/.test(subtype) && parameter(part.type, 'smime-type')?.toLowerCase() === 'signed-data') {
    return [{ kind: 'S/MIME', path: part.path, coverage: digest(partContent(part)) }];
  }
  return type === 'text' ? cleartextSignatures(part) : [];
}

function kindOf(protocol: string): PartSignature['kind'] | null {
  if (/^application\/pgp-signature$/i.test(protocol)) return 'OpenPGP';
  return /^application\/(?:x-)?pkcs7-signature$/i.test(protocol) ? 'S/MIME' : null;
}

/** Text that is signed where it stands (RFC 9580 section 7). Only what is between the armor lines is covered. */
function cleartextSignatures(part: Part): readonly PartSignature[] {
  const found: PartSignature[] = [];
  const octets = partContent(part);
  let start = octets.indexOf(BEGIN_CLEARTEXT);
  while (start !== -1) {
    const end = octets.indexOf(END_CLEARTEXT, start);
    if (end === -1) break;
    found.push({ kind: 'OpenPGP', path: part.path, coverage: digest(octets.subarray(start, end)) });
    start = octets.indexOf(BEGIN_CLEARTEXT, end);
  }
  return found;
}

function digest(...pieces: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(`${piece.length}\n`).update(piece);
  return hash.digest('hex');
}
