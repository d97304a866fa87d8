/**
 * How wide text stands in a terminal, and where it is cut to fit: East Asian characters take two columns, combining ones
 * none (UAX 11).
 *
 * What can go wrong: terminals differ in what they make of rare sequences of emoji. A line may then be a column too long.
 */

/** East Asian Wide and Fullwidth, in ranges from one code point to another. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23ec],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2648, 0x2653],
  [0x26aa, 0x26ab],
  [0x26bd, 0x26be],
  [0x26c4, 0x26c5],
  [0x2705, 0x2705],
  [0x270a, 0x270b],
  [0x2728, 0x2728],
  [0x274c, 0x274c],
  [0x2753, 0x2755],
  [0x2757, 0x2757],
  [0x2795, 0x2797],
  [0x2b1b, 0x2b1c],
  [0x2b50, 0x2b50],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff01, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18aff],
  [0x1aff0, 0x1b2ff],
  [0x1f004, 0x1f004],
  [0x1f0cf, 0x1f0cf],
  [0x1f18e, 0x1f18e],
  [0x1f191, 0x1f19a],
  [0x1f200, 0x1f320],
  [0x1f32d, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f7e0, 0x1f7eb],
  [0x1f900, 0x1f9ff],
  [0x1fa70, 0x1faff],
  [0x20000, 0x3fffd],
];
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;
const EMOJI = /\ufe0f/;
const ASCII = /^[\x20-\x7e]*$/;

const clusters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** In columns. Without controls. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const { segment } of clusters.segment(text)) width += clusterWidth(segment);
  return width;
}

function clusterWidth(cluster: string): number {
  if (EMOJI.test(cluster)) return 2;
  let width = 0;
  for (const character of cluster) {
    if (!NO_WIDTH.test(character)) width = Math.max(width, isWide(character.codePointAt(0) ?? 0) ? 2 : 1);
  }
  return width;
}

function isWide(code: number): boolean {
  if (code < 0x1100) return false;
  let [low, high] = [0, WIDE.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((WIDE[middle]?.[1] ?? 0) < code) low = middle + 1;
    else high = middle;
  }
  return code >= (WIDE[low]?.[0] ?? Infinity);
}

/** Filled with blanks to a width. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** So many code units of a cluster are looked at: people stack marks for fun, and to hurt. */
const LONGEST_CLUSTER = 32;

/**
 * A line in pieces that fit, cut at blanks where there are any, else anywhere but within a character. The pieces behind the
 * first one begin with `indent`.
 */
export function wrapped(line: string, width: number, indent = ''): readonly string[] {
  if (widthOf(line) <= width) return [line];
  const inner = widthOf(indent) < width / 2 ? indent : '';
  const pieces: string[] = [];
  let piece = '';
  let size = 0;
  const flush = () => {
    pieces.push(piece.trimEnd());
    piece = inner;
    size = widthOf(inner);
  };
  for (const word of line.match(/ *[^ ]+| +$/g) ?? []) {
    const wide = widthOf(word);
    if (size + wide <= width) {
      piece += word;
      size += wide;
      continue;
    }
    const rest = piece.trim() === '' ? word : word.trimStart();
    if (piece.trim() !== '' && piece !== inner) flush();
    for (const { segment } of clusters.segment(rest)) {
      const shown = segment.slice(0, LONGEST_CLUSTER);
      const columns = clusterWidth(shown);
      if (size + columns > width) flush();
      piece += shown;
      size += columns;
    }
  }
  if (piece !== inner || pieces.length === 0) pieces.push(piece.trimEnd());
  return pieces;
}
