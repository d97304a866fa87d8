/**
 * The verb `logs` of the control socket: the lines of the log, as they are made, for one who follows them.
 *
 * A client that reads more slowly than the gateway writes misses lines, and is told how many: the gateway waits for nobody.
 */
import { type ControlVerb, Refusal } from './control/control-server.ts';
import type { LogTap } from './system/log-tap.ts';

/** So many lines wait for a client. */
const MOST_WAITING = 10_000;

/** What a client hears: a line, or how many it missed. None, once: from here on lines come as they are made. */
export type Followed = { readonly line: string } | { readonly missed: number };

/**
 * Goes on until the client leaves, or the gateway ends. With `recent` it begins with the lines that are remembered; without
 * `follow` it ends with them.
 */
export function followedLog(tap: LogTap): ControlVerb {
  return async ({ recent = false, follow = true }, { say, signal }) => {
    if (signal.aborted) throw new Refusal('the gateway ends');
    const before = recent === true ? tap.recent() : [];
    let waiting: string[] = [];
    let missed = 0;
    let wake = () => {};
    const stop = tap.listen(line => {
      if (waiting.length < MOST_WAITING) waiting.push(line);
      else missed += 1;
      wake();
    });
    const ended = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }));
    try {
      for (const line of before) await say({ line } satisfies Followed);
      await say({ missed: 0 } satisfies Followed);
      if (follow === false) return null;
      while (!signal.aborted) {
        if (waiting.length === 0 && missed === 0) {
          const woken = new Promise<void>(resolve => {
            wake = resolve;
          });
          await Promise.race([woken, ended]);
        }
        const [lines, lost] = [waiting, missed];
        [waiting, missed] = [[], 0];
        for (const line of lines) await say({ line } satisfies Followed);
        if (lost > 0) await say({ missed: lost } satisfies Followed);
      }
      return null;
    } finally {
      stop();
    }
  };
}
