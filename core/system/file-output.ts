/**
 * A log that is a file behind a descriptor, as systemd and shells give it to a process.
 *
 * Guarantee: a disk that is full costs lines, and nothing else: the next line that finds room is whole. A stream of Node
 * would be over with its first error.
 */
import { fstatSync, writeSync } from 'node:fs';
import type { LogDestination } from './log.ts';

export class FileOutput implements LogDestination {
  readonly #descriptor: number;
  readonly #writeSync: typeof writeSync;
  /** Whether what was written last ends within a line. */
  #torn = false;

  constructor(descriptor: number, write = writeSync) {
    this.#descriptor = descriptor;
    this.#writeSync = write;
  }

  write(lines: string): void {
    const octets = Buffer.from(this.#torn ? `\n${lines}` : lines);
    let written = 0;
    try {
      while (written < octets.length) written += this.#writeSync(this.#descriptor, octets, written);
      this.#torn = false;
    } catch {
      if (written > 0) this.#torn = octets[written - 1] !== 0x0a;
    }
  }
}

/** Whether it is a file, to which a write is done when it returns. */
export function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}
