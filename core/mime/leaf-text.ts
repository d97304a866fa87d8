/**
 * The text of a leaf, and edits of it that leave every other octet what it is.
 *
 * Guarantee: octets of characters that no edit touches stay the same octets, whatever the charset is and however broken
 * they are. What is put in is written in the charset of the leaf; where the charset lacks a character, `Lacking` says what
 * becomes of it, and only `utf-8` may then write other octets for all of the text.
 */

import type { CharacterSet, ReadText } from './character-sequence.ts';
import { characterSet, UNLABELLED } from './character-set.ts';
import { applyEditsTo, type Edit } from './edit.ts';
import { TO_ASCII } from './iso-2022-jp.ts';

/** Characters from `start` up to, but not including, `end` give way to others. Counts UTF-16 code units. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text of a leaf and where its characters stand. */
export interface LeafText extends ReadText {
  /**
   * For reading, and for the positions of edits. Octets that are no character are U+FFFD. Text without a charset, or in
   * one that nobody here knows, is read as UTF-8 where it is that, else as windows-1252.
   */
  readonly text: string;
  /** Lower case, as the part names it; `us-ascii` where it names none. */
  readonly charset: string;
  /** Whether the charset is one that this machine knows. */
  readonly known: boolean;
  readonly octets: Buffer;
}

/**
 * What to do where the charset lacks a character: write the whole leaf in UTF-8, so that the part must say so; write a
 * numeric character reference (HTML); write `?`.
 */
export type Lacking = 'utf-8' | 'reference' | 'question-mark';

/** A leaf after its edits. */
export interface WrittenLeaf {
  /** Decoded: the transfer encoding is the caller's, by `encodeLeaf`. */
  readonly octets: Buffer;
  /** The charset that the part must name now: another one than before only under `utf-8`. */
  readonly charset: string;
  /** The characters that the charset lacked, each once. */
  readonly lacking: string;
}

/** Reads a leaf. `octets`: decoded (`partContent`). `charset`: the parameter of its type, or `null`. Never fails. */
export function readLeafText(octets: Buffer, charset: string | null): LeafText {
  const label = charset?.trim().toLowerCase() || 'us-ascii';
  const set = characterSet(label);
  return { ...(set ?? UNLABELLED).read(octets), charset: label, known: set !== null, octets };
}

/**
 * Makes edits. Insertions at one place keep the order of the list.
 * @throws RangeError where an edit lies outside the text or two edits overlap
 * @example writeLeafText(leaf, [{ start: 0, end: 0, text: 'Grüße\r\n' }], 'utf-8').octets
 */
export function writeLeafText(leaf: LeafText, edits: readonly TextEdit[], lacking: Lacking): WrittenLeaf {
  const ordered = edits.toSorted((one, other) => one.start - other.start || one.end - other.end);
  const missed = new Set<string>();
  const otherwise = (character: string) => {
    missed.add(character);
    return lacking === 'reference' ? `&#${character.codePointAt(0)};` : '?';
  };
  const set = characterSet(leaf.charset) ?? UNLABELLED;
  const octets = applyEditsTo(
    leaf.octets,
    ordered.map(edit => octetEdit(leaf, set, edit, otherwise)),
  );
  const missing = [...missed].join('');
  return missing !== '' && lacking === 'utf-8'
    ? { octets: Buffer.from(edited(leaf.text, ordered)), charset: 'utf-8', lacking: missing }
    : { octets, charset: leaf.charset, lacking: missing };
}

function octetEdit(
  leaf: LeafText,
  { write }: CharacterSet,
  { start, end, text }: TextEdit,
  otherwise: (character: string) => string,
): Edit {
  if (!(start >= 0 && start <= end && end <= leaf.text.length)) {
    throw new RangeError(
      `the edit of characters ${start} to ${end} leaves the ${leaf.text.length} characters of the text`,
    );
  }
  const edit = { start: leaf.octetsBefore(start), end: leaf.octetsBefore(end), replacement: write(text, otherwise) };
  if (leaf.shiftAt === undefined) return edit;
  const [before, after] = [leaf.shiftAt(edit.start), leaf.shiftAt(edit.end)];
  if (text === '' && before === after) return edit;
  const toAscii = before === '' ? '' : TO_ASCII;
  return { ...edit, replacement: Buffer.concat([Buffer.from(toAscii), edit.replacement, Buffer.from(after)]) };
}

function edited(text: string, edits: readonly TextEdit[]): string {
  let written = '';
  let at = 0;
  for (const edit of edits) {
    written += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return written + text.slice(at);
}
