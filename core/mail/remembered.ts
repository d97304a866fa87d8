/** Remembers the answers to a question that is asked again and again. */

/**
 * The same question, which is not put again for what it was put for before.
 *
 * Guarantee: no more than `most` answers are kept, whoever asks and however often: a client that can choose what is asked
 * fills no memory. Where there are more, all are forgotten, which costs less than to know which one is old.
 *
 * `question` must always answer the same, and may throw: then it is put again.
 * @example
 * const isLong = remembered(1000, text => text.length > 10);
 * isLong('a subject'); // false
 */
export function remembered<T>(most: number, question: (about: string) => T): (about: string) => T {
  const answers = new Map<string, { readonly answer: T }>();
  return about => {
    const known = answers.get(about);
    if (known !== undefined) return known.answer;
    const answer = question(about);
    if (answers.size >= most) answers.clear();
    answers.set(about, { answer });
    return answer;
  };
}
