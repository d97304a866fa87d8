/** The operations of people on destinations: flush, suspend, resume. */
import type { DatabaseSync } from 'node:sqlite';
import type { Suspension } from '../plugin/queue-control.ts';
import { decodeSuspension } from './codec.ts';
import type { Lane } from './sqlite-lanes.ts';
import type { Operations, Performers } from './sqlite-protocol.ts';
import { type Query, query } from './sqlite-query.ts';
import type { Tables } from './sqlite-tables.ts';

/** So much is done in one transaction: a few milliseconds, in which nothing else is written. */
const RECIPIENTS_AT_ONCE = 1000;
const LANES_AT_ONCE = 500;

export class Traffic implements Pick<Performers, 'flush' | 'suspend' | 'resume' | 'suspensions'> {
  readonly #tables: Tables;
  readonly #lanesFrom: Query<Lane>;
  readonly #makeDue: Query<never>;
  readonly #count: Query<{ count: number }>;
  readonly #suspend: Query<never>;
  readonly #resume: Query<never>;
  readonly #forgetOld: Query<never>;
  readonly #suspended: Query<{ name: string; suspended: string }>;

  constructor(database: DatabaseSync, tables: Tables) {
    this.#tables = tables;
    const prepare = <Row = never>(sql: string) => query<Row>(database, sql);
    this.#lanesFrom = prepare(
      `SELECT destination, priority FROM lane
       WHERE destination >= ?1 AND (?2 IS NULL OR destination = ?2 OR destination LIKE '%@' || ?2)
       ORDER BY destination, priority LIMIT ${LANES_AT_ONCE}`,
    );
    this.#makeDue = prepare(
      `UPDATE recipient SET due = ?1 WHERE (mail, position) IN (
         SELECT mail, position FROM recipient
         WHERE state = 'waiting' AND destination = ?2 AND priority = ?3 AND due > ?1 ORDER BY due LIMIT ?4)`,
    );
    this.#count = prepare(
      "SELECT count(*) AS count FROM recipient WHERE state = 'waiting' AND destination = ? AND priority = ?",
    );
    this.#suspend = prepare(
      `INSERT INTO destination (name, suspended) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET suspended = excluded.suspended`,
    );
    this.#resume = prepare(
      'UPDATE destination SET suspended = NULL, not_before = 0 WHERE name = ? AND suspended IS NOT NULL',
    );
    this.#forgetOld = prepare('DELETE FROM destination WHERE name = ? AND not_before = 0 AND suspended IS NULL');
    this.#suspended = prepare('SELECT name, suspended FROM destination WHERE suspended IS NOT NULL ORDER BY name');
  }

  /** What is due already is not found again, so going on means looking from the same destination on. */
  flush({ destination, now, after }: Operations['flush']['input']): Operations['flush']['output'] {
    const lanes = this.#lanesFrom.all(after ?? '', destination);
    let recipients = 0;
    for (const lane of lanes) {
      this.#tables.lanes.endBackOff(lane.destination);
      recipients += this.#makeDue.run(now, lane.destination, lane.priority, RECIPIENTS_AT_ONCE - recipients);
      this.#tables.lanes.refresh([lane]);
      if (recipients >= RECIPIENTS_AT_ONCE) return { recipients, next: lane.destination };
    }
    // Not behind the last: it may have other lanes.
    return { recipients, next: lanes.length === LANES_AT_ONCE ? (lanes.at(-1)?.destination ?? null) : null };
  }

  suspend({ destination, suspensionJson }: Operations['suspend']['input']): number {
    this.#suspend.run(destination, suspensionJson);
    this.#tables.lanes.refreshUnder(destination);
    return this.#waiting(destination);
  }

  resume({ destination }: Operations['resume']['input']): number | null {
    if (this.#resume.run(destination) === 0) return null;
    this.#forgetOld.run(destination);
    this.#tables.lanes.refreshUnder(destination);
    return this.#waiting(destination);
  }

  suspensions(): readonly Suspension[] {
    return this.#suspended.all().map(({ name, suspended }) => ({ destination: name, ...decodeSuspension(suspended) }));
  }

  #waiting(destination: string): number {
    return this.#tables.lanes
      .under(destination)
      .reduce((sum, lane) => sum + (this.#count.get(lane.destination, lane.priority)?.count ?? 0), 0);
  }
}
