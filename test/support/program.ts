/**
 * Programs that nobody here wrote: found, run with a bounded time, started. What tests do with them is in `external.ts`.
 *
 * Each runs in a process group of its own, so that ending it ends its children too and nothing else.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { delimiter, isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where Debian puts programs that only an administrator is expected to call, Postfix's test programs among them. */
const FURTHER_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];
const LONGEST_RUN = 20_000;

/** How a program is run. */
export interface Running {
  /** What it reads. */
  readonly input?: string | Buffer;
  /** Added to the environment of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** In milliseconds. */
  readonly timeout?: number;
}

/** How a program ended. */
export interface Ended {
  /** `null` where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The path of a program, by its name or by its absolute path, or `null` where it is not installed. */
export function programPath(name: string): string | null {
  if (isAbsolute(name)) return isExecutable(name) ? name : null;
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...FURTHER_FOLDERS];
  return folders.map(folder => join(folder, name)).find(isExecutable) ?? null;
}

/** Runs a program to its end. @throws Error where it takes longer than it may. */
export async function run(name: string, args: readonly string[], running: Running = {}): Promise<Ended> {
  const { input = '', timeout = LONGEST_RUN } = running;
  const program = start(name, args, running);
  const { child, output } = program;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    program.end('SIGKILL');
  }, timeout);
  child.stdin.end(input);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    const ended = { code, stdout: output('stdout'), stderr: output('stderr') };
    if (late) throw new Error(`${name} took longer than ${timeout} ms: ${ended.stdout}${ended.stderr}`);
    return ended;
  } finally {
    clearTimeout(timer);
  }
}

/** A port that nobody listens on at this moment, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when somebody listens on a port of 127.0.0.1. Rejects where nobody does in time. */
export async function untilListening(port: number, timeout: number = LONGEST_RUN): Promise<void> {
  for (const end = performance.now() + timeout; performance.now() < end; await sleep(20)) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      // Not yet.
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nobody listens on port ${port} after ${timeout} ms`);
}

/** Starts a program. Whoever calls this ends it. */
export function start(name: string, args: readonly string[], { env, cwd }: Running) {
  const path = programPath(name);
  if (path === null) throw new Error(`${name} is not installed`);
  const child = spawn(path, args, {
    detached: true,
    env: { ...process.env, ...env },
    ...(cwd !== undefined && { cwd }),
  });
  const written: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  child.stdout.on('data', (octets: Buffer) => written.stdout.push(octets));
  child.stderr.on('data', (octets: Buffer) => written.stderr.push(octets));
  // A program that ends before it has read everything has its reasons, and its exit code says so.
  child.stdin.on('error', () => undefined);
  return {
    child,
    output: (which: 'stdout' | 'stderr') => Buffer.concat(written[which]).toString('utf8'),
    end(signal: NodeJS.Signals) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      process.kill(-child.pid, signal);
    },
  };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
