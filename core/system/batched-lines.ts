/**
 * Lines that are said in one go leave in one write: a group of mails that is committed is a group of lines, and a system
 * call for each costs more than making the line.
 *
 * Guarantee: no timer holds a line back, and neither does the next event. What is said leaves with the turn of the
 * microtask queue in which it was said: before a reply that is said after it, and before whoever waits for our end goes
 * on. So whoever ends the process by force (SIGKILL, a crash of Node itself) takes along what was just being said, and
 * nothing else; for every other end `flush` is called.
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
    if (this.#waiting === '') queueMicrotask(this.#onTurn);
    this.#waiting += line;
    if (this.#waiting.length >= MOST_WAITING) this.flush();
  }

  readonly #onTurn = () => this.flush();

  /** Writes what waits. */
  flush(): void {
    if (this.#waiting === '') return;
    const lines = this.#waiting;
    this.#waiting = '';
    this.#destination.write(lines);
  }
}
