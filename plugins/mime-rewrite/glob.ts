/** Patterns with `*` for any characters and `?` for one. Case is ignored; the time is bounded by the product of both lengths. */

/** A pattern, ready to be asked. */
export type Glob = (text: string) => boolean;

/** @example glob('*.exe')('Setup.EXE') // true */
export function glob(pattern: string): Glob {
  const wanted = Array.from(pattern.toLowerCase());
  return text => matches(Array.from(text.toLowerCase()), wanted);
}

/** Only the last star is ever tried again: what stands before it has matched as early as it can. */
function matches(text: readonly string[], pattern: readonly string[]): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let retry = 0;
  while (at < text.length) {
    if (pattern[next] === '*') {
      star = next;
      retry = at;
      next += 1;
    } else if (pattern[next] === '?' || pattern[next] === text[at]) {
      at += 1;
      next += 1;
    } else if (star !== -1) {
      retry += 1;
      at = retry;
      next = star + 1;
    } else return false;
  }
  while (pattern[next] === '*') next += 1;
  return next === pattern.length;
}
