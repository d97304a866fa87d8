/**
 * The scheduler: takes leases on what is due, lets attempts be made, and writes down what became of them.
 *
 * It keeps no mail in memory beyond the attempts that run, polls nothing but a glance a second, and can be killed at any
 * instant: what it knew is in the store, or will be tried again. Destinations share nothing but the number of deliveries at
 * the same time, of which those that have not shown that they answer never have all: a slow one delays no other.
 */
import type { Chain } from '../chain/chain.ts';
import { type DestinationRule, policyFor } from '../mail/destination.ts';
import { describeError } from '../mail/failure.ts';
import type { RetryPolicy } from '../mail/retry-policy.ts';
import type { Clock, Log, Random } from '../plugin/ports.ts';
import type { Claim, LeaseRequest, NewMail, QueueStore } from '../plugin/queue-store.ts';
import { Arrivals } from './arrivals.ts';
import { Attempts } from './attempts.ts';
import { Destinations } from './destinations.ts';
import { Ledger } from './ledger.ts';
import { Placing } from './placing.ts';
import { queueIds } from './queue-id.ts';
import { Rest } from './rest.ts';
import { startingRoom } from './starting-room.ts';

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
  /** The largest mail that a notification returns whole, in octets. */
  readonly returnUpTo: number;
  /** So many deliveries run at the same time. */
  readonly concurrency: number;
  /** What one destination may be asked. */
  readonly destinations: readonly DestinationRule[];
}

const SECOND = 1000;
/** How long a lease lasts; it is renewed while its attempt runs. Another process waits so long after a crash. */
const LEASE_TIME = 600 * SECOND;
const RENEW_EVERY = LEASE_TIME / 3;
/** What other processes do to the queue, by the command line for one, is seen within this time. */
const GLANCE_EVERY = SECOND;
/** The wait after a failure of the store. */
const RECOVERY_TIME = 5 * SECOND;
/** How long `stop` waits for the attempts that run. */
const GRACE = 30 * SECOND;
/** Mail that is due when it expires is tried a last time; what could not be tried by then is given up. */
const LAST_CHANCE = 600 * SECOND;
/** Attempts that run, those included that are being written down, for each delivery that may. */
const ATTEMPTS_A_DELIVERY = 4;
/** Of so many destinations that answer the mail is looked for while those that do not have used up their share. */
const KNOWN_DESTINATIONS = 1000;

export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #owner: string;
  readonly #destinations: Destinations;
  readonly #attempts: Attempts;
  readonly #arrivals: Arrivals;
  readonly #stopped = new AbortController();
  readonly #rest: Rest;
  #loop: Promise<void> | null = null;
  #renewedAt = 0;

  constructor(parts: SchedulerParts) {
    const { hostname, destinations: rules, clock } = parts;
    const nextId = queueIds(parts);
    const wake = () => this.wake();
    const placing = new Placing(parts);
    const stopped = this.#stopped.signal;
    const ledger = new Ledger({ ...parts, nextId, placing, wake, stopped });
    const destinations = new Destinations({
      ...parts,
      policyFor: name => policyFor(rules, name),
      startingRoom: startingRoom(rules),
    });
    const attempts = new Attempts({ ...parts, ledger, destinations, wake, goOn: () => this.#arrivals.goOn() });
    this.#parts = parts;
    this.#rest = new Rest(clock, stopped);
    this.#owner = `${hostname}/${nextId()}`;
    this.#destinations = destinations;
    this.#attempts = attempts;
    this.#renewedAt = clock.monotonic();
    this.#arrivals = new Arrivals({
      ...parts,
      placing,
      destinations,
      claim: () => (this.#loop === null || stopped.aborted || this.#attemptsLeft() <= 0 ? null : this.#claim()),
      mayBegin: () => !stopped.aborted,
      begin: (lease, ended) => attempts.begin(lease, ended),
      wake,
    });
  }

  /** Begins to work. */
  start(): void {
    this.#loop ??= this.#work();
  }

  /** Takes over mail, all of it or none: durable when it resolves. What can be delivered at once is. */
  async commit(mails: readonly NewMail[]): Promise<void> {
    const pin = this.#parts.pin();
    try {
      await this.#arrivals.commit(mails, pin.chain);
    } finally {
      pin.release();
    }
  }

  /** Looks at once instead of at the next time: to be called when mail was put into the queue. */
  wake(): void {
    this.#rest.ring();
  }

  /**
   * Takes no more mail, waits for the attempts that run, and gives back what it has leased. An attempt that takes too
   * long is left to itself: its mail is tried again, and its own settlement will be lost.
   */
  async stop(): Promise<void> {
    const { clock, store, log } = this.#parts;
    this.#stopped.abort();
    await this.#loop;
    const patience = new AbortController();
    await Promise.race([this.#attempts.end(), clock.sleep(GRACE, patience.signal)]);
    patience.abort();
    try {
      await store.giveBack(this.#owner);
    } catch (error) {
      log.error('failed', { givingBack: describeError(error) });
    }
  }

  async #work(): Promise<void> {
    const { log, clock } = this.#parts;
    while (!this.#stopped.signal.aborted) {
      this.#rest.begin();
      try {
        await this.#renew();
        this.#arrivals.goOn();
        if ((await this.#take()) === 0) await this.#rest.take(await this.#idleTime());
      } catch (error) {
        log.error('failed', { scheduling: describeError(error) });
        // Not rung awake: whoever commits mail would ring at once.
        await clock.sleep(RECOVERY_TIME, this.#stopped.signal).catch(() => undefined);
      }
    }
  }

  /**
   * Takes what is due: first whatever it is for, then, where strangers have used up their share, for destinations that are
   * known to answer.
   * @returns how many mails were taken.
   */
  async #take(): Promise<number> {
    const { strangers } = this.#destinations.free;
    const limit = Math.min(strangers, this.#attemptsLeft());
    const taken = limit <= 0 ? 0 : await this.#lease({ limit });
    if (taken < limit) {
      this.#destinations.caughtUp();
      return taken;
    }
    this.#destinations.isBehind();
    const left = Math.min(this.#destinations.free.all, this.#attemptsLeft());
    const only = left <= 0 ? [] : this.#destinations.answering(KNOWN_DESTINATIONS);
    return taken + (only.length === 0 ? 0 : await this.#lease({ limit: left, only }));
  }

  async #lease(which: Pick<LeaseRequest, 'limit' | 'only'>): Promise<number> {
    const { store, clock } = this.#parts;
    const now = clock.now();
    const leases = await store.lease({
      ...this.#claim(),
      now,
      room: this.#destinations.room(),
      expiredBefore: new Date(now.getTime() - LAST_CHANCE),
      ...which,
    });
    for (const lease of leases) {
      if (lease.fate.kind === 'deliver') {
        this.#destinations.begin(new Set(lease.recipients.map(({ destination }) => destination)));
      }
      this.#attempts.begin(lease);
    }
    return leases.length;
  }

  #claim(): Claim {
    return { owner: this.#owner, until: new Date(this.#parts.clock.now().getTime() + LEASE_TIME) };
  }

  #attemptsLeft(): number {
    return this.#parts.concurrency * ATTEMPTS_A_DELIVERY - this.#attempts.count;
  }

  async #renew(): Promise<void> {
    const { store, clock } = this.#parts;
    const passed = clock.monotonic();
    if (passed - this.#renewedAt < RENEW_EVERY) return;
    this.#renewedAt = passed;
    const leases = [...this.#attempts.leases, ...this.#arrivals.leases];
    if (leases.length > 0) await store.renew(leases, new Date(clock.now().getTime() + LEASE_TIME));
  }

  /** Until there may be something to do, if nobody wakes us. */
  async #idleTime(): Promise<number> {
    const { store, clock } = this.#parts;
    // What is due waits for room then, and whoever leaves it wakes us.
    if (this.#destinations.free.strangers <= 0 || this.#attemptsLeft() <= 0) return GLANCE_EVERY;
    const due = await store.nextDue(this.#destinations.full());
    const wait = due === null ? Infinity : due.getTime() - clock.now().getTime();
    return Math.max(1, Math.min(wait, this.#destinations.untilAllowed(), GLANCE_EVERY));
  }
}
