/**
 * The names of those who come, each looked up once for all the sessions of its client.
 *
 * Guarantees: a client that comes often waits for DNS the first time alone, and not at all where DNS does not answer in
 * time; a name is asked for again while the old one is still used; memory is bounded.
 */
import { describeError } from '../mail/failure.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import { confirmedName } from './client-name.ts';
import type { Reception } from './reception.ts';

type Ports = Pick<Reception, 'resolver' | 'clock' | 'log'>;

/** How long a name is worth waiting for, in milliseconds. */
const PATIENCE = 300;
/** After so long it is asked for again; sooner where nobody could say. In milliseconds. */
const FRESH_FOR = 60_000;
const DOUBTFUL_FOR = 5000;
/** A name that nobody has used for so long is no longer a name. In milliseconds. */
const USED_FOR = 600_000;
/** So many clients are kept. Those who come most rarely make way. */
const MOST_KEPT = 10_000;

export class ClientNames {
  readonly #ports: Ports;
  /** Who came last stands last. */
  readonly #lookUps = new Map<string, LookUp>();

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  /**
   * Finds the name of a client. `known` hears it: at once where it is known already, else when it is found, however late.
   * @returns what to wait for before the client is answered, if anything. Does not reject.
   */
  find(address: string, known: (name: string) => void): Awaitable<void> {
    const now = this.#ports.clock.monotonic();
    const kept = this.#lookUps.get(address);
    const lookUp = kept === undefined || kept.isForgotten(now) ? new LookUp(this.#ports, address) : kept;
    this.#lookUps.delete(address);
    this.#lookUps.set(address, lookUp);
    for (const [rarest] of this.#lookUps) {
      if (this.#lookUps.size <= MOST_KEPT) break;
      this.#lookUps.delete(rarest);
    }
    return lookUp.ask(now, known);
  }
}

/** What is known of one client's name, and the search that goes on. */
class LookUp {
  readonly #ports: Ports;
  readonly #address: string;
  #found: { readonly name: string | null } | null = null;
  #freshUntil = Number.NEGATIVE_INFINITY;
  #usedAt = Number.POSITIVE_INFINITY;
  #search: Promise<void> | null = null;
  /** Of the first search. Who comes while it goes on waits no longer than the first one. */
  #patience: Promise<void> | null = null;

  constructor(ports: Ports, address: string) {
    this.#ports = ports;
    this.#address = address;
  }

  isForgotten(now: number): boolean {
    return now - this.#usedAt > USED_FOR;
  }

  ask(now: number, known: (name: string) => void): Awaitable<void> {
    this.#usedAt = now;
    if (now >= this.#freshUntil) this.#search ??= this.#look();
    if (this.#found === null) {
      void this.#search?.then(() => this.#tell(known));
      this.#patience ??= this.#inTime(this.#search ?? Promise.resolve());
      return this.#patience;
    }
    this.#tell(known);
  }

  #tell(known: (name: string) => void): void {
    const name = this.#found?.name ?? null;
    if (name !== null) known(name);
  }

  async #look(): Promise<void> {
    const { resolver, clock, log } = this.#ports;
    let fresh = DOUBTFUL_FOR;
    try {
      const found = await confirmedName(resolver, this.#address);
      // Where nobody can say, what was known before still stands.
      if (found.kind === 'known') this.#found = found;
      else this.#found ??= { name: null };
      if (found.kind === 'known') fresh = FRESH_FOR;
    } catch (error) {
      this.#found ??= { name: null };
      log.warn('failed', { looking: `up the name of ${this.#address}`, cause: describeError(error) });
    }
    this.#freshUntil = clock.monotonic() + fresh;
    this.#search = null;
  }

  async #inTime(search: Promise<void>): Promise<void> {
    const timer = new AbortController();
    const late = this.#ports.clock.sleep(PATIENCE, timer.signal).catch(() => undefined);
    await Promise.race([search, late]);
    timer.abort('it is over');
  }
}
