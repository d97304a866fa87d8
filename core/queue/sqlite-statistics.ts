/**
 * The queue in figures. One pass over all recipients: their rows are small, those of mails and contents are not looked at.
 */
import type { DatabaseSync } from 'node:sqlite';
import { RECIPIENT_STATES, type RecipientState, type Suspension } from '../plugin/queue-control.ts';
import type { DestinationStatistics, Load, QueueStatistics } from '../plugin/queue-statistics.ts';
import { decodeSuspension } from './codec.ts';
import type { Operations, Performers } from './sqlite-protocol.ts';
import { type Query, query } from './sqlite-query.ts';

/** Recipients that share destination and state. */
interface Share {
  readonly destination: string;
  readonly state: RecipientState;
  readonly recipients: number;
  readonly octets: number;
  readonly due: number;
  readonly next: number;
  readonly first: number;
}

interface Growing {
  readonly destination: string;
  readonly counts: Record<RecipientState, number>;
  octets: number;
  due: number;
  next: number | null;
  first: number;
}

export class Statistics implements Pick<Performers, 'statistics'> {
  readonly #mails: Query<{ count: number }>;
  readonly #oldest: Query<{ received: number }>;
  readonly #shares: Query<Share>;
  readonly #received: Query<{ received: number }>;
  readonly #keptBack: Query<{ not_before: number; suspended: string | null }>;

  constructor(database: DatabaseSync) {
    const prepare = <Row>(sql: string) => query<Row>(database, sql);
    this.#mails = prepare('SELECT count(*) AS count FROM mail');
    this.#oldest = prepare('SELECT received FROM mail ORDER BY id LIMIT 1');
    this.#shares = prepare(
      `SELECT destination, state, count(*) AS recipients, sum(size) AS octets, sum(due <= ?) AS due, min(due) AS next,
         min(mail) AS first
       FROM recipient GROUP BY destination, state`,
    );
    this.#received = prepare('SELECT received FROM mail WHERE key = ?');
    this.#keptBack = prepare('SELECT not_before, suspended FROM destination WHERE name = ?');
  }

  statistics({ now, top }: Operations['statistics']['input']): QueueStatistics {
    const states = emptyStates();
    const destinations = new Map<string, Growing>();
    for (const share of this.#shares.iterate(now)) {
      const { state, recipients, octets } = share;
      states[state] = { recipients: states[state].recipients + recipients, octets: states[state].octets + octets };
      if (state !== 'done') add(destinations, share);
    }
    const largest = [...destinations.values()].sort((one, other) => sizeOf(other) - sizeOf(one)).slice(0, top);
    const oldest = this.#oldest.get()?.received ?? null;
    return {
      mails: this.#mails.get()?.count ?? 0,
      oldest: oldest === null ? null : new Date(oldest),
      states,
      destinations: destinations.size,
      top: largest.map(one => this.#figures(one, now)),
    };
  }

  #figures({ destination, counts, octets, due, next, first }: Growing, now: number): DestinationStatistics {
    const { waiting, leased, held, damaged } = counts;
    const notBefore = this.#keptBack.get(destination)?.not_before ?? 0;
    return {
      destination,
      recipients: waiting + leased + held + damaged,
      octets,
      waiting,
      due,
      leased,
      held,
      damaged,
      oldest: new Date(this.#received.get(first)?.received ?? now),
      nextAttempt: next === null ? null : new Date(next),
      notBefore: notBefore > now ? new Date(notBefore) : null,
      suspended: this.#suspension(destination),
    };
  }

  #suspension(destination: string): Suspension | null {
    const at = destination.lastIndexOf('@');
    for (const name of at === -1 ? [destination] : [destination, destination.slice(at + 1)]) {
      const stored = this.#keptBack.get(name)?.suspended ?? null;
      if (stored !== null) return { destination: name, ...decodeSuspension(stored) };
    }
    return null;
  }
}

function emptyStates(): Record<RecipientState, Load> {
  const none = { recipients: 0, octets: 0 };
  return Object.fromEntries(RECIPIENT_STATES.map(state => [state, none])) as Record<RecipientState, Load>;
}

function add(destinations: Map<string, Growing>, share: Share): void {
  const { destination, state, recipients, octets, due, next, first } = share;
  let one = destinations.get(destination);
  if (one === undefined) {
    const counts = { waiting: 0, leased: 0, held: 0, damaged: 0, done: 0 };
    one = { destination, counts, octets: 0, due: 0, next: null, first };
    destinations.set(destination, one);
  }
  one.counts[state] += recipients;
  one.octets += octets;
  one.first = Math.min(one.first, first);
  if (state !== 'waiting') return;
  one.due = due;
  one.next = next;
}

function sizeOf({ counts }: Growing): number {
  return counts.waiting + counts.leased + counts.held + counts.damaged;
}
