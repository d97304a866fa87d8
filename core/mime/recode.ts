/**
 * Parts of a mail put into another transfer encoding, where what they are in is not for the way they have to go: the one
 * mechanism behind `encodeBinary` and `inSevenBits`, which say what may stay.
 *
 * Leaf parts are encoded, the parts around them no longer claim to hold what they do not (RFC 2045 section 6.4), and all
 * other octets stay as they are.
 *
 * What has no encoding of its own cannot be made fit: header sections, what stands between the parts, and multiparts and
 * messages that cannot be taken apart. Neither can what two readers may take apart in two ways.
 */
import { isAscii } from 'node:buffer';
import type { Change } from '../mail/trace.ts';
import { applyEditsTo, type Edit } from './edit.ts';
import type { HeaderBlock } from './header.ts';
import { appendField, setField } from './header-edit.ts';
import type { Part, Span } from './part.ts';
import { lostSignatures } from './signatures.ts';
import { encodeTransfer, partContent } from './transfer-encoding.ts';
import { parseTree } from './tree.ts';

/** What became of it. */
export type Recoded =
  | { readonly kind: 'encoded'; readonly octets: Buffer; readonly changes: readonly Change[] }
  /** A reason for people, without octets of the mail. */
  | { readonly kind: 'impossible'; readonly because: string };

/** What may stay, and what becomes of what may not. */
export interface Way {
  /** What parts are that may not stay, in a word: `binary`. */
  readonly unfit: string;
  /** The labels that may not stay. */
  readonly labels: ReadonlySet<string>;
  /** What octets hold that may not stay, in words, or `null`. Of all that has no encoding. */
  readonly flawOf: (octets: Buffer) => string | null;
  /** Whether a body may stay. */
  readonly fits: (body: Buffer) => boolean;
  readonly encodingFor: (part: Part) => 'base64' | 'quoted-printable';
  /** What becomes of an internationalised message, whose header has no encoding: it may be encoded as a whole, or its parts. */
  readonly global: 'whole' | 'by parts';
  /** Whether signed and encrypted multiparts may be changed inside (RFC 1847 section 2.1 says no). */
  readonly wrappers: 'open' | 'closed';
}

const PLAIN: ReadonlySet<string> = new Set(['7bit', '8bit', 'binary']);
const ENCODED: ReadonlySet<string> = new Set(['base64', 'quoted-printable']);
/** Unlike all other messages these may be encoded (RFC 6532 sections 3.5 and 3.7, RFC 6533 section 6). */
const GLOBAL: ReadonlySet<string> = new Set([
  'global',
  'global-headers',
  'global-delivery-status',
  'global-disposition-notification',
]);
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
 * Encodes what may not stay. Content that may stay as it is comes back so, without changes. Time and memory are
 * proportional to the size, and depth and parts are bounded as those of every tree.
 */
export function recode(octets: Buffer, way: Way): Recoded {
  const tree = parseTree(octets);
  if (tree.kind === 'too-complex') return { kind: 'impossible', because: TOO_COMPLEX[tree.what] };
  const encoding = new Encoding(octets, way);
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
  readonly #way: Way;
  readonly #encoded = new Map<string, Part[]>();
  readonly #relabelled = new Map<string, Part[]>();
  readonly #touched = new Set<Part>();
  readonly #versioned = new Set<Part>();

  constructor(octets: Buffer, way: Way) {
    this.#octets = octets;
    this.#way = way;
  }

  /** @returns whether the part holds octets beyond ASCII when it is done, its header included */
  visit(part: Part, around: Surroundings): boolean {
    const header = this.#mayStay({ start: part.start, end: part.bodyStart }, `the header of ${nameOf(part)}`);
    if (this.#way.global === 'whole' && isGlobal(part) && !this.#way.fits(part.body)) return this.#whole(part, around);
    if (this.#way.wrappers === 'closed' && isWrapper(part)) return this.#closed(part, around) || header;
    const body = part.children.length === 0 ? this.#leaf(part, around) : this.#composite(part, around);
    return header || body;
  }

  change(lost: readonly string[]): Change {
    const unnamed = [...this.#touched].filter(part => !lost.some(words => words.endsWith(`(${placeOf(part)})`)));
    const breaks = [...lost, ...unnamed.map(part => `${part.type.type}/${part.type.subtype} (${placeOf(part)})`)];
    const what = [
      ...[...this.#encoded].map(([encoding, parts]) => `put into ${encoding}: ${namesOf(parts)}`),
      ...[...this.#relabelled].map(([label, parts]) => `no longer called ${label}: ${namesOf(parts)}`),
    ];
    return { what: what.join('; '), breaks };
  }

  #leaf(part: Part, around: Surroundings): boolean {
    const { body, encoding, type } = part;
    const { unfit, labels } = this.#way;
    const fits = this.#way.fits(body);
    if (fits && !labels.has(encoding)) return !isAscii(body);
    // RFC 2046 sections 5.1 and 5.2: nothing that is made of parts or of a mail may itself be encoded.
    if ((type.type === 'multipart' || type.type === 'message') && PLAIN.has(encoding)) {
      if (fits) return this.#relabel(part, !isAscii(body), around);
      return this.#refuse(`${nameOf(part)} is a ${type.type} that cannot be taken apart, and ${unfit}`);
    }
    if (!PLAIN.has(encoding) && !ENCODED.has(encoding)) {
      return this.#refuse(`${nameOf(part)} is ${unfit} in an encoding that nobody knows`);
    }
    return this.#whole(part, around);
  }

  #whole(part: Part, around: Surroundings): boolean {
    if (part.header.end === 'no-empty-line') {
      return this.#refuse(`the header of ${nameOf(part)} does not end before its ${this.#way.unfit} body`);
    }
    this.#encode(part, around);
    return false;
  }

  #composite(part: Part, around: Surroundings): boolean {
    const { type, multipart, encoding, children } = part;
    const between = multipart === null ? [] : [multipart.preamble, ...multipart.delimiters, multipart.epilogue];
    if (multipart?.close) between.push(multipart.close);
    const own = between.map(span => this.#mayStay(span, `what stands around the parts of ${nameOf(part)}`));
    const wrappers = isWrapper(part) ? [part] : [];
    const inside = { ...around, wrappers: [...around.wrappers, ...wrappers] };
    const inner = children.map(child =>
      this.visit(child, type.type === 'message' ? { ...inside, message: child } : inside),
    );
    const eightBit = [...own, ...inner].includes(true);
    return this.#way.labels.has(encoding) ? this.#relabel(part, eightBit, around) : eightBit;
  }

  /** What is in it may not be changed at all. */
  #closed(part: Part, around: Surroundings): boolean {
    const { encoding, type, body } = part;
    if (!this.#way.fits(body)) {
      return this.#refuse(
        `${nameOf(part)} is ${type.subtype}, and ${this.#way.unfit}: it may not be changed on its way`,
      );
    }
    return this.#way.labels.has(encoding) ? this.#relabel(part, !isAscii(body), around) : !isAscii(body);
  }

  /** Refuses what may not stay and has no encoding. @returns whether the octets go beyond ASCII */
  #mayStay({ start, end }: Span, name: string): boolean {
    const octets = this.#octets.subarray(start, end);
    const flaw = this.#way.flawOf(octets);
    return flaw === null ? !isAscii(octets) : this.#refuse(`${name} holds ${flaw}`);
  }

  #refuse(because: string): false {
    this.trouble ??= because;
    return false;
  }

  #encode(part: Part, { message, wrappers }: Surroundings): void {
    const { header, bodyStart, end } = part;
    const encoding = this.#way.encodingFor(part);
    const lines = encodeTransfer(partContent(part), encoding);
    // Base64 ends with a line end of its own; the one above a boundary line belongs to that line.
    const isFollowed = encoding === 'base64' && end < this.#octets.length && lines.length > 0;
    const replacement = isFollowed ? lines.subarray(0, -2) : lines;
    this.edits.push(...inMail(part, setField(header, ENCODING_FIELD, encoding)), {
      start: bodyStart,
      end,
      replacement,
    });
    listed(this.#encoded, encoding).push(part);
    for (const wrapper of wrappers) this.#touched.add(wrapper);
    this.#claimVersion(message);
  }

  /** Of a part whose parts are all seen to. */
  #relabel(part: Part, eightBit: boolean, { wrappers }: Surroundings): boolean {
    this.edits.push(...inMail(part, setField(part.header, ENCODING_FIELD, eightBit ? '8bit' : '7bit')));
    listed(this.#relabelled, part.encoding).push(part);
    for (const wrapper of wrappers) this.#touched.add(wrapper);
    return eightBit;
  }

  /** Without the field of that name, an encoding means nothing to a strict reader (RFC 2045 section 4). */
  #claimVersion(message: Part): void {
    if (this.#versioned.has(message)) return;
    this.#versioned.add(message);
    const { header } = message;
    // Where the header ends with the content there is no body that an encoding could mean.
    if (header.first('mime-version') !== null || header.end === 'end-of-content') return;
    if (header.end === 'no-empty-line') this.#refuse(`the header of ${nameOf(message)} does not end before its body`);
    else this.edits.push(...inMail(message, [versionField(header)]));
  }
}

function isGlobal({ type, encoding }: Part): boolean {
  return type.type === 'message' && GLOBAL.has(type.subtype) && (PLAIN.has(encoding) || ENCODED.has(encoding));
}

function isWrapper({ type }: Part): boolean {
  return type.type === 'multipart' && WRAPPED.has(type.subtype);
}

/** The list of that name. */
function listed(lists: Map<string, Part[]>, name: string): Part[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
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
