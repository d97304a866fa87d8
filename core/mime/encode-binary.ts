/**
 * Binary content made fit for lines, for all the world that does not take BINARYMIME (RFC 3030 section 3).
 *
 * Leaf parts that are binary, by their label or in fact, go into base64, text too: their line ends may be anything. The
 * parts around them no longer claim to be binary (RFC 2045 section 6.4). All other octets stay as they are, and what comes
 * out has CRLF at the ends of its lines and no NUL.
 *
 * What has no encoding of its own cannot be made fit: header sections, what stands between the parts, and multiparts and
 * messages that cannot be taken apart. Neither can what two readers may take apart in two ways.
 */
import { isAscii } from 'node:buffer';
import type { Change } from '../mail/trace.ts';
import { applyEditsTo, type Edit } from './edit.ts';
import type { HeaderBlock } from './header.ts';
import { appendField, setField } from './header-edit.ts';
import { strayIn } from './line-ends.ts';
import { hasLongLine } from './long-lines.ts';
import type { Part, Span } from './part.ts';
import { lostSignatures } from './signatures.ts';
import { encodeTransfer, partContent } from './transfer-encoding.ts';
import { parseTree } from './tree.ts';

/** What became of it. `impossible` is for the client: 554 5.6.1. */
export type EncodedBinary =
  | { readonly kind: 'encoded'; readonly octets: Buffer; readonly changes: readonly Change[] }
  /** A reason for people, without octets of the mail. */
  | { readonly kind: 'impossible'; readonly because: string };

const PLAIN: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary']);
const ENCODED: ReadonlySet<string> = new Set(['base64', 'quoted-printable']);
const WRAPPED: ReadonlySet<string> = new Set(['signed', 'encrypted']);
const ENCODING_FIELD = 'Content-Transfer-Encoding';
const TOO_COMPLEX = {
  parts: 'there are too many parts',
  depth: 'the parts are nested too deep',
  headers: 'the header sections are too large',
} as const;
/** So many parts are named in a trace. */
const MOST_NAMED = 20;

/**
 * Encodes what is binary. Content that holds nothing binary comes back as it is, without changes. A part grows by a third;
 * time and memory are proportional to the size, and depth and parts are bounded as those of every tree.
 */
export function encodeBinary(octets: Buffer): EncodedBinary {
  const tree = parseTree(octets);
  if (tree.kind === 'too-complex') return { kind: 'impossible', because: TOO_COMPLEX[tree.what] };
  const encoding = new Encoding(octets);
  encoding.visit(tree.root, { message: tree.root, wrappers: [] });
  const { trouble, edits } = encoding;
  if (trouble !== null) return { kind: 'impossible', because: trouble };
  if (edits.length === 0) return { kind: 'encoded', octets, changes: [] };
  const encoded = applyEditsTo(octets, edits);
  return { kind: 'encoded', octets: encoded, changes: [encoding.change(lostSignatures(octets, encoded))] };
}

/** Where a part stands. */
interface Surroundings {
  /** The message that it belongs to: the mail, or one inside of it. */
  readonly message: Part;
  /** The signed and encrypted multiparts around it. */
  readonly wrappers: readonly Part[];
}

/** Walks the parts, each before its children, and collects what is to be done. */
class Encoding {
  readonly edits: Edit[] = [];
  /** Why it cannot be done. The first reason stands. */
  trouble: string | null = null;
  readonly #octets: Buffer;
  readonly #encoded: Part[] = [];
  readonly #relabelled: Part[] = [];
  readonly #touched = new Set<Part>();
  readonly #versioned = new Set<Part>();

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  /** @returns whether the part holds octets beyond ASCII when it is done, its header included */
  visit(part: Part, around: Surroundings): boolean {
    const header = this.#inLines({ start: part.start, end: part.bodyStart }, `the header of ${nameOf(part)}`);
    const body = part.children.length === 0 ? this.#leaf(part, around) : this.#composite(part, around);
    return header || body;
  }

  change(lost: readonly string[]): Change {
    const unnamed = [...this.#touched].filter(part => !lost.some(words => words.endsWith(`(${placeOf(part)})`)));
    const breaks = [...lost, ...unnamed.map(part => `${part.type.type}/${part.type.subtype} (${placeOf(part)})`)];
    const what = [
      ...(this.#encoded.length === 0 ? [] : [`put into base64: ${namesOf(this.#encoded)}`]),
      ...(this.#relabelled.length === 0 ? [] : [`no longer called binary: ${namesOf(this.#relabelled)}`]),
    ];
    return { what: what.join('; '), breaks };
  }

  #leaf(part: Part, around: Surroundings): boolean {
    const { body, encoding, type } = part;
    const stray = strayIn(body);
    const fits = stray === null && !hasLongLine(body);
    if (fits && encoding !== 'binary') return !isAscii(body);
    // RFC 2046 sections 5.1 and 5.2: nothing that is made of parts or of a mail may itself be encoded.
    if ((type.type === 'multipart' || type.type === 'message') && PLAIN.has(encoding)) {
      if (fits) return this.#relabel(part, !isAscii(body), around);
      return this.#refuse(`${nameOf(part)} is a ${type.type} that cannot be taken apart, and binary`);
    }
    if (!PLAIN.has(encoding) && !ENCODED.has(encoding)) {
      return this.#refuse(`${nameOf(part)} is binary in an encoding that nobody knows`);
    }
    if (part.header.end === 'no-empty-line') {
      return this.#refuse(`the header of ${nameOf(part)} does not end before its binary body`);
    }
    this.#encode(part, around);
    return false;
  }

  #composite(part: Part, around: Surroundings): boolean {
    const { type, multipart, encoding, children } = part;
    const between = multipart === null ? [] : [multipart.preamble, ...multipart.delimiters, multipart.epilogue];
    if (multipart?.close) between.push(multipart.close);
    const own = between.map(span => this.#inLines(span, `what stands around the parts of ${nameOf(part)}`));
    const wrappers = type.type === 'multipart' && WRAPPED.has(type.subtype) ? [part] : [];
    const inside = { ...around, wrappers: [...around.wrappers, ...wrappers] };
    const inner = children.map(child =>
      this.visit(child, type.type === 'message' ? { ...inside, message: child } : inside),
    );
    const eightBit = [...own, ...inner].includes(true);
    return encoding === 'binary' ? this.#relabel(part, eightBit, around) : eightBit;
  }

  /** Refuses what are no lines. @returns whether the octets go beyond ASCII */
  #inLines({ start, end }: Span, name: string): boolean {
    const octets = this.#octets.subarray(start, end);
    const stray = strayIn(octets);
    return stray === null ? !isAscii(octets) : this.#refuse(`${name} holds a ${stray}`);
  }

  #refuse(because: string): false {
    this.trouble ??= because;
    return false;
  }

  #encode(part: Part, { message, wrappers }: Surroundings): void {
    const { header, bodyStart, end } = part;
    const lines = encodeTransfer(partContent(part), 'base64');
    // The line end above a boundary line belongs to that one.
    const replacement = end < this.#octets.length && lines.length > 0 ? lines.subarray(0, -2) : lines;
    this.edits.push(...inMail(part, setField(header, ENCODING_FIELD, 'base64')), {
      start: bodyStart,
      end,
      replacement,
    });
    this.#encoded.push(part);
    for (const wrapper of wrappers) this.#touched.add(wrapper);
    this.#claimVersion(message);
  }

  /** Of a part whose parts are all seen to. */
  #relabel(part: Part, eightBit: boolean, { wrappers }: Surroundings): boolean {
    this.edits.push(...inMail(part, setField(part.header, ENCODING_FIELD, eightBit ? '8bit' : '7bit')));
    this.#relabelled.push(part);
    for (const wrapper of wrappers) this.#touched.add(wrapper);
    return eightBit;
  }

  /** Without the field of that name, an encoding means nothing to a strict reader (RFC 2045 section 4). */
  #claimVersion(message: Part): void {
    if (this.#versioned.has(message)) return;
    this.#versioned.add(message);
    const { header } = message;
    if (header.first('mime-version') !== null) return;
    if (header.end === 'no-empty-line') this.#refuse(`the header of ${nameOf(message)} does not end before its body`);
    else this.edits.push(...inMail(message, [versionField(header)]));
  }
}

function versionField(header: HeaderBlock): Edit {
  return appendField(header, 'MIME-Version', '1.0');
}

/** Edits of a part's header as edits of the mail. */
function inMail({ start }: Part, edits: readonly Edit[]): readonly Edit[] {
  return edits.map(edit => ({ ...edit, start: start + edit.start, end: start + edit.end }));
}

function nameOf({ path }: Part): string {
  return path === '' ? 'the mail' : `part ${path}`;
}

/** As signatures name it. */
function placeOf({ path }: Part): string {
  return path === '' ? 'the whole mail' : `part ${path}`;
}

function namesOf(parts: readonly Part[]): string {
  const named = parts.slice(0, MOST_NAMED).map(nameOf).join(', ');
  return parts.length > MOST_NAMED ? `${named} and ${parts.length - MOST_NAMED} more` : named;
}
