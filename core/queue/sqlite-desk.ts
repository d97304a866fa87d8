/** The operations of people on one mail: find, retry, hold, release, remove, bounce. Each leaves its step in the trace. */
import type { DatabaseSync } from 'node:sqlite';
import type { Acted, RecipientState } from '../plugin/queue-control.ts';
import { Unreadable } from './shape.ts';
import { AT_ONCE, type Operations, type OrderRow, type Performers } from './sqlite-protocol.ts';
import { type Query, query, troubleOf } from './sqlite-query.ts';
import type { MailHead, Reader } from './sqlite-reader.ts';
import type { Tables } from './sqlite-tables.ts';

type DeskName = 'find' | 'retry' | 'hold' | 'release' | 'remove' | 'bounce';

export class Desk implements Pick<Performers, DeskName> {
  readonly #tables: Tables;
  readonly #reader: Reader;
  readonly #retry: Query<never>;
  readonly #hold: Query<never>;
  readonly #release: Query<never>;
  readonly #setBounce: Query<never>;
  readonly #bounce: Query<never>;
  readonly #bounceLeased: Query<never>;
  readonly #counts: Query<{ state: RecipientState; count: number }>;

  constructor(database: DatabaseSync, tables: Tables, reader: Reader) {
    this.#tables = tables;
    this.#reader = reader;
    const prepare = <Row = never>(sql: string) => query<Row>(database, sql);
    this.#retry = prepare("UPDATE recipient SET due = ? WHERE mail = ? AND state = 'waiting'");
    this.#hold = prepare("UPDATE recipient SET state = 'held' WHERE mail = ? AND state = 'waiting'");
    this.#release = prepare(
      "UPDATE recipient SET state = 'waiting', due = ? WHERE mail = ? AND state IN ('held', 'damaged')",
    );
    this.#setBounce = prepare('UPDATE mail SET bounce = ?, hold = NULL WHERE key = ?');
    this.#bounce = prepare(
      `UPDATE recipient SET state = 'waiting', due = ?, expires = ${AT_ONCE}
       WHERE mail = ? AND state IN ('waiting', 'held')`,
    );
    this.#bounceLeased = prepare(`UPDATE recipient SET expires = ${AT_ONCE} WHERE mail = ? AND state = 'leased'`);
    this.#counts = prepare('SELECT state, count(*) AS count FROM recipient WHERE mail = ? GROUP BY state');
  }

  find({ id }: Operations['find']['input']): Operations['find']['output'] {
    const head = this.#reader.head({ id });
    if (head === null) return null;
    return { entry: this.#reader.entry(head), mail: this.#readable(head), trace: this.#reader.trace(head) };
  }

  /** Whoever asks for it wants it tried: a destination that did not answer is not kept back any longer. */
  retry(order: OrderRow): Acted | null {
    return this.#change(order, mail => {
      for (const { destination } of this.#tables.lanesOf(mail)) this.#tables.lanes.endBackOff(destination);
      return this.#retry.run(order.now, mail);
    });
  }

  /** Those that are leased are held, should they come back: `mail.hold` says so. */
  hold(order: OrderRow): Acted | null {
    return this.#change(order, mail => {
      const damaged = this.#count(mail, ['damaged']);
      // It is kept back already, and why must not be forgotten.
      if (damaged > 0) return damaged;
      this.#tables.setHold(mail, order.reasonJson);
      this.#hold.run(mail);
      return this.#count(mail, ['held']);
    });
  }

  release(order: OrderRow): Acted | null {
    return this.#change(order, mail => {
      this.#tables.setHold(mail, null);
      return this.#release.run(order.now, mail);
    });
  }

  remove({ id, reasonJson, stepJson }: OrderRow): Acted | null {
    const head = this.#reader.head({ id });
    if (head === null) return null;
    const leased = this.#count(head.key, ['leased']);
    const recipients = this.#count(head.key, ['waiting', 'held', 'damaged']);
    this.#tables.forget(head.key, { settlements: [], stepsJson: stepJson, removedJson: reasonJson });
    return { recipients, leased };
  }

  /** Those that are leased are returned, should they come back: `mail.bounce` says so. Of damaged mail nothing is known. */
  bounce(order: Operations['bounce']['input']): Acted | null {
    return this.#change(order, mail => {
      if (this.#count(mail, ['damaged']) > 0) return 0;
      this.#setBounce.run(order.bounceJson, mail);
      this.#bounceLeased.run(mail);
      return this.#bounce.run(order.now, mail);
    });
  }

  #count(mail: number, states: readonly RecipientState[]): number {
    return this.#counts
      .all(mail)
      .filter(({ state }) => states.includes(state))
      .reduce((sum, { count }) => sum + count, 0);
  }

  #change({ id, stepJson }: OrderRow, act: (mail: number) => number): Acted | null {
    const head = this.#reader.head({ id });
    if (head === null) return null;
    const before = this.#tables.lanesOf(head.key);
    const recipients = act(head.key);
    this.#tables.addSteps(head.key, stepJson);
    this.#tables.lanes.refresh([...before, ...this.#tables.lanesOf(head.key)]);
    return { recipients, leased: this.#count(head.key, ['leased']) };
  }

  #readable(head: MailHead): ReturnType<Reader['mail']> | null {
    try {
      return this.#reader.mail(head);
    } catch (error) {
      if (error instanceof Unreadable || troubleOf(error).code === 'SQLITE_CORRUPT') return null;
      throw error;
    }
  }
}
