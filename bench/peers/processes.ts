/** What a system costs: memory and CPU of all its processes, as Linux counts them. */
import { readdirSync, readFileSync } from 'node:fs';

/** The shells that watch over a system are no part of it. */
const WATCHERS: ReadonlySet<string> = new Set(['sh', 'cat']);
/** To look at the memory of a process stops it for some milliseconds. */
const EVERY = 500;
/** Of `/proc/PID/stat`, in milliseconds. */
const TICK = 10;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** Its own and that of its children that have ended, in milliseconds. */
  readonly cpu: number;
}

/** Watches a system from now on. */
export class Watch {
  readonly #root: number;
  readonly #timer: NodeJS.Timeout;
  #peak = 0;

  constructor(root: number) {
    this.#root = root;
    this.#look();
    this.#timer = setInterval(() => this.#look(), EVERY);
  }

  /** The most memory that it had at the same time, in octets; what processes share is counted once. */
  get peak(): number {
    return this.#peak;
  }

  /** The CPU that it has spent so far, in milliseconds. */
  cpu(): number {
    return family(this.#root).reduce((sum, { cpu }) => sum + cpu, 0);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const memory = family(this.#root)
      .filter(({ name }) => !WATCHERS.has(name))
      .reduce((sum, { pid }) => sum + proportional(pid), 0);
    this.#peak = Math.max(this.#peak, memory);
  }
}

function family(root: number): readonly Process[] {
  const all = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(processOf);
  const members = new Set([root]);
  // Parents have no smaller numbers than their children for ever: look until nobody is added.
  for (let before = 0; before < members.size; ) {
    before = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  return all.filter(({ pid }) => members.has(pid));
}

function processOf(pid: string): readonly Process[] {
  const stat = text(`/proc/${pid}/stat`);
  const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(stat) ?? [];
  if (name === undefined || rest === undefined) return [];
  const fields = rest.split(' ');
  const cpu = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) * TICK;
  return [{ pid: Number(pid), parent: Number(fields[1]), name, cpu }];
}

function proportional(pid: number): number {
  const [, size] = /^Pss:\s+(\d+) kB/m.exec(text(`/proc/${pid}/smaps_rollup`)) ?? [];
  return Number(size ?? 0) * 1024;
}

/** Empty for a process that has just ended. */
function text(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
