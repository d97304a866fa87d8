/**
 * Lines of one turn of the event loop leave in one write: a busy gateway logs many lines a turn, and a system call for
 * each costs more than making the line.
 *
 * Guarantee: no timer holds a line back. Whoever ends the process in the middle of a turn (SIGKILL, a crash of Node
 * itself) takes the lines of that turn along, and no others; for every other end `flush` is called.
 */
import type { LogDestination } from './log.ts';

/** So much waits at most, in UTF-16 units. */
const MOST_WAITING = 64 * 1024;

export class BatchedLines implements LogDestination {
  readonly #destination: LogDestination;
  #waiting = '';

  constructor(destination: LogDestination) {
    this.#destination = destination;
  }

  get isTTY(): boolean {
    return this.#destination.isTTY === true;
  }

  write(line: string): void {
    if (this.#waiting === '') setImmediate(() => this.flush());
    this.#waiting += line;
    if (this.#waiting.length >= MOST_WAITING) this.flush();
  }

  /** Writes what waits. */
  flush(): void {
    if (this.#waiting === '') return;
    const lines = this.#waiting;
    this.#waiting = '';
    this.#destination.write(lines);
  }
}
