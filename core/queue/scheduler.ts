/**
 * The scheduler: takes leases on what is due, lets attempts be made, and writes down what became of them.
 *
 * It keeps no mail in memory beyond the attempts that run, polls nothing while nothing is due, and can be killed at any
 * instant: what it knew is in the store, or will be tried again.
 */
import type { Chain } from '../chain/chain.ts';
import { describeError } from '../mail/failure.ts';
import type { Clock, Log, Random } from '../plugin/ports.ts';
import type { Lease, QueueStore } from '../plugin/queue-store.ts';
import { makeAttempt } from './attempt.ts';
import { Ledger } from './ledger.ts';
import { queueIds } from './queue-id.ts';
import type { RetryPolicy } from './retry.ts';
import { Slots } from './slots.ts';

/** What a scheduler is made of. */
export interface SchedulerParts {
  readonly store: QueueStore;
  /** The chain to use for one attempt, kept until it is released. */
  readonly pin: () => { readonly chain: Chain; release(): void };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly policy: RetryPolicy;
  /** Ours, for notifications. */
  readonly hostname: string;
  /** So many deliveries run at the same time; to one destination, half of them. */
  readonly concurrency: number;
}

const SECOND = 1000;
/** How long a lease lasts; it is renewed while its attempt runs. Another process waits so long after a crash. */
const LEASE_TIME = 600 * SECOND;
const RENEW_EVERY = LEASE_TIME / 3;
/** What other processes do to the queue, by the command line for one, is seen within this time. */
const GLANCE_EVERY = 10 * SECOND;
/** The wait after a failure of the store. */
const RECOVERY_TIME = 5 * SECOND;
/** How long `stop` waits for the attempts that run. */
const GRACE = 30 * SECOND;

export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #owner: string;
  readonly #ledger: Ledger;
  readonly #deliveries: Slots;
  readonly #perDestination: number;
  /** The attempts that run. */
  readonly #running = new Map<Lease, Promise<void>>();
  /** How many running mails each destination has. */
  readonly #load = new Map<string, number>();
  readonly #stopped = new AbortController();
  #rest = new AbortController();
  #loop: Promise<void> | null = null;
  #renewedAt = 0;

  constructor(parts: SchedulerParts) {
    const { hostname, concurrency } = parts;
    const nextId = queueIds(parts);
    this.#parts = parts;
    this.#owner = `${hostname}/${nextId()}`;
    this.#deliveries = new Slots(concurrency);
    this.#perDestination = Math.ceil(concurrency / 2);
    this.#ledger = new Ledger({ ...parts, nextId, stopped: this.#stopped.signal });
  }

  /** Begins to work. */
  start(): void {
    this.#loop ??= this.#work();
  }

  /** Looks at once instead of at the next time: to be called when mail was committed. */
  wake(): void {
    this.#rest.abort();
  }

  /**
   * Takes no more mail, waits for the attempts that run, and gives back what it has leased. An attempt that takes too
   * long is left to itself: its mail is tried again, and its own settlement will be lost.
   */
  async stop(): Promise<void> {
    const { clock, store, log } = this.#parts;
    this.#stopped.abort();
    this.wake();
    await this.#loop;
    const patience = new AbortController();
    await Promise.race([Promise.all(this.#running.values()), clock.sleep(GRACE, patience.signal)]);
    patience.abort();
    try {
      await store.giveBack(this.#owner);
    } catch (error) {
      log.error('failed', { givingBack: describeError(error) });
    }
  }

  async #work(): Promise<void> {
    const { log } = this.#parts;
    while (!this.#stopped.signal.aborted) {
      this.#rest = new AbortController();
      try {
        await this.#renew();
        if ((await this.#take()) === 0) await this.#sleep(await this.#idleTime(), this.#rest.signal);
      } catch (error) {
        log.error('failed', { scheduling: describeError(error) });
        await this.#sleep(RECOVERY_TIME, this.#stopped.signal);
      }
    }
  }

  /** @returns how many mails were taken. */
  async #take(): Promise<number> {
    const { store, clock, concurrency } = this.#parts;
    const limit = concurrency - this.#running.size;
    if (limit <= 0) return 0;
    const now = clock.now();
    const but = new Map([...this.#load].map(([destination, load]) => [destination, this.#perDestination - load]));
    const leases = await store.lease({
      owner: this.#owner,
      now,
      until: new Date(now.getTime() + LEASE_TIME),
      limit,
      room: { each: this.#perDestination, but },
    });
    for (const lease of leases) this.#begin(lease);
    return leases.length;
  }

  #begin(lease: Lease): void {
    const destinations = new Set(lease.recipients.map(({ recipient }) => recipient.forwardPath.domain));
    this.#count(destinations, 1);
    const attempt = this.#attempt(lease).finally(() => {
      this.#count(destinations, -1);
      this.#running.delete(lease);
      this.wake();
    });
    this.#running.set(lease, attempt);
  }

  async #attempt(lease: Lease): Promise<void> {
    const { log } = this.#parts;
    const pin = this.#parts.pin();
    const { chain } = pin;
    try {
      const settle = this.#ledger.page(lease, chain);
      await makeAttempt({ lease, chain, log, deliveries: this.#deliveries, settle });
    } catch (error) {
      // Nothing was written down: the lease runs out, and the mail is tried again.
      log.error('failed', { queueId: lease.mail.id, attempting: describeError(error) });
    } finally {
      pin.release();
    }
  }

  #count(destinations: Iterable<string>, change: number): void {
    for (const destination of destinations) {
      const load = (this.#load.get(destination) ?? 0) + change;
      if (load === 0) this.#load.delete(destination);
      else this.#load.set(destination, load);
    }
  }

  async #renew(): Promise<void> {
    const { store, clock } = this.#parts;
    const passed = clock.monotonic();
    if (this.#running.size === 0 || passed - this.#renewedAt < RENEW_EVERY) return;
    await store.renew([...this.#running.keys()], new Date(clock.now().getTime() + LEASE_TIME));
    this.#renewedAt = passed;
  }

  /** Until there may be something to do, if nobody wakes us. */
  async #idleTime(): Promise<number> {
    const { store, clock, concurrency } = this.#parts;
    if (this.#running.size >= concurrency) return GLANCE_EVERY;
    const full = [...this.#load].filter(([, load]) => load >= this.#perDestination).map(([destination]) => destination);
    const due = await store.nextDue(full);
    if (due === null) return GLANCE_EVERY;
    return Math.max(1, Math.min(due.getTime() - clock.now().getTime(), GLANCE_EVERY));
  }

  async #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#parts.clock.sleep(milliseconds, signal);
    } catch {
      // Woken: the loop looks again.
    }
  }
}
