/** The next hop: Postfix's smtp-sink, which takes mail, forgets it, and counts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { userInfo } from 'node:os';
import { freePort, untilListening } from '../../test/support/program.ts';
import type { Arrivals } from './arrivals.ts';
import type { TestPrograms } from './test-programs.ts';

/** One that listens. */
export interface SmtpSink extends Arrivals {
  readonly port: number;
}

/** Starts one on a free port of loopback. It counts messages. */
export async function smtpSink({ sink, env }: TestPrograms): Promise<SmtpSink> {
  const port = await freePort();
  // It insists on being told a user where it runs as root.
  const user = process.getuid?.() === 0 ? ['-u', userInfo().username] : [];
  const child = spawn(sink, ['-c', ...user, `127.0.0.1:${port}`, '1024'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const exit = once(child, 'exit');
  let count = 0;
  let rest = '';
  let listener = () => {};
  child.stdout.setEncoding('latin1').on('data', (said: string) => {
    rest = (rest + said).slice(-200);
    // Each count ends in a CR; the last one that is whole is the newest.
    const newest = rest.slice(0, rest.lastIndexOf('\r')).match(/mesg=(\d+)$/)?.[1];
    if (newest === undefined) return;
    count = Number(newest);
    listener();
  });
  await untilListening(port);
  return {
    port,
    count: () => count,
    onChange(given) {
      listener = given;
    },
    async stop() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}
