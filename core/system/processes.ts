/** The processes port over node:child_process: no shell, an environment of its own, ended as a group. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command, Processes } from '../plugin/ports.ts';

/** Between asking a process to end and ending it, in milliseconds. */
const GRACE = 5000;

/** The processes of this machine. */
export const systemProcesses: Processes = {
  async run(command, input, signal) {
    signal.throwIfAborted();
    const child = started(command);
    const output = { stdout: '', stderr: '' };
    for (const which of ['stdout', 'stderr'] as const) {
      child[which].setEncoding('utf8').on('data', (text: string) => {
        if (output[which].length < command.outputLimit)
          output[which] = (output[which] + text).slice(0, command.outputLimit);
      });
    }
    const end = ending(child.pid);
    signal.addEventListener('abort', end.begin, { once: true });
    try {
      // Rejects where it could not be started.
      await once(child, 'spawn');
      const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
      const given = await pipeline(Readable.from(input, { objectMode: false }), child.stdin).then(
        () => null,
        (error: unknown) => error,
      );
      // It need not read all of it. Where the input itself broke, it must not end as if that were all.
      if (given !== null && !isClosedPipe(given)) end.begin();
      const [code, killedBy] = await closed;
      if (given !== null && !isClosedPipe(given)) throw given;
      return { code, signal: killedBy, ...output };
    } finally {
      signal.removeEventListener('abort', end.begin);
      end.over();
    }
  },
};

function started({ program, args, env, directory, user, group }: Command) {
  return spawn(program, [...args], {
    cwd: directory,
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own: what it has started is ended with it.
    detached: true,
    shell: false,
    ...(user === null ? {} : { uid: user }),
    ...(group === null ? {} : { gid: group }),
  });
}

/** Ends a group of processes: by asking, and then without. */
function ending(pid: number | undefined): { readonly begin: () => void; readonly over: () => void } {
  let timer: NodeJS.Timeout | null = null;
  const send = (signal: NodeJS.Signals) => {
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  };
  return {
    begin() {
      if (timer !== null) return;
      send('SIGTERM');
      timer = setTimeout(() => send('SIGKILL'), GRACE);
    },
    over() {
      if (timer === null) return;
      clearTimeout(timer);
      // Whoever of the group has survived its leader.
      send('SIGKILL');
    },
  };
}

function isClosedPipe(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
