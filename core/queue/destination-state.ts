/**
 * One destination as deliveries find it (after the feedback of Postfix's queue manager): it begins with a small window of
 * deliveries at the same time; each that goes well widens it, each that finds nobody there narrows it, and where several in
 * a row find nobody it is left alone for a while, longer each time.
 */
import type { DestinationPolicy } from '../mail/destination.ts';
import type { Clock, Random } from '../plugin/ports.ts';
import { Allowance } from './allowance.ts';

/** How a delivery went, as far as its destination goes. `ill`: nobody there could take anything. */
export type News = 'well' | 'ill' | 'unknown';

/** What news changes for everybody who waits for the destination. */
export type Turn = { readonly kind: 'left-alone'; readonly until: Date } | { readonly kind: 'back' };

/** So many in a row that find nobody: the destination is left alone. */
const ILL_IN_A_ROW = 3;
/** So much new mail, or as much as it may be asked at a time where that is more, may be on its way to a destination besides. */
const RESERVED = 20;
/** Times of being left alone are cut by up to one part in so many, so that not all end at once. */
const JITTER = 4;

export class DestinationState {
  allowance: Allowance | null;
  /** Deliveries that run. */
  load = 0;
  /** New mail that is leased, or about to be, and waits for its turn beside those that wait in the queue. */
  reserved = 0;
  #policy: DestinationPolicy;
  readonly #clock: Clock;
  readonly #random: Random;
  #answers = false;
  #window: number;
  /** Deliveries in a row that found nobody. */
  #ill = 0;
  /** How often it was left alone since it last answered. */
  #failures = 0;
  #until = 0;
  /** Since when the store knows until when it is left alone, on the monotonic clock. */
  #toldAt = Infinity;

  constructor(policy: DestinationPolicy, { clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.allowance = policy.rate === null ? null : new Allowance(policy.rate, clock);
    this.#policy = policy;
    this.#clock = clock;
    this.#random = random;
    this.#window = policy.concurrency.start;
  }

  /** Another policy holds from now on. The window stays as wide as it is, if it may. */
  adopt(policy: DestinationPolicy): void {
    const before = this.#policy;
    this.#policy = policy;
    this.#window = Math.min(this.#window, policy.concurrency.most);
    if (before.rate?.count === policy.rate?.count && before.rate?.per === policy.rate?.per) return;
    this.allowance = policy.rate === null ? null : new Allowance(policy.rate, this.#clock);
  }

  /** Whether the last delivery that said anything about it went well. */
  get answers(): boolean {
    return this.#answers;
  }

  get isLeftAlone(): boolean {
    return this.#until !== 0 && this.#until > this.#clock.now().getTime();
  }

  /** Whether it answers, as fast as it may be asked. */
  get flows(): boolean {
    return this.#answers && (this.allowance?.left() ?? Infinity) >= 1;
  }

  /** Whether nothing is asked of it, or about to be. */
  get isIdle(): boolean {
    return this.load === 0 && this.reserved === 0;
  }

  /** How much mail may be taken out of the queue for it. */
  get room(): number {
    return this.isLeftAlone ? 0 : this.#deliveriesLeft() - this.reserved;
  }

  /** Whether a delivery may begin, of mail for which it is reserved or not. */
  get hasRoom(): boolean {
    return this.#deliveriesLeft() >= 1;
  }

  /** Whether more new mail may be on its way to it. */
  get mayReserve(): boolean {
    const most = Math.min(Math.max(RESERVED, this.#policy.concurrency.most), this.allowance?.left() ?? Infinity);
    return !this.isLeftAlone && this.reserved < most;
  }

  /** A delivery has ended. @returns what that changes, or `null`. */
  learn(news: News): Turn | null {
    switch (news) {
      case 'unknown':
        return null;
      case 'well': {
        const { start, most } = this.#policy.concurrency;
        const back = this.#failures > 0;
        this.#window = back ? start : Math.min(most, this.#window + 1 / this.#window);
        this.#ill = 0;
        this.#failures = 0;
        this.#until = 0;
        this.#answers = true;
        return back ? { kind: 'back' } : null;
      }
      case 'ill':
        return this.#fail();
    }
  }

  /** The store knows until when it is left alone, and gives out none of its mail until then. */
  isKeptBack(): void {
    this.#toldAt = this.#clock.monotonic();
  }

  /** The store gives out mail for it that was asked for at that time: if it knew of a back-off, somebody has ended that. */
  isGivenOut(askedAt: number): void {
    if (this.#toldAt < askedAt) this.#until = 0;
  }

  #deliveriesLeft(): number {
    return Math.min(Math.floor(this.#window) - this.load, this.allowance?.left() ?? Infinity);
  }

  #fail(): Turn | null {
    // What began before it was left alone says nothing new.
    if (this.isLeftAlone) return null;
    this.#answers = false;
    this.#ill += 1;
    this.#window = Math.max(1, this.#window - 1);
    if (this.#failures === 0 && this.#ill < ILL_IN_A_ROW) return null;
    const { first, longest } = this.#policy.backOff;
    const full = Math.min(first * 2 ** this.#failures, longest);
    this.#failures += 1;
    this.#ill = 0;
    this.#window = 1;
    this.#until = this.#clock.now().getTime() + full - this.#random.below(Math.floor(full / JITTER) + 1);
    this.#toldAt = Infinity;
    return { kind: 'left-alone', until: new Date(this.#until) };
  }
}
