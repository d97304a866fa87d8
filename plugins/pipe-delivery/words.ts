/**
 * A command as an alias says it (`|/usr/bin/filter -x "two words"`), parted into words.
 *
 * Quotes and backslashes keep blanks together, as in a shell. Nothing else of a shell is known: no variables, no patterns, no
 * second command. Who wants a shell names it: `|/bin/sh -c "…"`.
 */

/** The words, or `null` where a quote is not closed or nothing is left. */
export function wordsOf(text: string): readonly string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at += 1) {
    const one = text.charAt(at);
    if (quote !== null) {
      if (one === quote) quote = null;
      else if (one === '\\' && quote === '"' && at + 1 < text.length) word = (word ?? '') + text.charAt((at += 1));
      else word = (word ?? '') + one;
    } else if (one === '"' || one === "'") {
      quote = one;
      word ??= '';
    } else if (one === '\\' && at + 1 < text.length) {
      word = (word ?? '') + text.charAt((at += 1));
    } else if (one === ' ' || one === '\t') {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + one;
  }
  if (quote !== null) return null;
  if (word !== null) words.push(word);
  return words.length === 0 ? null : words;
}
