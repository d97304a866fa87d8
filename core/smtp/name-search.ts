/** The search for the name of whom one session is with: of one client after the other, where XCLIENT names others. */
import type { Awaitable } from '../plugin/awaitable.ts';
import type { ClientNames } from './client-names.ts';

/** What is found too late is not the name of the next one. */
export class NameSearch {
  readonly #names: ClientNames;
  readonly #known: (name: string) => void;
  #current: symbol | null = null;
  #settled: Awaitable<void> = undefined;

  constructor(names: ClientNames, known: (name: string) => void) {
    this.#names = names;
    this.#known = known;
  }

  /** What to wait for until the name is known, or nobody should wait for it any longer. Does not reject. */
  get settled(): Awaitable<void> {
    return this.#settled;
  }

  begin(address: string): void {
    const search = Symbol(address);
    this.#current = search;
    this.#settled = this.#names.find(address, name => {
      if (this.#current === search) this.#known(name);
    });
  }

  /** There is nothing to be found any more. */
  stop(): void {
    this.#current = null;
    this.#settled = undefined;
  }
}
