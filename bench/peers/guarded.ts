/**
 * Programs below a shell that ends them as soon as whoever started them lets go: also when that process is killed. Each is a
 * process group of its own, and nothing else is ended with it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';

/** One that runs. */
export interface Guarded {
  /** The shell: the ancestor of all its processes. */
  readonly pid: number;
  /** What it says on its standard output goes into this file, and its complaints too. */
  readonly output: string;
  /** Rejects when it ends. */
  readonly ended: Promise<never>;
  readonly log: () => Promise<string>;
  /** Asks it to end, and waits for that; one that does not within ten seconds is killed. */
  readonly stop: () => Promise<void>;
}

/** How it is run. */
export interface GuardedRun {
  readonly command: readonly [program: string, ...args: readonly string[]];
  /** The file for what it says. */
  readonly output: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const GUARDIAN = `
exec 3<&0
"$@" </dev/null 3<&- &
child=$!
(cat <&3 >/dev/null; kill -TERM $child) &
wait $child
kill -KILL 0
`;
const PATIENCE = 10_000;

export async function guarded({ command, output, env, cwd }: GuardedRun): Promise<Guarded> {
  const file = await open(output, 'a');
  const child = spawn('sh', ['-c', GUARDIAN, 'sh', ...command], {
    detached: true,
    stdio: ['pipe', file.fd, file.fd],
    env: { ...process.env, ...env },
    ...(cwd !== undefined && { cwd }),
  });
  await file.close();
  const { pid, stdin } = child;
  if (pid === undefined || stdin === null) throw new Error(`${command[0]} does not start`);
  stdin.on('error', () => undefined);
  const exit = once(child, 'exit');
  const ended = exit.then(() => Promise.reject(new Error(`${command[0]} has ended, see ${output}`)));
  ended.catch(() => undefined);
  return {
    pid,
    output,
    ended,
    log: () => readFile(output, 'utf8'),
    async stop() {
      const timer = setTimeout(() => process.kill(-pid, 'SIGKILL'), PATIENCE);
      stdin.end();
      await exit;
      clearTimeout(timer);
    },
  };
}
