/**
 * The scheduler: takes leases on what is due, lets attempts be made, and writes down what became of them.
 *
 * It keeps no mail in memory beyond the attempts that run, polls nothing but a glance a second, and can be killed at any
 * instant: what it knew is in the store, or will be tried again. Destinations share nothing but the number of deliveries at
 * the same time, of which those that have not shown that they answer never have all, and which they begin at a pace: neither
 * one that is slow nor many that refuse delay another.
 */
import type { Chain } from '../chain/chain.ts';
import type { Mailbox } from '../mail/address.ts';
import { type DestinationRule, policyFor } from '../mail/destination.ts';
import { describeError } from '../mail/failure.ts';
import type { RetryPolicy } from '../mail/retry-policy.ts';
import type { Clock, Log, Random } from '../plugin/ports.ts';
import type { Claim, NewMail, QueueStore } from '../plugin/queue-store.ts';
import { Arrivals } from './arrivals.ts';
import { Attempts } from './attempts.ts';
import { type DestinationBounds, Destinations, type Whose } from './destinations.ts';
import { Ledger } from './ledger.ts';
import { destinationsOf } from './places.ts';
import { Placing } from './placing.ts';
import { queueIds } from './queue-id.ts';
import { Rest } from './rest.ts';
import { startingRoom } from './starting-room.ts';

/** What may change while a scheduler works. */
export interface SchedulerSettings {
  readonly policy: RetryPolicy;
  /** Ours, for notifications. */
  readonly hostname: string;
  /** The largest mail that a notification returns whole, in octets. */
  readonly returnUpTo: number;
  /** Who hears of mail from the null reverse-path that comes to nothing. Missing, `null`: nobody. */
  readonly doubleBounce?: Mailbox | null;
  /** So many deliveries run at the same time. */
  readonly concurrency: number;
  /** What one destination may be asked. */
  readonly destinations: readonly DestinationRule[];
}

/** What a scheduler is made of. */
export interface SchedulerParts extends SchedulerSettings {
  readonly store: QueueStore;
  /** The chain to use for one attempt, kept until it is released. */
  readonly pin: () => { readonly chain: Chain; release(): void };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
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
/** For so many destinations that answer it is looked each time, while those that do not have used up their share. */
const KNOWN_DESTINATIONS = 1000;

export class Scheduler {
  readonly #parts: SchedulerParts;
  readonly #owner: string;
  readonly #placing: Placing;
  readonly #ledger: Ledger;
  readonly #destinations: Destinations;
  readonly #attempts: Attempts;
  readonly #arrivals: Arrivals;
  readonly #stopped = new AbortController();
  readonly #rest: Rest;
  #concurrency: number;
  #loop: Promise<void> | null = null;
  #renewedAt = 0;
  #lookedAroundAt = -Infinity;
  #newcomersFirst = false;

  constructor(parts: SchedulerParts) {
    const { hostname, clock } = parts;
    const nextId = queueIds(parts);
    const wake = () => this.wake();
    const placing = new Placing(parts);
    const stopped = this.#stopped.signal;
    const destinations = new Destinations({ ...parts, ...boundsOf(parts) });
    const queued = (mails: readonly NewMail[]) => {
      for (const mail of mails) destinations.fellBehind(destinationsOf(mail));
      wake();
    };
    const ledger = new Ledger({ ...parts, nextId, placing, queued, stopped });
    const attempts = new Attempts({
      ...parts,
      ledger,
      destinations,
      wake,
      oneHasLeft: () => this.#arrivals.oneHasLeft(),
    });
    this.#parts = parts;
    this.#placing = placing;
    this.#ledger = ledger;
    this.#concurrency = parts.concurrency;
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

  /**
   * Other settings hold from now on. What runs goes on; what waits keeps the time of its next attempt, and the policy that
   * it is judged by then is the new one. What is known of how destinations take it stays.
   */
  change(settings: SchedulerSettings): void {
    this.#concurrency = settings.concurrency;
    this.#placing.change(settings.policy);
    this.#ledger.change(settings);
    this.#destinations.change(boundsOf(settings));
    this.wake();
  }

  /** Begins to work. */
  start(): void {
    this.#loop ??= this.#work();
  }

  /** Takes over mail, all of it or none: durable when it resolves. What can be delivered at once is. */
  async commit(mails: readonly NewMail[]): Promise<void> {
    this.#destinations.newMail();
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
   * Takes what is due: whatever it is for, or, where there is more of it than may be taken, for destinations that are known
   * to answer beside what strangers may have.
   * @returns how many mails were taken.
   */
  async #take(): Promise<number> {
    const destinations = this.#destinations;
    const strangers = this.#mostOf('strangers');
    if (destinations.isCaughtUp && strangers > 0) return this.#look(strangers);
    const known = [...new Set([...destinations.behind('known'), ...this.#lookAround()])];
    // Asked for in one go, neither waits for the other.
    const taken = await Promise.all([
      this.#lookForStrangers(strangers, known),
      this.#look(this.#mostOf('all') - strangers, { only: known }),
    ]);
    return taken.reduce((sum, one) => sum + one);
  }

  /** Every other look is for those alone that new mail has come for: it does not wait until all the others have been tried. */
  async #lookForStrangers(limit: number, known: readonly string[]): Promise<number> {
    if (limit === 0) return 0;
    const newcomers = this.#destinations.behind('strangers');
    this.#newcomersFirst = !this.#newcomersFirst && newcomers.length > 0;
    return this.#look(limit, this.#newcomersFirst ? { only: newcomers } : { except: known });
  }

  /** Some of those that answer, once in a while: mail for them may have come due. */
  #lookAround(): readonly string[] {
    const passed = this.#parts.clock.monotonic();
    if (passed - this.#lookedAroundAt < GLANCE_EVERY) return [];
    this.#lookedAroundAt = passed;
    return this.#destinations.nextKnown(KNOWN_DESTINATIONS);
  }

  async #look(limit: number, whose: Whose = {}): Promise<number> {
    if (limit <= 0 || whose.only?.length === 0) return 0;
    const { store, clock } = this.#parts;
    const now = clock.now();
    const look = this.#destinations.look(limit, whose);
    const leases = await store.lease({
      ...this.#claim(),
      ...(look.only === undefined ? {} : { only: look.only }),
      now,
      limit,
      room: look.room,
      expiredBefore: new Date(now.getTime() - LAST_CHANCE),
    });
    this.#destinations.found(look, leases);
    for (const lease of leases) this.#attempts.begin(lease);
    return leases.length;
  }

  #claim(): Claim {
    return { owner: this.#owner, until: new Date(this.#parts.clock.now().getTime() + LEASE_TIME) };
  }

  /** How many deliveries may begin. */
  #mostOf(which: 'all' | 'strangers'): number {
    return Math.max(0, Math.min(this.#destinations.free[which], this.#attemptsLeft()));
  }

  #attemptsLeft(): number {
    return this.#concurrency * ATTEMPTS_A_DELIVERY - this.#attempts.count;
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
    const longest = Math.max(1, Math.min(this.#destinations.untilAllowed(), GLANCE_EVERY));
    // What is due waits for room then, and whoever leaves it wakes us.
    if (this.#mostOf('strangers') === 0) return longest;
    const due = await store.nextDue(this.#destinations.full());
    const wait = due === null ? Infinity : due.getTime() - clock.now().getTime();
    return Math.max(1, Math.min(wait, longest));
  }
}

/** What bounds deliveries. */
function boundsOf({ destinations, concurrency }: SchedulerSettings): DestinationBounds {
  return { policyFor: name => policyFor(destinations, name), startingRoom: startingRoom(destinations), concurrency };
}
