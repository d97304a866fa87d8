/**
 * For which destinations mail waits in the queue, as far as it can be known without asking: from what the last looks found,
 * and from the mail that was put there since. Mail that comes due meanwhile is found when its destination is looked for the
 * next time.
 *
 * Either the last look at everything found all that was due, and mail waits for a few that are known; or it was cut short,
 * and mail may wait for anyone but those that were looked for by name.
 */
import type { Lease, Room } from '../plugin/queue-store.ts';

/** A look into the queue. */
export interface Look {
  readonly limit: number;
  /** The room that there was when it began. */
  readonly room: Room;
  /** That time, on the monotonic clock. */
  readonly at: number;
  /** These destinations alone. Missing: everything. */
  readonly only?: readonly string[];
}

/** `behind`: mail waits, or may. `just-come`: all was found but what came while it was looked for. */
type Wait = 'behind' | 'just-come';

/** So many names are kept, the last ones. */
const MOST_WAITING = 1000;
const MOST_DONE = 10_000;

export class Backlog {
  #isKnown = false;
  readonly #waiting = new Map<string, Wait>();
  /** While not all is known: for these none is left. */
  readonly #done = new Set<string>();
  /** Those for which mail was put into the queue since the last look began. */
  readonly #since = new Set<string>();

  /** Whether all those for whom mail waits are known. */
  get isKnown(): boolean {
    return this.#isKnown;
  }

  /** Those that should be looked for by name: who has waited the longest is first. */
  get waiting(): Iterable<string> {
    return this.#waiting.keys();
  }

  /** Whether anyone should be looked for. */
  get isEmpty(): boolean {
    return this.#isKnown && this.#waiting.size === 0;
  }

  /** Whether mail may wait for it that came before any that comes now. */
  isBehind(name: string): boolean {
    return this.#waiting.get(name) === 'behind' || (!this.#isKnown && !this.#done.has(name));
  }

  /** Whether it should be looked for. */
  isWanted(name: string): boolean {
    return this.#waiting.has(name) || this.isBehind(name);
  }

  /** Mail for it was put into the queue. */
  add(name: string): void {
    this.#since.add(name);
    this.want(name);
  }

  /** It should be looked for by name: mail for it waits, or may. */
  want(name: string): void {
    this.#done.delete(name);
    this.#waiting.set(name, 'behind');
    this.#trim();
  }

  /** A look begins, or several together. */
  begin(): void {
    this.#since.clear();
  }

  /** It is over. */
  end({ limit, room, only }: Look, leases: readonly Lease[]): void {
    const taken = leases.map(takenFor);
    const given = new Map<string, number>();
    for (const name of taken.flat()) given.set(name, (given.get(name) ?? 0) + 1);
    const isCut = taken.reduce((sum, names) => sum + Math.max(1, names.length), 0) >= limit;
    const hasMore = (name: string) => (given.get(name) ?? 0) >= (room.but.get(name) ?? room.each);
    if (only === undefined && isCut) this.#sawSome(given.keys());
    else if (only === undefined) this.#sawAll([...room.but.keys(), ...given.keys()], hasMore);
    else if (!isCut) for (const name of only) this.#saw(name, hasMore(name));
    this.#trim();
  }

  #sawSome(names: Iterable<string>): void {
    this.#isKnown = false;
    for (const name of names) this.#done.delete(name);
  }

  #sawAll(names: readonly string[], hasMore: (name: string) => boolean): void {
    this.#isKnown = true;
    this.#done.clear();
    this.#waiting.clear();
    for (const name of [...names, ...this.#since]) this.#saw(name, hasMore(name));
  }

  /** Put last: whoever has waited longer comes first the next time. */
  #saw(name: string, hasMore: boolean): void {
    this.#waiting.delete(name);
    if (hasMore) this.#waiting.set(name, 'behind');
    else if (this.#since.has(name)) this.#waiting.set(name, 'just-come');
    if (!hasMore && !this.#isKnown) this.#done.add(name);
  }

  #trim(): void {
    // Those that are dropped may be anyone.
    if (this.#waiting.size > MOST_WAITING) this.#isKnown = false;
    if (this.#isKnown) return;
    dropOver(MOST_WAITING, this.#waiting);
    dropOver(MOST_DONE, this.#done);
  }
}

/** For whom it took room. Mail that is given up late took none. */
function takenFor({ fate, recipients }: Lease): readonly string[] {
  return fate.kind === 'expire' ? [] : [...new Set(recipients.map(({ destination }) => destination))];
}

function dropOver(most: number, names: Pick<Map<string, unknown>, 'keys' | 'size' | 'delete'>): void {
  for (const name of names.keys()) {
    if (names.size <= most) return;
    names.delete(name);
  }
}
