/**
 * The text of a leaf, and edits of it that leave every other octet what it is.
 *
 * Guarantee: octets of characters that no edit touches stay the same octets, whatever the charset is and however broken
 * they are. What is put in is written in the charset of the leaf; where the charset lacks a character, `Lacking` says what
 * becomes of it.
 */

/** Characters from `start` up to, but not including, `end` give way to others. Counts UTF-16 code units. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text of a leaf and where its characters stand. */
export interface LeafText {
  /**
   * For reading, and for the positions of edits. Where octets cannot be told apart into characters (they are broken, or
   * nobody here knows the charset), each octet beyond ASCII is one U+FFFD.
   */
  readonly text: string;
  /** Lower case, as the part names it; `us-ascii` where it names none. */
  readonly charset: string;
  readonly octets: Buffer;
}

/**
 * What to do where the charset lacks a character: write the whole leaf in UTF-8, so that the part must say so; write a
 * numeric character reference (HTML); write `?`.
 */
export type Lacking = 'utf-8' | 'reference' | 'question-mark';

/** A leaf after its edits. */
export interface WrittenLeaf {
  /** Decoded octets: the transfer encoding is for the caller, `encodeLeaf`. */
  readonly octets: Buffer;
  /** The charset that the part must name now: another one than before only under `utf-8`. */
  readonly charset: string;
  /** The characters that the charset lacked, each once. */
  readonly lacking: string;
}

/** Reads a leaf. `octets`: decoded (`partContent`). `charset`: the parameter of its type, or `null`. Never fails. */
export function readLeafText(_octets: Buffer, _charset: string | null): LeafText {
  throw new Error('to come');
}

/**
 * Makes edits. Insertions at one place keep the order of the list.
 * @throws RangeError where an edit lies outside the text or two edits overlap
 */
export function writeLeafText(_leaf: LeafText, _edits: readonly TextEdit[], _lacking: Lacking): WrittenLeaf {
  throw new Error('to come');
}
