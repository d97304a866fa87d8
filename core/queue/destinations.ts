/**
 * What all destinations are asked at the moment, how they take it, and who may be asked next.
 *
 * Those that have not shown that they answer, the strangers, never have all deliveries, and while there is other work they
 * are tried at a pace. Nothing of this is written down but the end of a back-off: a restart begins with strangers alone.
 */
import type { DestinationPolicy } from '../mail/destination.ts';
import type { Clock, Random } from '../plugin/ports.ts';
import type { Lease, Room } from '../plugin/queue-store.ts';
import { Backlog, type Look } from './backlog.ts';
import { DestinationState, type News, type Turn } from './destination-state.ts';
import { Pace } from './pace.ts';

/** What the deliveries of a gateway are bounded by. */
export interface DestinationBounds {
  readonly policyFor: (destination: string) => DestinationPolicy;
  /** The room for a destination that has not been met, whatever its policy. */
  readonly startingRoom: number;
  /** Deliveries at the same time, over all. */
  readonly concurrency: number;
}

export interface DestinationsParts extends DestinationBounds {
  readonly clock: Clock;
  readonly random: Random;
}

/** Whose mail is looked for: that of these, or of all but these. */
export interface Whose {
  readonly only?: readonly string[];
  readonly except?: readonly string[];
}

/** What strangers may take of all deliveries together: whoever is slow delays nobody. */
const STRANGERS_SHARE = 3 / 4;
/** Of so many destinations it is remembered how they took it; where there are more, so many of the idle ones are forgotten. */
const MEMORY = 10_000;
const FORGOTTEN_AT_ONCE = 1000;

export class Destinations {
  readonly #parts: Pick<DestinationsParts, 'clock' | 'random'>;
  #bounds: DestinationBounds;
  /** Those first that have been idle the longest. */
  readonly #states = new Map<string, DestinationState>();
  /** Those that answer: those first that have not been looked for the longest. */
  readonly #known = new Set<string>();
  /** Those that are asked something, or whose rate is used up. */
  readonly #busy = new Set<string>();
  readonly #backlog = new Backlog();
  readonly #pace: Pace;
  #load = 0;
  #reserved = 0;
  /** Of the load. */
  #strangers = 0;

  constructor(parts: DestinationsParts) {
    this.#parts = parts;
    this.#bounds = parts;
    this.#pace = new Pace(parts.clock);
  }

  /** Other bounds hold from now on. What runs beyond them ends by itself. */
  change(bounds: DestinationBounds): void {
    this.#bounds = bounds;
    for (const [name, state] of this.#states) {
      state.adopt(bounds.policyFor(name));
      if (state.isIdle && state.allowance === null) this.#busy.delete(name);
    }
  }

  /** How many more deliveries may begin, and how many of them at strangers. */
  get free(): { readonly all: number; readonly strangers: number } {
    const all = this.#allLeft();
    return { all, strangers: Math.min(all, this.#shareLeft(), this.#pace.left()) };
  }

  /** Those that can take nothing at the moment. */
  full(): readonly string[] {
    return [...this.#busy].filter(name => this.#roomAt(name) <= 0);
  }

  /** Whether all that was due has been taken, but for what waits for destinations that are known. */
  get isCaughtUp(): boolean {
    return this.#backlog.isKnown;
  }

  /** Those that can take more, and for which mail waits, or may: of those that answer, or of the strangers. */
  behind(which: 'known' | 'strangers'): readonly string[] {
    const isMeant = (name: string) => this.#answers(name) === (which === 'known');
    return [...this.#backlog.waiting].filter(name => isMeant(name) && this.#roomAt(name) > 0);
  }

  /** Some of those that answer, as far as they can take more: by and by all of them. */
  nextKnown(most: number): readonly string[] {
    const names = [...this.#known].slice(0, most);
    for (const name of names) {
      this.#known.delete(name);
      this.#known.add(name);
    }
    return names.filter(name => this.#roomAt(name) > 0);
  }

  /** A look into the queue begins. Several may only begin together, and not for the same destinations. */
  look(limit: number, { only, except = [] }: Whose = {}): Look {
    this.#backlog.begin();
    const but = new Map([...this.#busy].map(name => [name, this.#roomAt(name)]));
    for (const name of except) but.set(name, 0);
    const room: Room = { each: this.#bounds.startingRoom, but };
    return { limit, room, at: this.#parts.clock.monotonic(), ...(only === undefined ? {} : { only }) };
  }

  /** It has found this: the deliveries begin. */
  found(look: Look, leases: readonly Lease[]): void {
    this.#pace.looked(this.#parts.clock.monotonic() - look.at);
    this.#backlog.end(look, leases);
    for (const { fate, recipients } of leases) {
      if (fate.kind !== 'deliver') continue;
      const names = new Set(recipients.map(({ destination }) => destination));
      for (const name of names) this.#state(name).isGivenOut(look.at);
      this.begin(names);
    }
  }

  /** Mail for these was put into the queue. */
  fellBehind(names: Iterable<string>): void {
    for (const name of names) this.#backlog.add(name);
  }

  /** There is new mail: strangers stand back for a while. */
  newMail(): void {
    this.#pace.yield();
  }

  /** The store knows until when it is left alone, and gives out none of its mail until then. */
  isKeptBack(name: string): void {
    this.#states.get(name)?.isKeptBack();
  }

  /**
   * Whether new mail need not go through the queue for any of these: nobody waits there already, and there is room, or will
   * be soon.
   */
  admits(names: ReadonlySet<string>): boolean {
    if (!this.#isFreeFor(names, this.#reserved)) return false;
    for (const name of names) {
      if (this.#backlog.isBehind(name) || this.#states.get(name)?.mayReserve === false) return false;
    }
    return true;
  }

  /** Whether nothing but the deliveries that run keeps any of these from taking more: a matter of moments. */
  flow(names: ReadonlySet<string>): boolean {
    return [...names].every(name => this.#states.get(name)?.flows ?? false);
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
    let hasRoom = true;
    for (const name of names) {
      const state = this.#state(name);
      if (state.isLeftAlone) return 'left-alone';
      hasRoom &&= state.hasRoom;
    }
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
      if (state.answers) this.#pace.yield();
      else this.#pace.take();
      this.#busy.add(name);
    }
  }

  /** It is over. @returns what that changes, or `null`; `wakes`: whether somebody may wait for the room that it leaves. */
  end(name: string, news: News): { readonly turn: Turn | null; readonly wakes: boolean } {
    const state = this.#state(name);
    const wasFull = this.#allLeft() <= 0 || this.#shareLeft() <= 0;
    state.load -= 1;
    this.#load -= 1;
    if (!state.answers) this.#strangers -= 1;
    const answered = state.answers;
    const turn = state.learn(news);
    if (answered !== state.answers) this.#turn(name, state);
    this.#rest(name, state);
    if (this.#states.size > MEMORY) this.#forget();
    // All of its mail is looked for then, and not only what is among the first that are due.
    if (state.answers && this.#backlog.isBehind(name)) this.#backlog.want(name);
    return { turn, wakes: this.#backlog.isWanted(name) || (wasFull && !this.#backlog.isEmpty) };
  }

  /** How long until a rate or the pace allows more, in milliseconds; `Infinity` where none is used up. */
  untilAllowed(): number {
    let least = this.#pace.untilNext() || Infinity;
    for (const name of this.#busy) {
      const state = this.#states.get(name);
      if (state?.allowance === undefined || state.allowance === null) continue;
      const wait = state.allowance.untilNext();
      if (wait > 0) least = Math.min(least, wait);
      else if (state.isIdle) this.#busy.delete(name);
    }
    return least;
  }

  #state(name: string): DestinationState {
    let state = this.#states.get(name);
    if (state === undefined) {
      state = new DestinationState(this.#bounds.policyFor(name), this.#parts);
      this.#states.set(name, state);
    }
    return state;
  }

  #answers(name: string): boolean {
    return this.#states.get(name)?.answers ?? false;
  }

  #roomAt(name: string): number {
    return this.#states.get(name)?.room ?? this.#bounds.startingRoom;
  }

  #allLeft(): number {
    return Math.max(0, this.#bounds.concurrency - this.#load);
  }

  #shareLeft(): number {
    return Math.max(0, Math.ceil(this.#bounds.concurrency * STRANGERS_SHARE) - this.#strangers);
  }

  /** Whether deliveries to these may begin, as far as all deliveries together go, when so many others have begun. */
  #isFreeFor(names: ReadonlySet<string>, others: number): boolean {
    if (names.size > this.#allLeft() - others) return false;
    let unknown = 0;
    for (const name of names) if (!this.#answers(name)) unknown += 1;
    return unknown === 0 || unknown <= this.free.strangers - others;
  }

  /** It answers now, or does so no longer. Those that still run are counted as what it is now. */
  #turn(name: string, { answers, load }: DestinationState): void {
    if (answers) {
      this.#known.add(name);
      this.#strangers -= load;
      this.#pace.giveBack(load + 1);
    } else {
      this.#known.delete(name);
      this.#strangers += load;
    }
  }

  #rest(name: string, state: DestinationState): void {
    if (!state.isIdle) return;
    if (state.allowance === null) this.#busy.delete(name);
    // Put last: it has been idle the shortest.
    this.#states.delete(name);
    this.#states.set(name, state);
  }

  /** Those first that neither answer nor are left alone, then those that have been idle the longest. */
  #forget(): void {
    const idle = [...this.#states].filter(([name]) => !this.#busy.has(name));
    const isWorthMore = ([, state]: (typeof idle)[number]) => state.answers || state.isLeftAlone;
    const order = [...idle.filter(one => !isWorthMore(one)), ...idle.filter(isWorthMore)];
    for (const [name] of order.slice(0, FORGOTTEN_AT_ONCE)) {
      this.#states.delete(name);
      this.#known.delete(name);
    }
  }
}
