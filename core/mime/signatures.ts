/**
 * Which signatures a mail carries, and which of them an edit breaks: DKIM (RFC 6376), OpenPGP (RFC 3156, RFC 9580 section
 * 7) and S/MIME (RFC 8551).
 *
 * A signature counts as broken when the edited mail no longer has the same signature over the same octets. So an edit
 * outside of what is signed breaks nothing, wherever the signed part has moved to, and a mail that is attached whole to
 * another one keeps its DKIM signatures. Whether a signature was good before is not asked.
 */
import type { Content } from '../mail/content.ts';
import type { DkimSignature } from './dkim-signature.ts';
import { applyEdits, type Edit } from './edit.ts';
import { type HeaderBlock, LARGEST_HEADER, parseHeader, readHeader } from './header.ts';
import type { PartOutline, Span } from './part.ts';
import {
  attachedEvidence,
  dkimEvidence,
  type Evidence,
  type PartSignature,
  partEvidence,
} from './signature-evidence.ts';
import { spanPieces } from './span-pieces.ts';
import { parseTree, type ReadOutline, readOutline } from './tree.ts';

export type { PartSignature } from './signature-evidence.ts';

/** A DKIM signature and a digest of what it covers. */
export interface CoveredDkim extends DkimSignature {
  readonly coverage: string;
}

/** A DKIM signature of an attached mail. */
export interface AttachedDkim extends CoveredDkim {
  /** The `path` of the `message/rfc822` that holds the mail. */
  readonly path: string;
}

/** The signatures of a mail. */
export interface Signatures {
  readonly dkim: readonly CoveredDkim[];
  readonly parts: readonly PartSignature[];
  /** Those in the headers of mails that are attached. */
  readonly attached: readonly AttachedDkim[];
}

/** The signatures that a mail carries. Of a mail too complex for a part tree, only those of the header. */
export function signaturesOf(octets: Buffer): Signatures {
  const survey = new Survey(parseTree(octets), parseHeader(octets), octets.length);
  for (const [index, { start, end }] of survey.spans.entries()) survey.feed(index, octets.subarray(start, end));
  return survey.signatures();
}

/** The same of content of any size: it is read twice, and no more than pieces of it are held. */
export async function signaturesOfContent(content: Content): Promise<Signatures> {
  const read = await readOutline(content);
  const header = read.kind === 'tree' ? read.root.header : await headerOf(content);
  const survey = new Survey(read, header, content.size);
  for await (const { index, octets } of spanPieces(content, survey.spans)) survey.feed(index, octets);
  return survey.signatures();
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
  const was = await signaturesOfContent(before);
  return isUnsigned(was) ? [] : missingSignatures(was, await signaturesOfContent(after));
}

/** The same of octets at hand. */
export function lostSignatures(was: Buffer, is: Buffer): readonly string[] {
  const signed = signaturesOf(was);
  return isUnsigned(signed) ? [] : missingSignatures(signed, signaturesOf(is));
}

/** Whether no edit can break anything. */
export function isUnsigned({ dkim, parts, attached }: Signatures): boolean {
  return dkim.length + parts.length + attached.length === 0;
}

/** The signatures of one mail that another one does not have, in words. */
export function missingSignatures(was: Signatures, is: Signatures): readonly string[] {
  const dkim = new Set([...is.dkim, ...is.attached].map(({ coverage }) => coverage));
  const parts = new Set(is.parts.map(({ coverage }) => coverage));
  return [
    ...was.dkim.filter(({ coverage }) => !dkim.has(coverage)).map(dkimInWords),
    ...was.attached
      .filter(({ coverage }) => !dkim.has(coverage))
      .map(signature => `${dkimInWords(signature)} in ${placeOf(signature.path)}`),
    ...was.parts.filter(({ coverage }) => !parts.has(coverage)).map(({ kind, path }) => `${kind} (${placeOf(path)})`),
  ];
}

function placeOf(path: string): string {
  return path === '' ? 'the whole mail' : `part ${path}`;
}

function dkimInWords({ domain, selector }: DkimSignature): string {
  return `DKIM ${domain} (selector ${selector})`;
}

/** All evidence of a mail, and the spans that it wants to see. */
class Survey {
  readonly spans: readonly Span[];
  readonly #dkim: readonly Evidence<DkimSignature>[];
  readonly #parts: readonly Evidence<Omit<PartSignature, 'coverage'>>[];
  readonly #attached: readonly Evidence<Omit<AttachedDkim, 'coverage'>>[];
  readonly #readers: readonly Evidence<unknown>['readers'][number][];

  constructor(read: ReadOutline, header: HeaderBlock | null, size: number) {
    const root: PartOutline | null = read.kind === 'tree' ? read.root : null;
    this.#dkim = header === null ? [] : dkimEvidence(header, { start: header.bodyStart, end: size });
    this.#parts = root === null ? [] : partEvidence(root);
    this.#attached = root === null ? [] : attachedEvidence(root);
    const all = [...this.#dkim, ...this.#parts, ...this.#attached].flatMap(({ readers }) => readers);
    this.#readers = [...new Set(all)];
    this.spans = this.#readers.map(({ span }) => span);
  }

  feed(index: number, octets: Buffer): void {
    this.#readers[index]?.feed(octets);
  }

  /** To be asked once, when all octets were fed. */
  signatures(): Signatures {
    const parts = this.#parts.flatMap(({ signature, readers }) => {
      const coverages = readers.map(reader => reader.end());
      // Two readers for what is signed and its signature; one reader for any number of signed texts.
      const each = coverages.length === 1 ? (coverages[0] ?? []) : [coverages.flat().join(' ')];
      return each.map(coverage => ({ ...signature, coverage }));
    });
    return {
      dkim: this.#dkim.map(({ signature, readers }) => ({ ...signature, coverage: coverageBy(readers) })),
      parts,
      attached: this.#attached.map(({ signature, readers }) => ({ ...signature, coverage: coverageBy(readers) })),
    };
  }
}

function coverageBy(readers: Evidence<unknown>['readers']): string {
  return readers.flatMap(reader => reader.end()).join(' ');
}

/** A header too large to be read has no signature that anybody will verify. */
async function headerOf(content: Content): Promise<HeaderBlock | null> {
  const read = await readHeader(content, LARGEST_HEADER);
  return read.kind === 'header' ? read.block : null;
}
