/** The pieces of a logical line of an alias file: words between separators, with quotation marks in mind. */

/** What is wrong, at an offset of the logical line. Leaves the reader of a file only as a fault. */
export class Misread extends Error {
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** A piece of a logical line, without the blanks around it. */
export interface Item {
  readonly text: string;
  readonly offset: number;
}

/** A quoted string, an address literal, or a run of other characters. */
const WORD = /"(?:[^"\\\n]|\\[^\n])*"|\[[^\]\n]*\]|[^",:[\]]+|[[\]]/y;
const TAKES_REST = /\s*:(?:fail|defer):/iy;
/** The name of an entry: words up to a colon or a blank. */
const NAME_WORD = /"(?:[^"\\\n]|\\[^\n])*"|\[[^\]\n]*\]|[^",:[\]\s]+|[[\]]/y;
const BLANKS = /\s*/y;
const DIRECTIVE_HERE = /:(?:include|fail|defer|blackhole):/iy;

/**
 * The name of an entry, and where its targets begin. After the name comes a colon, as in aliases(5), or blanks alone, as in
 * virtual(5).
 */
export function nameOf(text: string): { readonly name: Item; readonly rest: number } {
  const end = endOf(text, 0, NAME_WORD, () => true);
  const after = matchAt(BLANKS, text, end).length + end;
  const name = trimmed(text.slice(0, end), 0);
  if (text[after] === ':' && !(after > end && matchAt(DIRECTIVE_HERE, text, after) !== '')) {
    return { name, rest: after + 1 };
  }
  if (after > end && after < text.length) return { name, rest: after };
  throw new Misread(0, 'an alias is written "name: target, target"; the colon is missing');
}

/** Targets: between commas, save for `:fail:` and `:defer:`, whose text goes to the end. */
export function itemsOf(text: string, from: number): readonly Item[] {
  const items: Item[] = [];
  for (let at = from; at < text.length; ) {
    const rest = matchAt(TAKES_REST, text, at) !== '';
    const end = rest ? text.length : endOf(text, at, WORD, char => char === ',');
    const item = trimmed(text.slice(at, end), at);
    if (item.text !== '') items.push(item);
    at = end + 1;
  }
  return items;
}

export function trimmed(text: string, offset: number): Item {
  return { text: text.trim(), offset: offset + text.length - text.trimStart().length };
}

/** Where the words that start at `from` end: where `stops` says so of a character that is in no word, or at the end. */
function endOf(text: string, from: number, word: RegExp, stops: (char: string) => boolean): number {
  let at = from;
  while (at < text.length) {
    const found = matchAt(word, text, at);
    if (found === '' && text[at] === '"') throw new Misread(at, 'the quotation mark has no partner on its line');
    if (found === '' && stops(text[at] ?? '')) return at;
    at += Math.max(found.length, 1);
  }
  return at;
}

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}
