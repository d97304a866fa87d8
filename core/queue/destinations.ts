/**
 * What each destination is asked at the moment, and how it takes it (after the feedback of Postfix's queue manager).
 *
 * A destination begins with a small window of deliveries at the same time; each that goes well widens it, each that finds
 * nobody there narrows it, and where several in a row find nobody it is left alone for a while, longer each time. Nothing
 * of this is written down but the time of its end: a restart begins with small windows again.
 */
import type { DestinationPolicy } from '../mail/destination.ts';
import type { Clock, Random } from '../plugin/ports.ts';
import type { Room } from '../plugin/queue-store.ts';
import { Allowance } from './allowance.ts';

/** How a delivery went, as far as its destination goes. `ill`: nobody there could take anything. */
export type News = 'well' | 'ill' | 'unknown';

/** What news changes for everybody who waits for the destination. */
export type Turn = { readonly kind: 'left-alone'; readonly until: Date } | { readonly kind: 'back' };

/** What the deliveries of a gateway are bounded by. */
export interface DestinationsParts {
  readonly policyFor: (destination: string) => DestinationPolicy;
  /** The room for a destination that has not been met, whatever its policy. */
  readonly startingRoom: number;
  /** Deliveries at the same time, over all. */
  readonly concurrency: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** So many in a row that find nobody: the destination is left alone. */
const ILL_IN_A_ROW = 3;
/** What destinations that have not shown that they answer may take of all deliveries together: whoever is slow delays nobody. */
const STRANGERS_SHARE = 3 / 4;
/** So much new mail, or as much as it may be asked at a time where that is more, may be on its way to a destination besides. */
const RESERVED = 20;
/** Of so many destinations that are idle it is remembered how they took it. */
const MEMORY = 10_000;
/** Times of being left alone are cut by up to one part in so many, so that not all end at once. */
const JITTER = 4;

interface State {
  readonly policy: DestinationPolicy;
  readonly allowance: Allowance | null;
  load: number;
  /** New mail that is leased, or about to be, and waits for its turn beside those that wait in the queue. */
  reserved: number;
  window: number;
  /** Deliveries in a row that found nobody. */
  ill: number;
  /** How often it was left alone since it last answered. */
  failures: number;
  until: number;
  answers: boolean;
}

export class Destinations {
  readonly #parts: DestinationsParts;
  readonly #states = new Map<string, State>();
  /** Those that are asked something, or whose rate is used up. */
  readonly #busy = new Set<string>();
  /** Those at which mail may be due that was not taken for want of room. `all`: nobody has looked. */
  #behind: Set<string> | 'all' = 'all';
  #load = 0;
  #reserved = 0;
  #strangers = 0;

  constructor(parts: DestinationsParts) {
    this.#parts = parts;
  }

  /** How many more deliveries may begin, and how many of them at destinations that have not shown that they answer. */
  get free(): { readonly all: number; readonly strangers: number } {
    const { concurrency } = this.#parts;
    const all = Math.max(0, concurrency - this.#load);
    return { all, strangers: Math.min(all, Math.max(0, Math.ceil(concurrency * STRANGERS_SHARE) - this.#strangers)) };
  }

  /** For which mails there is room at the moment. */
  room(): Room {
    const but = [...this.#busy].map(name => [name, this.#roomAt(name)] as const);
    return { each: this.#parts.startingRoom, but: new Map(but) };
  }

  /** Those that can take nothing at the moment. */
  full(): readonly string[] {
    return [...this.#busy].filter(name => this.#roomAt(name) <= 0);
  }

  /** Those that are known to answer and can take more: at most so many. */
  answering(most: number): readonly string[] {
    const names: string[] = [];
    for (const [name, state] of this.#states) {
      if (names.length === most) break;
      if (state.answers && this.#roomAt(name) > 0) names.push(name);
    }
    return names;
  }

  /** All that is due and has room has been taken: only at those that are full may more be due. */
  caughtUp(): void {
    this.#behind = new Set(this.full());
  }

  /** Mail for these waits in the queue. */
  fellBehind(names: Iterable<string>): void {
    if (this.#behind !== 'all') for (const name of names) this.#behind.add(name);
  }

  /** More may be due than was taken. */
  isBehind(): void {
    this.#behind = 'all';
  }

  /**
   * Whether new mail need not go through the queue for any of these: nobody waits there already, and there is room, or will
   * be soon.
   */
  admits(names: ReadonlySet<string>): boolean {
    const behind = this.#behind;
    if (behind === 'all' || !this.#isFreeFor(names, this.#reserved)) return false;
    return [...names].every(name => !behind.has(name) && this.#mayReserve(name));
  }

  /** New mail for each of these is on its way: what it will take is given to nobody else, though it takes nothing yet. */
  reserve(names: Iterable<string>): void {
    for (const name of names) {
      this.#state(name).reserved += 1;
      this.#reserved += 1;
      this.#busy.add(name);
    }
  }

  /** It begins, or will not. */
  unreserve(names: Iterable<string>): void {
    for (const name of names) {
      const state = this.#state(name);
      state.reserved -= 1;
      this.#reserved -= 1;
      this.#rest(name, state);
    }
  }

  /** What mail that is reserved can do: begin, wait for a delivery that runs, or nothing, as nobody is asked there now. */
  turnOf(names: ReadonlySet<string>): 'begin' | 'wait' | 'left-alone' {
    const states = [...names].map(name => this.#state(name));
    if (states.some(state => this.#isLeftAlone(state))) return 'left-alone';
    const hasRoom = states.every(
      state => Math.min(state.window - state.load, state.allowance?.left() ?? Infinity) >= 1,
    );
    return hasRoom && this.#isFreeFor(names, 0) ? 'begin' : 'wait';
  }

  /** A delivery to each of these begins. */
  begin(names: Iterable<string>): void {
    for (const name of names) {
      const state = this.#state(name);
      state.load += 1;
      state.allowance?.take();
      this.#load += 1;
      if (!state.answers) this.#strangers += 1;
      this.#busy.add(name);
    }
  }

  /** It is over. @returns what that changes, or `null`; `wakes`: whether somebody waits for the room that it leaves. */
  end(name: string, news: News): { readonly turn: Turn | null; readonly wakes: boolean } {
    const state = this.#state(name);
    const wakes = this.#behind === 'all' || this.#behind.has(name);
    state.load -= 1;
    this.#load -= 1;
    if (!state.answers) this.#strangers -= 1;
    const answered = state.answers;
    const turn = this.#learn(state, news);
    // Those that still run are counted as what the destination is now.
    if (answered !== state.answers) this.#strangers += state.answers ? -state.load : state.load;
    this.#rest(name, state);
    if (this.#states.size > MEMORY) this.#forget();
    return { turn, wakes };
  }

  /** How long until a rate allows more, in milliseconds; `Infinity` where none is used up. */
  untilAllowed(): number {
    let least = Infinity;
    for (const name of this.#busy) {
      const state = this.#states.get(name);
      if (state?.allowance === undefined || state.allowance === null) continue;
      const wait = state.allowance.untilNext();
      if (wait > 0) least = Math.min(least, wait);
      else if (state.load === 0 && state.reserved === 0) this.#busy.delete(name);
    }
    return least;
  }

  #state(name: string): State {
    let state = this.#states.get(name);
    if (state === undefined) {
      const policy = this.#parts.policyFor(name);
      const allowance = policy.rate === null ? null : new Allowance(policy.rate, this.#parts.clock);
      const window = policy.concurrency.start;
      state = { policy, allowance, load: 0, reserved: 0, window, ill: 0, failures: 0, until: 0, answers: false };
      this.#states.set(name, state);
    }
    return state;
  }

  /** How much mail may be taken out of the queue for it. */
  #roomAt(name: string): number {
    const state = this.#states.get(name);
    if (state === undefined) return this.#parts.startingRoom;
    if (this.#isLeftAlone(state)) return 0;
    return Math.min(Math.floor(state.window) - state.load, state.allowance?.left() ?? Infinity) - state.reserved;
  }

  #mayReserve(name: string): boolean {
    const state = this.#states.get(name);
    if (state === undefined) return true;
    const most = Math.min(Math.max(RESERVED, state.policy.concurrency.most), state.allowance?.left() ?? Infinity);
    return !this.#isLeftAlone(state) && state.reserved < most;
  }

  #isLeftAlone({ until }: State): boolean {
    return until > this.#parts.clock.now().getTime();
  }

  /** Whether deliveries to these may begin, as far as all deliveries together go, when so many others have begun. */
  #isFreeFor(names: ReadonlySet<string>, others: number): boolean {
    const { all, strangers } = this.free;
    if (names.size > all - others) return false;
    const unknown = [...names].filter(name => this.#states.get(name)?.answers !== true).length;
    return unknown === 0 || unknown <= strangers - others;
  }

  #rest(name: string, { load, reserved, allowance }: State): void {
    if (load === 0 && reserved === 0 && allowance === null) this.#busy.delete(name);
  }

  #learn(state: State, news: News): Turn | null {
    const { start, most } = state.policy.concurrency;
    switch (news) {
      case 'unknown':
        return null;
      case 'well': {
        const back = state.failures > 0;
        state.window = back ? start : Math.min(most, state.window + 1 / state.window);
        state.ill = 0;
        state.failures = 0;
        state.until = 0;
        state.answers = true;
        return back ? { kind: 'back' } : null;
      }
      case 'ill':
        return this.#fail(state);
    }
  }

  #fail(state: State): Turn | null {
    const { clock, random } = this.#parts;
    const now = clock.now().getTime();
    // What began before it was left alone says nothing new.
    if (state.until > now) return null;
    state.answers = false;
    state.ill += 1;
    state.window = Math.max(1, state.window - 1);
    if (state.failures === 0 && state.ill < ILL_IN_A_ROW) return null;
    const { first, longest } = state.policy.backOff;
    const full = Math.min(first * 2 ** state.failures, longest);
    state.failures += 1;
    state.ill = 0;
    state.window = 1;
    state.until = now + full - random.below(Math.floor(full / JITTER) + 1);
    return { kind: 'left-alone', until: new Date(state.until) };
  }

  /** The longest known of those that are idle goes. */
  #forget(): void {
    for (const [name, { load, reserved }] of this.#states) {
      if (load > 0 || reserved > 0 || this.#busy.has(name)) continue;
      this.#states.delete(name);
      return;
    }
  }
}
