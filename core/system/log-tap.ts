/**
 * Who else hears the lines of the log: those who follow a gateway that runs. Lines are JSON, one an event, as they are made.
 *
 * Guarantee: nobody who listens can hold up the gateway. The last lines are remembered, and no others.
 */

/** So many lines are remembered: who follows a mail comes a moment after it. */
const REMEMBERED = 2000;

/** Hears each line, without its line end. Must return at once, and not throw. */
export type LogListener = (line: string) => void;

export class LogTap {
  readonly #listeners = new Set<LogListener>();
  readonly #last: string[] = [];
  /** Where the oldest line stands, once there are as many as are remembered. */
  #oldest = 0;

  write(line: string): void {
    const whole = line.trimEnd();
    if (this.#last.length < REMEMBERED) this.#last.push(whole);
    else {
      this.#last[this.#oldest] = whole;
      this.#oldest = (this.#oldest + 1) % REMEMBERED;
    }
    for (const hear of this.#listeners) hear(whole);
  }

  /** The last lines, the oldest first. */
  recent(): readonly string[] {
    return [...this.#last.slice(this.#oldest), ...this.#last.slice(0, this.#oldest)];
  }

  /** From now on. @returns how to stop it. */
  listen(hear: LogListener): () => void {
    // Each call is a listener of its own.
    const listener: LogListener = line => hear(line);
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

/** The lines of this process. */
export const logTap = new LogTap();
