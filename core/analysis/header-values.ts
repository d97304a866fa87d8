/**
 * Values of a header field with which everything that is asked of the field comes out as wanted.
 *
 * A field may be there several times, so what must be there and what must not are looked at one by one.
 */
import { matchesText } from '../chain/condition.ts';
import type { TextPattern } from '../mail/condition.ts';

/** What is asked of one field. */
export interface FieldQuestion {
  readonly patterns: readonly TextPattern[];
  /** `some`: one of its values matches one of the patterns. `none`: no value does. */
  readonly wanted: 'some' | 'none';
}

/** The values; `null`: there are none. */
export function headerValues(questions: readonly FieldQuestion[]): readonly string[] | null {
  const forbidden = questions.flatMap(({ patterns, wanted }) => (wanted === 'none' ? patterns : []));
  const values: string[] = [];
  for (const { patterns, wanted } of questions) {
    if (wanted === 'none') continue;
    const value = patterns
      .flatMap(pattern => candidates(pattern, forbidden))
      .find(one => !forbidden.some(pattern => matchesText(pattern, one)));
    if (value === undefined) return null;
    values.push(value);
  }
  return values;
}

/** If none of these will do, no value does: a longer one contains what the shortest contains. */
function candidates(pattern: TextPattern, forbidden: readonly TextPattern[]): readonly string[] {
  switch (pattern.kind) {
    case 'equals':
      return [pattern.text];
    case 'contains':
      return [pattern.text, `${pattern.text}${newLetter(forbidden)}`];
    case 'present':
      return ['something', newLetter(forbidden)];
    default:
      return pattern satisfies never;
  }
}

/** A letter that stands in none of the patterns. */
function newLetter(patterns: readonly TextPattern[]): string {
  const taken = patterns.map(one => (one.kind === 'present' ? '' : one.text.toLowerCase())).join('');
  for (let code = 0x61; ; code += 1) {
    const letter = String.fromCodePoint(code);
    if (letter.toLowerCase() === letter && !taken.includes(letter)) return letter;
  }
}
