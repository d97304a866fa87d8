/** Much work in turns with others: so that a list of a hundred thousand keeps no client waiting. */

/** So much is done in one turn: some milliseconds at most, whatever it is. */
const TURN = 512;

/** Counts what is done. */
export class InTurns {
  #done = 0;

  /** To be asked before each piece of work: whether others should have their turn first. */
  isOver(): boolean {
    this.#done += 1;
    return this.#done % TURN === 0;
  }

  /** Lets others go on: resolves when it is our turn again. */
  next(): Promise<void> {
    return new Promise(resolve => {
      setImmediate(resolve);
    });
  }
}
