/** The terminal as a screen, and as somebody who can be asked. */
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { Screen } from './screen.ts';

const WIDTH = 80;
const NARROWEST = 20;

/**
 * How wide it is. Lines are cut for a pipe too: behind it stands a pager, which would let a stranger's line go on where ours
 * begin. Then the terminal of standard error says how wide it is.
 */
export function terminalScreen(): Screen {
  const { stdout, stderr, env } = process;
  const told =
    (stdout.isTTY ? stdout.columns : 0) || (stderr.isTTY ? stderr.columns : 0) || Number(env.COLUMNS) || WIDTH;
  const width = Math.max(Math.floor(told), NARROWEST);
  return { width, colour: stdout.isTTY && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb' };
}

/** Asks, and takes anything but a yes for a no; `null` where there is nobody to ask. */
export function terminalAsk(): ((question: string) => Promise<boolean>) | null {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return null;
  return async question => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    // Who closes the input has not agreed.
    const closed = once(terminal, 'close').then(() => '');
    try {
      return /^y(es)?$/i.test((await Promise.race([terminal.question(`${question}Run it? [y/N] `), closed])).trim());
    } finally {
      terminal.close();
    }
  };
}
