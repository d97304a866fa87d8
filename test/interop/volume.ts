/**
 * Small volumes of a test's own, in a mount namespace that nobody else sees: they fill up, lose the right to be written,
 * and go when the test goes. Mounting needs an administrator; CI is one.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import { hasProgram, run } from '../support/external.ts';

/** Volumes over folders, and how to get at them. */
export interface Volumes {
  /** What a program is started with so that it sees them. */
  readonly prefix: readonly string[];
  /** A path within, as it is seen from outside. */
  readonly seen: (path: string) => string;
  /** `ro`: nothing can be written. Refused by the system while files are open for writing. */
  readonly remount: (path: string, how: 'ro' | 'rw') => Promise<void>;
}

/** Mounts an empty volume over each folder, which is made if it is missing: `{ '/tmp/x/queue': '48m' }`. */
export async function volumes(sizes: Readonly<Record<string, string>>): Promise<Volumes> {
  const mounts = Object.entries(sizes).map(([path, size]) => {
    mkdirSync(path, { recursive: true });
    return `mount -t tmpfs -o mode=700,size=${size} tmpfs '${path}'`;
  });
  // It lives, and the volumes with it, until its input ends: with this process at the latest.
  const script = [...mounts, 'echo ready', 'exec cat'].join(' && ');
  const keeper = spawn('unshare', ['--mount', 'sh', '-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    const closed = once(keeper, 'close');
    keeper.stdin.end();
    await closed;
  });
  await once(keeper.stdout, 'data');
  const prefix = ['nsenter', `--target=${keeper.pid}`, '--mount', '--'];
  return {
    prefix,
    seen: path => join(`/proc/${keeper.pid}/root`, path),
    async remount(path, how) {
      const { code, stderr } = await run('nsenter', [...prefix.slice(1), 'mount', '-o', `remount,${how}`, path]);
      if (code !== 0) throw new Error(stderr);
    },
  };
}

/** A `describe` for tests with volumes of their own; says on the console what is missed where they cannot be had. */
export function describeWithVolumes(title: string, body: () => void): void {
  const missing = !canMount();
  if (missing && process.env.CI === 'true') throw new Error(`no volume can be mounted, which ${title} needs`);
  if (missing) console.warn(`SKIPPED, no volume can be mounted here: ${title}`);
  describe.skipIf(missing)(title, body);
}

function canMount(): boolean {
  if (!['unshare', 'nsenter', 'mount'].every(hasProgram)) return false;
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
