/**
 * Lanes: those who wait for one destination at one priority. The table says when each lane is due next, so that the next
 * work is found without stepping over the mail of destinations that have no room, or of times that have not come. A lane
 * whose destination is kept back is not due before that ends; one that is suspended never is.
 */
import type { DatabaseSync } from 'node:sqlite';
import { precedence } from './precedence.ts';
import { NEVER } from './sqlite-protocol.ts';
import { type Query, query } from './sqlite-query.ts';

export interface Lane {
  readonly destination: string;
  readonly priority: number;
}

interface DueLane extends Lane {
  readonly due: number;
}

export class Lanes {
  readonly #first: Query<{ due: number }>;
  readonly #set: Query<never>;
  readonly #drop: Query<never>;
  readonly #highest: Query<{ priority: number | null }>;
  readonly #nextLower: Query<{ priority: number | null }>;
  readonly #due: Query<DueLane>;
  readonly #earliest: Query<DueLane>;
  readonly #firstMail: Query<{ mail: number }>;
  readonly #ofDestination: Query<DueLane>;
  readonly #ofDomain: Query<DueLane>;
  readonly #keptBack: Query<{ not_before: number; suspended: string | null }>;
  readonly #anyKeptBack: Query<{ one: 1 }>;
  readonly #backOff: Query<never>;
  readonly #forgetOld: Query<never>;

  constructor(database: DatabaseSync) {
    const prepare = <Row = never>(sql: string) => query<Row>(database, sql);
    const waiting = "FROM recipient WHERE state = 'waiting' AND destination = ? AND priority = ?";
    this.#first = prepare(`SELECT due ${waiting} ORDER BY due LIMIT 1`);
    this.#firstMail = prepare(`SELECT mail ${waiting} AND due <= ? ORDER BY due LIMIT 1`);
    this.#set = prepare(
      `INSERT INTO lane (destination, priority, due) VALUES (?, ?, ?)
       ON CONFLICT (destination, priority) DO UPDATE SET due = excluded.due WHERE due <> excluded.due`,
    );
    this.#drop = prepare('DELETE FROM lane WHERE destination = ? AND priority = ?');
    this.#highest = prepare('SELECT max(priority) AS priority FROM lane');
    this.#nextLower = prepare('SELECT max(priority) AS priority FROM lane WHERE priority < ?');
    const ofPriority = 'SELECT destination, priority, due FROM lane WHERE priority = ?';
    // With a bare "?" as its limit SQLite plans a statement anew whenever it runs; with a sum it does not look at the value.
    this.#due = prepare(`${ofPriority} AND due <= ? ORDER BY due LIMIT 0 + ?`);
    this.#earliest = prepare(`${ofPriority} ORDER BY due LIMIT 0 + ?`);
    this.#ofDestination = prepare('SELECT destination, priority, due FROM lane WHERE destination = ?');
    this.#ofDomain = prepare("SELECT destination, priority, due FROM lane WHERE destination LIKE '%@' || ?");
    this.#keptBack = prepare('SELECT not_before, suspended FROM destination WHERE name = ?');
    this.#anyKeptBack = prepare('SELECT 1 AS one FROM destination LIMIT 1');
    this.#backOff = prepare(
      `INSERT INTO destination (name, not_before) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET not_before = excluded.not_before`,
    );
    this.#forgetOld = prepare('DELETE FROM destination WHERE name = ? AND not_before = 0 AND suspended IS NULL');
  }

  /** Must follow every change of who waits, for the lanes that it touched. */
  refresh(lanes: Iterable<Lane>): void {
    for (const { destination, priority } of distinct(lanes)) {
      const due = this.#first.get(destination, priority)?.due ?? null;
      if (due === null) this.#drop.run(destination, priority);
      else this.#set.run(destination, priority, Math.max(due, this.notBefore(destination)));
    }
  }

  /** Keeps a destination back until then: it alone, not the mailboxes of a domain. 0 ends it. */
  backOff(destination: string, until: number): void {
    this.#backOff.run(destination, until);
    if (until === 0) this.#forgetOld.run(destination);
    this.refresh(this.#ofDestination.all(destination));
  }

  /** Ends the back-off of a destination, if there is any. */
  endBackOff(destination: string): void {
    if ((this.#keptBack.get(destination)?.not_before ?? 0) !== 0) this.backOff(destination, 0);
  }

  /** Must follow every change of who is suspended under a name: a destination, or the domain of mailboxes. */
  refreshUnder(name: string): void {
    this.refresh(this.under(name));
  }

  /** The lanes in which somebody waits, of a destination and of the mailboxes of a domain. */
  under(name: string): readonly Lane[] {
    return [...this.#ofDestination.all(name), ...this.#ofDomain.all(name)];
  }

  /** Whether all mail that is due may be taken. */
  nobodyIsKeptBack(): boolean {
    return this.#anyKeptBack.get() === undefined;
  }

  isKeptBack(destination: string, now: number): boolean {
    return this.notBefore(destination) > now;
  }

  /** When a destination may be tried again: `NEVER` while it, or the domain of its mailbox, is suspended. */
  notBefore(destination: string): number {
    const own = this.#keptBack.get(destination);
    const at = destination.lastIndexOf('@');
    const domain = at === -1 ? undefined : this.#keptBack.get(destination.slice(at + 1));
    if ((own?.suspended ?? domain?.suspended ?? null) !== null) return NEVER;
    return own?.not_before ?? 0;
  }

  /**
   * The lane whose turn it is at each destination, the destinations by precedence. Of each priority at least the first
   * `limit` lanes are looked at: what lies behind them has more than so many destinations before it.
   */
  turns(now: number, limit: number): readonly Lane[] {
    return inTurn(this.#priorities().flatMap(priority => this.#due.all(priority, now, limit)));
  }

  /** The same for these destinations alone. */
  turnsOf(destinations: readonly string[], now: number): readonly Lane[] {
    return inTurn(destinations.flatMap(one => this.#ofDestination.all(one)).filter(lane => lane.due <= now));
  }

  /** The mail that is due the longest in a lane, or `null`. */
  firstMail({ destination, priority }: Lane, now: number): number | null {
    return this.#firstMail.get(destination, priority, now)?.mail ?? null;
  }

  /** When the next recipient is due, without those of some destinations; `Infinity` where nobody waits. */
  nextDue(except: ReadonlySet<string>): number {
    const times = this.#priorities().map(
      priority => this.#earliest.all(priority, except.size + 1).find(lane => !except.has(lane.destination))?.due,
    );
    const next = Math.min(...times.map(time => time ?? NEVER), NEVER);
    return next === NEVER ? Infinity : next;
  }

  /** The priorities at which anybody waits: few, and each costs one look at the index. */
  #priorities(): readonly number[] {
    const found: number[] = [];
    let next = this.#highest.get()?.priority ?? null;
    while (next !== null) {
      found.push(next);
      next = this.#nextLower.get(next)?.priority ?? null;
    }
    return found;
  }
}

/** One lane of each destination, the destinations by precedence. */
function inTurn(lanes: readonly DueLane[]): readonly Lane[] {
  const best = new Map<string, DueLane>();
  for (const lane of lanes) {
    const other = best.get(lane.destination);
    if (other === undefined || rank(lane) < rank(other)) best.set(lane.destination, lane);
  }
  return [...best.values()].sort((one, other) => rank(one) - rank(other));
}

function rank({ due, priority }: DueLane): number {
  return precedence(due, priority);
}

function distinct(lanes: Iterable<Lane>): Iterable<Lane> {
  return new Map([...lanes].map(lane => [`${lane.priority} ${lane.destination}`, lane])).values();
}
