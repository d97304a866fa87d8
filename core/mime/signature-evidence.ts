/**
 * What the signatures of a mail cover, digested from octets that come by in pieces.
 *
 * Each signature names the spans that it covers; whoever has the octets feeds them span by span, at once or from a
 * stream. Memory does not grow with the mail.
 */
import { createHash } from 'node:crypto';
import { CleartextScanner } from './cleartext-scanner.ts';
import { DkimBody } from './dkim-body.ts';
import { type DkimSignature, dkimHeaderCoverage, dkimSignatures } from './dkim-signature.ts';
import type { HeaderBlock } from './header.ts';
import { parameter } from './media-type.ts';
import { type PartOutline, type Span, walkParts } from './part.ts';
import { transferDecoder } from './transfer-decoder.ts';

/** A signature in the parts of a mail. */
export interface PartSignature {
  readonly kind: 'OpenPGP' | 'S/MIME';
  /** The `path` of the signed multipart, or of the part that holds text and signature both. */
  readonly path: string;
  /** A digest of what is signed and of the signature. */
  readonly coverage: string;
}

/** Octets of one span, as they come, and what is said of them when they are over. */
export interface Reader {
  readonly span: Span;
  feed(octets: Buffer): void;
  /** One coverage for each thing that is signed in the span. */
  end(): readonly string[];
}

/** A signature and those who read what it covers. */
export interface Evidence<S> {
  readonly signature: S;
  readonly readers: readonly Reader[];
}

/** The DKIM signatures of a header over the body in this span. */
export function dkimEvidence(header: HeaderBlock, span: Span): readonly Evidence<DkimSignature>[] {
  const bodies = new Map<string, Reader>();
  return dkimSignatures(header).flatMap(signature => {
    const { bodyLength, canonicalization } = signature;
    const key = `${canonicalization.body} ${bodyLength}`;
    if (!bodies.has(key) && bodies.size >= MOST_BODIES) return [];
    const body = bodies.get(key) ?? bodyReader(span, new DkimBody(canonicalization.body, bodyLength));
    bodies.set(key, body);
    return {
      signature,
      readers: [{ span: NO_OCTETS, feed() {}, end: () => [dkimHeaderCoverage(signature, header)] }, body],
    };
  });
}

/** The OpenPGP and S/MIME signatures in the parts of a mail. */
export function partEvidence(root: PartOutline): readonly Evidence<Omit<PartSignature, 'coverage'>>[] {
  return [...walkParts(root)].flatMap(signaturesIn);
}

/** The DKIM signatures of the mails that are attached to a mail, with the paths of the parts that hold them. */
export function attachedEvidence(root: PartOutline): readonly Evidence<DkimSignature & { readonly path: string }>[] {
  const messages = [...walkParts(root)].filter(({ type, children }) => type.type === 'message' && children.length > 0);
  const found = messages.flatMap(({ path, children }) =>
    children.flatMap(({ header, bodyStart, end }) =>
      dkimEvidence(header, { start: bodyStart, end }).map(({ signature, readers }) => ({
        signature: { ...signature, path },
        readers,
      })),
    ),
  );
  return found.slice(0, MOST_ATTACHED);
}

/** Honest signers agree on how a body is read; each further way costs a pass of its own. */
const MOST_BODIES = 4;
/** Of all attached mails together. */
const MOST_ATTACHED = 8;
const NO_OCTETS: Span = { start: 0, end: 0 };

/** Shared by all signatures with the same view of the body: read once, asked often. */
function bodyReader(span: Span, body: DkimBody): Reader {
  let coverage: readonly string[] | null = null;
  return { span, feed: octets => body.feed(octets), end: () => (coverage ??= [body.end()]) };
}

function signaturesIn(part: PartOutline): readonly Evidence<Omit<PartSignature, 'coverage'>>[] {
  const { type, subtype } = part.type;
  const { path } = part;
  const [signed, signature] = part.children;
  if (type === 'multipart' && subtype === 'signed' && signed !== undefined && signature !== undefined) {
    const kind = kindOf(parameter(part.type, 'protocol') ?? `${signature.type.type}/${signature.type.subtype}`);
    const readers = [digestOf(signed), digestOf({ start: signature.bodyStart, end: signature.end })];
    return kind === null ? [] : [{ signature: { kind, path }, readers }];
  }
  if (part.children.length > 0) return [];
  if (/^(?:x-)?pkcs7-mime$/.test(subtype) && parameter(part.type, 'smime-type')?.toLowerCase() === 'signed-data') {
    return [{ signature: { kind: 'S/MIME', path }, readers: [decodedReader(part, digester())] }];
  }
  if (type !== 'text') return [];
  return [{ signature: { kind: 'OpenPGP', path }, readers: [decodedReader(part, new CleartextScanner())] }];
}

function kindOf(protocol: string): PartSignature['kind'] | null {
  if (/^application\/pgp-signature$/i.test(protocol)) return 'OpenPGP';
  return /^application\/(?:x-)?pkcs7-signature$/i.test(protocol) ? 'S/MIME' : null;
}

type Sink = Omit<Reader, 'span'>;

function digester(): Sink {
  const hash = createHash('sha256');
  return { feed: octets => void hash.update(octets), end: () => [hash.digest('hex')] };
}

function digestOf(span: Span): Reader {
  return { ...digester(), span };
}

/** What a body stands for, given to a sink. */
function decodedReader({ bodyStart, end, encoding }: PartOutline, sink: Sink): Reader {
  const decoder = transferDecoder(encoding);
  return {
    span: { start: bodyStart, end },
    feed: octets => sink.feed(decoder.feed(octets)),
    end() {
      sink.feed(decoder.end());
      return sink.end();
    },
  };
}
