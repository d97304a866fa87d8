/**
 * The cleartext signature framework (RFC 9580 section 7): which octets of a text a signature in the text speaks of.
 *
 * Guarantee: `signed` holds what a reader sees between the header and the signature, and nothing else. Whatever could make a
 * reader see more than was signed makes the block broken: an unknown header line, a line that looks like the begin of another
 * block. Text outside the blocks is told, so that nobody takes it for signed. Time and memory are linear in the text.
 */
import { beginsBlock, endsBlock } from '../../core/openpgp/index.ts';

/** An OpenPGP block in a text. */
export type InlineBlock =
  /** `signed`: the octets that the signature is made over. `armor`: the armored signature. */
  | { readonly kind: 'clear-signed'; readonly signed: Buffer; readonly armor: Buffer }
  /** Begun as clear-signed text, but not well formed. */
  | { readonly kind: 'broken' }
  /** An OpenPGP message: encrypted, as a rule. `armor`: all of it, cut off where its end is missing. */
  | { readonly kind: 'message'; readonly armor: Buffer };

/** What a text holds of OpenPGP. */
export interface InlineText {
  readonly blocks: readonly InlineBlock[];
  /** Whether there is anything to read outside the blocks. */
  readonly textOutside: boolean;
}

/** A block, and where what follows it starts. */
interface Found {
  readonly block: InlineBlock;
  readonly end: number;
}

const BEGIN = '-----BEGIN PGP ';
const END = '-----END PGP ';
const LF = 0x0a;
const CR = 0x0d;
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, CR]);
/** Longer lines are no part of a framework (RFC 5322 section 2.1.1). In octets. */
const LONGEST_LINE = 998;
/** Nobody wants to know of more. */
const MOST_BLOCKS = 100;
const EMPTY = /^[ \t\r]*$/;
/** The only header that the framework knows (RFC 9580 section 7.1): all others are text that nobody signed. */
const HASH_HEADER = /^Hash: [A-Za-z0-9, -]+[ \t\r]*$/;

/** Finds the OpenPGP blocks of a text part. `text`: its octets, transfer-decoded. */
export function inlineBlocks(text: Buffer): InlineText {
  const blocks: InlineBlock[] = [];
  let textOutside = false;
  let at = 0;
  for (let begin = lineWith(text, BEGIN, at); begin !== -1; begin = lineWith(text, BEGIN, at)) {
    if (blocks.length === MOST_BLOCKS) break;
    textOutside ||= !isBlank(text, at, begin);
    const kind = beginsBlock(lineAt(text, begin));
    at = nextLine(text, begin);
    if (kind !== 'SIGNED MESSAGE' && kind !== 'MESSAGE') {
      textOutside = true;
      continue;
    }
    const found = kind === 'MESSAGE' ? message(text, begin, at) : clearSigned(text, at);
    blocks.push(found.block);
    at = found.end;
  }
  return { blocks, textOutside: textOutside || !isBlank(text, at, text.length) };
}

/** What begins above `start` ends at its last line, or above the begin of another block, or with the text. */
function message(text: Buffer, begin: number, start: number): Found {
  const { last, bound } = lastLine(text, start);
  const end = last === -1 ? bound : nextLine(text, last);
  return { block: { kind: 'message', armor: text.subarray(begin, end) }, end };
}

function clearSigned(text: Buffer, start: number): Found {
  let at = start;
  while (HASH_HEADER.test(lineAt(text, at))) at = nextLine(text, at);
  const signature = lineWith(text, BEGIN, start);
  if (signature === -1) return { block: { kind: 'broken' }, end: text.length };
  const textStart = nextLine(text, at);
  if (!EMPTY.test(lineAt(text, at)) || textStart > signature || beginsBlock(lineAt(text, signature)) !== 'SIGNATURE')
    return { block: { kind: 'broken' }, end: signature };
  const { last, bound } = lastLine(text, nextLine(text, signature));
  if (last === -1 || endsBlock(lineAt(text, last)) !== 'SIGNATURE') return { block: { kind: 'broken' }, end: bound };
  const end = nextLine(text, last);
  const signed = signedOctets(text.subarray(textStart, signature));
  return { block: { kind: 'clear-signed', signed, armor: text.subarray(signature, end) }, end };
}

/**
 * A text as it was signed: dashes unescaped (section 7.2), blanks at line ends taken off, lines joined by CRLF, without the
 * line end above the signature (section 7.1).
 */
function signedOctets(text: Buffer): Buffer {
  const signed = Buffer.allocUnsafe(text.length * 2);
  let size = 0;
  for (let at = 0; at < text.length; ) {
    const next = nextLine(text, at);
    let end = text[next - 1] === LF ? next - 1 : next;
    const start = text[at] === 0x2d && text[at + 1] === 0x20 ? at + 2 : at;
    while (end > start && BLANKS.has(text[end - 1] ?? LF)) end -= 1;
    size += text.copy(signed, size, start, end);
    signed[size] = CR;
    signed[size + 1] = LF;
    size += 2;
    at = next;
  }
  return signed.subarray(0, Math.max(size - 2, 0));
}

/** The line that ends the block that begins above `start`, -1 for none, and where another block begins or the text ends. */
function lastLine(text: Buffer, start: number): { readonly last: number; readonly bound: number } {
  const next = lineWith(text, BEGIN, start);
  const bound = next === -1 ? text.length : next;
  return { last: lineWith(text.subarray(0, bound), END, start), bound };
}

/** Where a line stands that starts so, from a line's start on; -1: nowhere. */
function lineWith(text: Buffer, start: string, from: number): number {
  let at = text.indexOf(start, from, 'latin1');
  while (at > 0 && text[at - 1] !== LF) at = text.indexOf(start, at + 1, 'latin1');
  return at;
}

function nextLine(text: Buffer, at: number): number {
  const lf = text.indexOf(LF, at);
  return lf === -1 ? text.length : lf + 1;
}

/** The line without its line end, or what stands for a line that is too long: text that no line of a framework is. */
function lineAt(text: Buffer, at: number): string {
  const next = nextLine(text, at);
  if (next - at > LONGEST_LINE) return 'too long';
  return text.toString('latin1', at, text[next - 1] === LF ? next - 1 : next);
}

function isBlank(text: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const octet = text[at] ?? LF;
    if (octet !== LF && !BLANKS.has(octet)) return false;
  }
  return true;
}
