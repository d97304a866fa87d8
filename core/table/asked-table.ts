/**
 * A table whose answers come from somebody else, who may be slow or gone.
 *
 * Guarantees: a look-up ends within its time, waiting for its turn included; a key is asked for once at a time, however
 * many want it; who is not there is left alone for a while; and whatever goes wrong is `TableUnavailable`, never "there is
 * no such key".
 */
import { describeError } from '../mail/failure.ts';
import { formatDuration } from '../mail/quantity.ts';
import type { Awaitable } from '../plugin/awaitable.ts';
import type { Clock, Log } from '../plugin/ports.ts';
import { type Entry, type Table, TableUnavailable } from '../plugin/table.ts';
import type { TableSetting } from '../plugin/table-setting.ts';
import { type Asking, Unreachable } from './asking.ts';
import { Pause } from './pause.ts';
import { Answers } from './remembered.ts';
import { Turns } from './turns.ts';

/** What is around the asking. */
export interface AskedTableServices {
  readonly clock: Clock;
  readonly log: Log;
}

const CLOSED = 'the table is closed';

export class AskedTable implements Table {
  readonly name: string;
  readonly entries = 'keys';
  readonly #asking: Asking;
  readonly #timeout: number;
  readonly #services: AskedTableServices;
  readonly #answers: Answers | null;
  readonly #turns: Turns;
  readonly #pause = new Pause();
  /** What is being asked, by key. */
  readonly #asked = new Map<string, Promise<Entry | null>>();
  readonly #counts = { asked: 0, remembered: 0, failed: 0 };
  /** The last trouble that was logged: each is logged once, for every look-up that it spoils is a deferral with its line. */
  #complained: string | null = null;
  readonly #closing = new AbortController();

  constructor(
    asking: Asking,
    { timeout, concurrency, cache }: Omit<TableSetting, 'source'>,
    services: AskedTableServices,
  ) {
    this.name = asking.name;
    this.#asking = asking;
    this.#timeout = timeout;
    this.#services = services;
    this.#answers = cache === null ? null : new Answers(cache);
    this.#turns = new Turns(concurrency);
  }

  lookup(key: string, signal: AbortSignal): Awaitable<Entry | null> {
    signal.throwIfAborted();
    if (this.#closing.signal.aborted) throw new TableUnavailable(this.name, CLOSED);
    const remembered = this.#answers?.get(key, this.#services.clock.monotonic()) ?? null;
    if (remembered?.isFresh === true) {
      this.#counts.remembered++;
      return remembered.entry;
    }
    let asked = this.#asked.get(key);
    if (asked === undefined) {
      asked = this.#ask(key).finally(() => this.#asked.delete(key));
      this.#asked.set(key, asked);
    }
    const answer = remembered === null ? asked : asked.catch(() => remembered.entry);
    return unlessAborted(answer, signal);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    const { log } = this.#services;
    this.#closing.abort(new Error(CLOSED));
    log.info('closed', { table: this.name, ...this.#counts });
    await this.#asking.close();
  }

  async #ask(key: string): Promise<Entry | null> {
    const { clock } = this.#services;
    const because = this.#pause.why(clock.monotonic());
    if (because !== null) throw new TableUnavailable(this.name, because);
    this.#counts.asked++;
    try {
      const entry = await this.#within(signal => this.#turns.take(() => this.#asking.ask(key, signal), signal));
      this.#answered();
      this.#answers?.set(key, entry, clock.monotonic());
      return entry;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #answered(): void {
    this.#pause.succeeded();
    if (this.#complained !== null) this.#services.log.info('recovered', { table: this.name });
    this.#complained = null;
  }

  #failure(error: unknown): TableUnavailable {
    const { clock, log } = this.#services;
    const cause = describeError(error);
    if (this.#closing.signal.aborted) return new TableUnavailable(this.name, CLOSED);
    this.#counts.failed++;
    if (error instanceof Unreachable) this.#pause.failed(cause, clock.monotonic());
    if (this.#complained !== cause) log.warn('troubled', { table: this.name, cause });
    this.#complained = cause;
    return new TableUnavailable(this.name, cause, { cause: error });
  }

  /** Aborts the work when its time is over or the table is closed, and does not wait for it to notice. */
  async #within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const over = new AbortController();
    const enough = AbortSignal.any([over.signal, this.#closing.signal]);
    const late = this.#services.clock.sleep(this.#timeout, enough).then(
      () => over.abort(new Error(`no answer within ${formatDuration(this.#timeout)}`)),
      () => undefined,
    );
    try {
      return await unlessAborted(work(enough), enough);
    } finally {
      over.abort();
      await late;
    }
  }
}

/** The same promise, but rejected with the signal's reason as soon as that is aborted. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    // The reason is of the caller's own choosing.
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
