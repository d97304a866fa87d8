/**
 * The cleartext signature framework (RFC 9580 section 7): which octets of a text a signature in the text speaks of.
 *
 * Guarantee: `signed` holds what a reader sees between the header and the signature, and nothing else. Whatever could make
 * a reader see more than was signed makes the block broken: an unknown header line, a line that looks like the begin of
 * another block. Text outside the blocks is told, so that nobody takes it for signed.
 */
import { beginsBlock, endsBlock } from './armor.ts';

/** An OpenPGP block in a text. */
export type InlineBlock =
  /** `signed`: the octets that the signature is made over. `armor`: the armored signature. */
  | { readonly kind: 'clear-signed'; readonly signed: Buffer; readonly armor: Buffer }
  /** Begun as clear-signed text, but not well formed. */
  | { readonly kind: 'broken' }
  /** An OpenPGP message: encrypted, as a rule. */
  | { readonly kind: 'message' };

/** What a text holds of OpenPGP. */
export interface InlineText {
  readonly blocks: readonly InlineBlock[];
  /** Whether there is anything to read outside the blocks. */
  readonly textOutside: boolean;
}

const EMPTY = /^[ \t\r]*$/;
/** The only header that the framework knows (RFC 9580 section 7.1): all others are text that nobody signed. */
const HASH_HEADER = /^Hash: [A-Za-z0-9, -]+[ \t\r]*$/;
const BEGINS_ANY = '-----BEGIN PGP ';

/** Finds the OpenPGP blocks of a text part. `text`: its octets, transfer-decoded. */
export function inlineBlocks(text: Buffer): InlineText {
  const lines = text.toString('latin1').split('\n');
  const blocks: InlineBlock[] = [];
  let textOutside = false;
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    const kind = beginsBlock(line);
    if (kind === 'SIGNED MESSAGE' || kind === 'MESSAGE') {
      const { block, end } = kind === 'MESSAGE' ? message(lines, at) : clearSigned(lines, at);
      blocks.push(block);
      at = end;
    } else {
      textOutside ||= !EMPTY.test(line);
      at += 1;
    }
  }
  return { blocks, textOutside };
}

/** A block that begins at one line, and the line after its last. */
interface Found {
  readonly block: InlineBlock;
  readonly end: number;
}

function message(lines: readonly string[], begin: number): Found {
  for (let at = begin + 1; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (endsBlock(line) === 'MESSAGE') return { block: { kind: 'message' }, end: at + 1 };
    if (beginsBlock(line) !== null) return { block: { kind: 'message' }, end: at };
  }
  return { block: { kind: 'message' }, end: lines.length };
}

function clearSigned(lines: readonly string[], begin: number): Found {
  let at = begin + 1;
  while (HASH_HEADER.test(lines[at] ?? '')) at += 1;
  if (at >= lines.length || !EMPTY.test(lines[at] ?? '')) return { block: { kind: 'broken' }, end: at };
  const textStart = at + 1;
  for (at = textStart; at < lines.length && !(lines[at] ?? '').startsWith(BEGINS_ANY); ) at += 1;
  if (beginsBlock(lines[at] ?? '') !== 'SIGNATURE') return { block: { kind: 'broken' }, end: at };
  const signatureStart = at;
  for (at += 1; at < lines.length && endsBlock(lines[at] ?? '') !== 'SIGNATURE'; at += 1) {
    if (beginsBlock(lines[at] ?? '') !== null) return { block: { kind: 'broken' }, end: at };
  }
  if (at >= lines.length) return { block: { kind: 'broken' }, end: at };
  const signed = lines.slice(textStart, signatureStart).map(signedLine).join('\r\n');
  const armor = lines.slice(signatureStart, at + 1).join('\n');
  return {
    block: { kind: 'clear-signed', signed: Buffer.from(signed, 'latin1'), armor: Buffer.from(armor, 'latin1') },
    end: at + 1,
  };
}

/** A line as it was signed: dashes unescaped (section 7.2), blanks at the end taken off (section 7.1). */
function signedLine(line: string): string {
  const unescaped = line.startsWith('- ') ? line.slice(2) : line;
  let end = unescaped.length;
  while (end > 0 && ' \t\r'.includes(unescaped[end - 1] ?? '?')) end -= 1;
  return unescaped.slice(0, end);
}
