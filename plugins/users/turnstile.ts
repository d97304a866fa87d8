/** Lets only so many pieces of work run at once, so that a crowd of guesses leaves room for everybody else. */

/** Runs work when its turn has come, in the order of asking. Rejects where the signal is aborted before that. */
export type Turnstile = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Makes one that is `width` wide. */
export function turnstile(width: number): Turnstile {
  const waiting: (() => void)[] = [];
  let free = width;
  const leave = () => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  return async (work, signal) => {
    if (free > 0) free -= 1;
    else await new Promise<void>(resolve => waiting.push(resolve));
    try {
      signal.throwIfAborted();
      return await work();
    } finally {
      leave();
    }
  };
}
