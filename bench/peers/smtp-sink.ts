/**
 * The next hop: Postfix's smtp-sink, which takes mail, forgets it, and counts. It counts into a file that is looked at now and
 * then: to read each count as it comes would cost as much as a tenth of what is measured.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort, untilListening } from '../../test/support/program.ts';
import type { Arrivals } from './arrivals.ts';
import type { TestPrograms } from './test-programs.ts';

/** One that listens. */
export interface SmtpSink extends Arrivals {
  readonly port: number;
}

/** Between two looks, in milliseconds. */
const EVERY = 20;
/** The end of the file, in octets: more than one count. */
const TAIL = 64;

/** Starts one on a free port of loopback. It counts messages, into a file of the folder. */
export async function smtpSink({ sink, env }: TestPrograms, folder: string): Promise<SmtpSink> {
  const port = await freePort();
  // It insists on being told a user where it runs as root.
  const user = process.getuid?.() === 0 ? ['-u', userInfo().username] : [];
  const counts = openSync(join(folder, 'arrived'), 'w+');
  const child = spawn(sink, ['-c', ...user, `127.0.0.1:${port}`, '1024'], {
    stdio: ['ignore', counts, 'inherit'],
    env: { ...process.env, ...env },
  });
  const exit = once(child, 'exit');
  let listener = () => {};
  const timer = setInterval(() => listener(), EVERY);
  await untilListening(port);
  return {
    port,
    count: () => newest(counts),
    onChange(given) {
      listener = given;
    },
    async stop() {
      clearInterval(timer);
      child.kill('SIGKILL');
      await exit;
      closeSync(counts);
    },
  };
}

/** Each count ends in a CR; the last one that is whole is the newest. */
function newest(counts: number): number {
  const { size } = fstatSync(counts);
  const tail = Buffer.alloc(Math.min(size, TAIL));
  const length = readSync(counts, tail, 0, tail.length, size - tail.length);
  const said = tail.toString('latin1', 0, length);
  return Number(said.slice(0, Math.max(0, said.lastIndexOf('\r'))).match(/mesg=(\d+)$/)?.[1] ?? 0);
}
