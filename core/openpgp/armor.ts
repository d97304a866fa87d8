/**
 * ASCII armor (RFC 9580 section 6): the blocks in a text, back in octets.
 *
 * Armor headers are read over and believed in nothing. The checksum is not looked at, as RFC 9580 section 6.1 wants it:
 * what a damaged block holds does not verify.
 */

/** One block. */
export interface ArmoredBlock {
  /** What it says it holds: `SIGNATURE`, `PUBLIC KEY BLOCK`. */
  readonly kind: string;
  /** `null` where the block is cut off or is no armor inside. */
  readonly octets: Buffer | null;
}

const BEGIN = /^-----BEGIN PGP ([A-Z ]{1,40})-----[ \t\r]*$/;
const END = /^-----END PGP ([A-Z ]{1,40})-----[ \t\r]*$/;
const EMPTY = /^[ \t\r]*$/;
const ARMOR_HEADER = /^[^\s:]+:/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const CHECKSUM = /^=[A-Za-z0-9+/]{4}$/;

/** Which kind of block a line begins, or `null`. */
export function beginsBlock(line: string): string | null {
  return BEGIN.exec(line)?.[1] ?? null;
}

/** Which kind of block a line ends, or `null`. */
export function endsBlock(line: string): string | null {
  return END.exec(line)?.[1] ?? null;
}

/** All blocks of a text, in order. What stands between them is read over. */
export function armoredBlocks(text: Buffer): readonly ArmoredBlock[] {
  const blocks: ArmoredBlock[] = [];
  let open: { readonly kind: string; readonly lines: string[] } | null = null;
  for (const line of text.toString('latin1').split('\n')) {
    const begins = beginsBlock(line);
    if (begins !== null) {
      if (open !== null) blocks.push({ kind: open.kind, octets: null });
      open = { kind: begins, lines: [] };
    } else if (open !== null && endsBlock(line) === open.kind) {
      blocks.push({ kind: open.kind, octets: decode(open.lines) });
      open = null;
    } else {
      open?.lines.push(line);
    }
  }
  return open === null ? blocks : [...blocks, { kind: open.kind, octets: null }];
}

/** Armor headers, an empty line, base64, and perhaps a checksum. */
function decode(lines: readonly string[]): Buffer | null {
  const start = lines.findIndex(line => EMPTY.test(line));
  if (start === -1 || !lines.slice(0, start).every(line => ARMOR_HEADER.test(line))) return null;
  const data = lines
    .slice(start + 1)
    .map(line => line.trim())
    .filter(line => !CHECKSUM.test(line))
    .join('');
  return BASE64.test(data) ? Buffer.from(data, 'base64') : null;
}
