/** "Did you mean": the known word that a misspelt one is nearest to. */

/** The nearest of the known words, or `null` where none is near enough to be meant. Case does not count as a mistake. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const allowed = Math.min(word.length - 1, Math.max(1, Math.floor(word.length / 3)));
  let best: string | null = null;
  let least = allowed + 1;
  for (const candidate of known) {
    const mistakes = distance(word.toLowerCase(), candidate.toLowerCase(), least);
    if (mistakes < least) [best, least] = [candidate, mistakes];
  }
  return best;
}

/** `; did you mean "x"?` or, where nothing is near, nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const meant = nearest(word, known);
  return meant === null ? '' : `; did you mean "${meant}"?`;
}

/** `"a", "b" or "c"`. */
export function listed(words: readonly string[], conjunction = 'or'): string {
  const quoted = words.map(word => `"${word}"`);
  const last = quoted.pop() ?? 'nothing';
  return quoted.length === 0 ? last : `${quoted.join(', ')} ${conjunction} ${last}`;
}

/**
 * The number of letters to insert, delete, replace or swap with their neighbour (optimal string alignment). Long words
 * are not measured beyond `limit`: their lengths alone tell that they differ.
 */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let cost = Math.min(
        (above[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (above[column - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      current.push(cost);
    }
    before = above;
    above = current;
  }
  return above[b.length] ?? limit;
}
