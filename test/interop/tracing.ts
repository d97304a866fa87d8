/** A gateway's system calls, looked at and made to fail from outside by strace, as a disk or a kernel would. */
import { execFileSync } from 'node:child_process';
import { describe } from 'vitest';
import { hasProgram, launch } from '../support/external.ts';
import { until } from '../support/until.ts';

/** Which calls fail, and how. */
export interface Fault {
  /** Names of system calls: `pwrite64`. */
  readonly calls: readonly string[];
  readonly error: string;
  /** Only calls that concern these files. */
  readonly paths: readonly string[];
}

/** From now on these calls of a running process fail, in all of its threads. Gives what ends that. */
export async function faulty(pid: number, { calls, error, paths }: Fault): Promise<() => Promise<void>> {
  const names = calls.join(',');
  const inject = `inject=${names}:error=${error}`;
  const where = paths.flatMap(path => ['-P', path]);
  const strace = launch('strace', ['-f', '-p', String(pid), ...where, '-e', `trace=${names}`, '-e', inject]);
  await until(() => {
    if (!/Process \d+ attached with \d+ threads/.test(strace.output())) throw new Error(strace.output());
  });
  return () => strace.stop();
}

/** A `describe` for tests that trace; says on the console what is missed where that is not possible. */
export function describeWithTracing(title: string, body: () => void): void {
  const missing = !canTrace();
  if (missing && process.env.CI === 'true') throw new Error(`strace cannot trace, which the tests of ${title} need`);
  if (missing) console.warn(`SKIPPED, strace is missing or may not trace: ${title}`);
  describe.skipIf(missing)(title, body);
}

/** Attaching to a process that is no child of strace needs more than tracing one that is. */
function canTrace(): boolean {
  if (!hasProgram('strace')) return false;
  try {
    const script = 'sleep 5 & strace -f -o /dev/null -e trace=none -p $! & sleep 0.2; kill %1; wait %2';
    execFileSync('sh', ['-c', script], { stdio: 'ignore', timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}
