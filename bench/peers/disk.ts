/** The disk that all queues share, and what one fsync costs on it: a figure of durable mail means little without it. */
import { closeSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { median } from '../compare.ts';

/** A disk. */
export interface Disk {
  readonly type: string;
  /** Of 4 KB that are written and synced, the median, in milliseconds. */
  readonly sync: number;
}

const TIMES = 50;
const MEMORY: ReadonlySet<string> = new Set(['tmpfs', 'ramfs']);

export async function diskOf(folder: string): Promise<Disk> {
  const path = await realpath(folder);
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map(line => line.split(' '))
    .filter(([, point = '']) => point === '/' || path === point || path.startsWith(`${point}/`));
  const [, , type = 'unknown'] = mounts.toSorted(([, one = ''], [, other = '']) => other.length - one.length)[0] ?? [];
  return { type, sync: syncOf(join(folder, 'sync')) };
}

/** Whether nothing that is written there is ever on a disk. */
export function isMemory({ type }: Disk): boolean {
  return MEMORY.has(type);
}

function syncOf(path: string): number {
  const file = openSync(path, 'w');
  const octets = Buffer.alloc(4096, 'x');
  try {
    return median(
      Array.from({ length: TIMES }, () => {
        const started = performance.now();
        writeSync(file, octets);
        fsyncSync(file);
        return performance.now() - started;
      }),
    );
  } finally {
    closeSync(file);
    rmSync(path);
  }
}
