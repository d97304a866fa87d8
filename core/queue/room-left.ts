/** How much more may be leased, counted down while mail is taken. */
import type { LeaseRequest } from '../plugin/queue-store.ts';

export class RoomLeft {
  readonly #each: number;
  readonly #at: Map<string, number>;
  readonly #only: ReadonlySet<string> | null;
  #all: number;

  constructor({ limit, room, only }: Pick<LeaseRequest, 'limit' | 'room' | 'only'>) {
    this.#only = only === undefined ? null : new Set(only);
    this.#all = limit;
    this.#each = room.each;
    this.#at = new Map(room.but);
  }

  /** Over all destinations. */
  get all(): number {
    return this.#all;
  }

  at(destination: string): number {
    if (this.#only?.has(destination) === false) return 0;
    return this.#at.get(destination) ?? this.#each;
  }

  /** Of one mail's recipients those for whom there is room: each destination counts once. */
  takeFor<T extends { readonly destination: string }>(recipients: readonly T[]): readonly T[] {
    const taken = new Set<string>();
    const fit = recipients.filter(({ destination }) => {
      if (taken.has(destination)) return true;
      if (this.#all <= 0 || this.at(destination) <= 0) return false;
      taken.add(destination);
      this.#all -= 1;
      this.#at.set(destination, this.at(destination) - 1);
      return true;
    });
    return fit;
  }

  /** One mail that is given up: it visits nobody, but is work all the same. */
  takeOne(): void {
    this.#all -= 1;
  }
}
