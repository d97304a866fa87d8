/** Lets those who name the same thing take turns; others do not wait for them. */

export class Queues {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does the work once all that was asked for under this name before has ended. */
  async next<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(name) === turn) this.#last.delete(name);
    }
  }
}
