/** The operations of people on the database: list, find, retry, hold, release, remove. */
import type { DatabaseSync } from 'node:sqlite';
import { Unreadable } from './shape.ts';
import type { Operations, Performers } from './sqlite-protocol.ts';
import { type Query, query, troubleOf } from './sqlite-query.ts';
import type { MailHead, Reader } from './sqlite-reader.ts';
import type { Tables } from './sqlite-tables.ts';

export class Desk implements Pick<Performers, 'list' | 'find' | 'retry' | 'hold' | 'release' | 'remove'> {
  readonly #tables: Tables;
  readonly #reader: Reader;
  readonly #retry: Query<never>;
  readonly #hold: Query<never>;
  readonly #release: Query<never>;
  readonly #unsettled: Query<{ count: number }>;

  constructor(database: DatabaseSync, tables: Tables, reader: Reader) {
    this.#tables = tables;
    this.#reader = reader;
    this.#retry = query(database, "UPDATE recipient SET due = ? WHERE mail = ? AND state = 'waiting'");
    this.#hold = query(database, "UPDATE recipient SET state = 'held' WHERE mail = ? AND state = 'waiting'");
    this.#release = query(
      database,
      "UPDATE recipient SET state = 'waiting', due = ? WHERE mail = ? AND state IN ('held', 'damaged')",
    );
    this.#unsettled = query(database, "SELECT count(*) AS count FROM recipient WHERE mail = ? AND state <> 'done'");
  }

  list({ after, limit }: Operations['list']['input']): Operations['list']['output'] {
    return this.#reader.page(after, limit).map(head => this.#reader.entry(head));
  }

  find({ id }: Operations['find']['input']): Operations['find']['output'] {
    const head = this.#reader.head({ id });
    if (head === null) return null;
    return { entry: this.#reader.entry(head), mail: this.#readable(head), trace: this.#reader.trace(head) };
  }

  /** Whoever asks for it wants it tried: a destination that did not answer is not kept back any longer. */
  retry({ id, now }: Operations['retry']['input']): number | null {
    return this.#change(id, mail => {
      for (const { destination } of this.#tables.lanesOf(mail)) this.#tables.lanes.backOff(destination, 0);
      return this.#retry.run(now, mail);
    });
  }

  /** Those that are leased are held, should they come back: `mail.hold` says so. */
  hold({ id, holdJson }: Operations['hold']['input']): number | null {
    return this.#change(id, mail => {
      this.#tables.setHold(mail, holdJson);
      this.#hold.run(mail);
      return this.#countUnsettled(mail);
    });
  }

  release({ id, now }: Operations['release']['input']): number | null {
    return this.#change(id, mail => {
      this.#tables.setHold(mail, null);
      return this.#release.run(now, mail);
    });
  }

  remove({ id }: Operations['remove']['input']): number | null {
    return this.#change(id, mail => {
      const count = this.#countUnsettled(mail);
      this.#tables.forget(mail);
      return count;
    });
  }

  #countUnsettled(mail: number): number {
    return this.#unsettled.get(mail)?.count ?? 0;
  }

  #change(id: string, act: (mail: number) => number): number | null {
    const head = this.#reader.head({ id });
    if (head === null) return null;
    const before = this.#tables.lanesOf(head.key);
    const count = act(head.key);
    this.#tables.lanes.refresh([...before, ...this.#tables.lanesOf(head.key)]);
    return count;
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
