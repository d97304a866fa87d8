/** Pages: to a terminal through the user's pager, elsewhere straight to standard output. */
import { spawn } from 'node:child_process';

/**
 * Prints lines. On a terminal `$PAGER` gets them, or `less`; `PAGER=cat`, or an empty one, is none. `less` is told to end by
 * itself where it all fits on one screen, and to let colours through and nothing else (`-R`), unless `$LESS` says what it is told.
 */
export async function print(lines: readonly string[], paged: boolean): Promise<void> {
  const text = lines.map(line => `${line}\n`).join('');
  const pager = process.env.PAGER ?? 'less';
  if (!paged || !process.stdout.isTTY || pager === '' || pager === 'cat') return void process.stdout.write(text);
  const child = spawn('/bin/sh', ['-c', pager], {
    stdio: ['pipe', 'inherit', 'inherit'],
    env: { LESS: 'FRX', LESSCHARSET: 'utf-8', ...process.env },
  });
  // The pager's own keys: Ctrl-C ends a search there, and not this process.
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  const code = await new Promise<number | null>(resolve => {
    child.once('error', () => resolve(127));
    child.once('close', resolve);
    // Who leaves early has seen enough.
    child.stdin.on('error', ignore);
    child.stdin.end(text);
  });
  process.off('SIGINT', ignore);
  // No such program: what it was to show is shown all the same.
  if (code === 127 || code === 126) process.stdout.write(text);
}
