/**
 * Lines that are said in one go leave in one write: a group of mails that is committed is a group of lines, and a system
 * call for each costs more than making the line.
 *
 * Guarantee: no timer holds a line back, and neither does the next event. What is said leaves before control goes back to
 * the event loop, and before a reply that is said after it. So whoever ends the process by force (SIGKILL, a crash of
 * Node itself) takes along what was just being said, and nothing else; for every other end `flush` is called.
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
    if (this.#waiting === '') process.nextTick(this.#onTick);
    this.#waiting += line;
    if (this.#waiting.length >= MOST_WAITING) this.flush();
  }

  readonly #onTick = () => this.flush();

  /** Writes what waits. */
  flush(): void {
    if (this.#waiting === '') return;
    const lines = this.#waiting;
    this.#waiting = '';
    this.#destination.write(lines);
  }
}
