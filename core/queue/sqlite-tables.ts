/** The steps that several operations share: inserting, setting aside, forgetting, and keeping `destination` true. */
import type { DatabaseSync } from 'node:sqlite';
import { encodeHold } from './codec.ts';
import type { Damage, NewRows } from './sqlite-protocol.ts';
import { type Query, query } from './sqlite-query.ts';

/** Who sets damaged mail aside. */
const ENGINE = 'mailframe';

export class Tables {
  /** Spool files whose rows this transaction has deleted. To be removed once it has committed. */
  readonly orphans = new Set<string>();
  /** Whether this transaction inserted rows that name spool files: their folder must be synced before it commits. */
  namesSpoolFiles = false;

  readonly #insertContent: Query<{ key: number }>;
  readonly #insertMail: Query<{ key: number }>;
  readonly #insertRecipient: Query<never>;
  readonly #earliest: Query<{ due: number | null }>;
  readonly #setDestination: Query<never>;
  readonly #dropDestination: Query<never>;
  readonly #waitingDestinations: Query<{ destination: string }>;
  readonly #contentOf: Query<{ content: number }>;
  readonly #forget: readonly Query<never>[];
  readonly #dropContent: Query<{ spool: string | null }>;
  readonly #spoolFiles: Query<{ spool: string }>;
  readonly #setHold: Query<never>;
  readonly #markDamaged: Query<never>;

  constructor(database: DatabaseSync) {
    const prepare = <Row = never>(sql: string) => query<Row>(database, sql);
    this.#insertContent = prepare('INSERT INTO content (size, octets, spool) VALUES (?, ?, ?) RETURNING key');
    this.#insertMail = prepare(
      `INSERT INTO mail (id, content, received, record, trace, bounce, hold)
       VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING key`,
    );
    this.#insertRecipient = prepare(
      'INSERT INTO recipient (mail, position, destination, state, due) VALUES (?, ?, ?, ?, ?)',
    );
    this.#earliest = prepare("SELECT min(due) AS due FROM recipient WHERE state = 'waiting' AND destination = ?");
    this.#setDestination = prepare(
      `INSERT INTO destination (name, due) VALUES (?, ?)
       ON CONFLICT (name) DO UPDATE SET due = excluded.due WHERE due <> excluded.due`,
    );
    this.#dropDestination = prepare('DELETE FROM destination WHERE name = ?');
    this.#waitingDestinations = prepare(
      "SELECT DISTINCT destination FROM recipient WHERE mail = ? AND state = 'waiting'",
    );
    this.#contentOf = prepare('SELECT content FROM mail WHERE key = ?');
    this.#forget = [
      prepare('DELETE FROM recipient WHERE mail = ?'),
      prepare('DELETE FROM step WHERE mail = ?'),
      prepare('DELETE FROM mail WHERE key = ?'),
    ];
    this.#dropContent = prepare(
      'DELETE FROM content WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM mail WHERE content = ?1) RETURNING spool',
    );
    this.#spoolFiles = prepare('SELECT spool FROM content WHERE spool IS NOT NULL');
    this.#setHold = prepare('UPDATE mail SET hold = ? WHERE key = ?');
    this.#markDamaged = prepare(
      "UPDATE recipient SET state = 'damaged', owner = NULL, fence = NULL, until = NULL WHERE mail = ? AND state <> 'done'",
    );
  }

  insert({ contents, mails }: NewRows): void {
    const keys = contents.map(({ size, octets, spool }) => {
      if (spool !== null) this.namesSpoolFiles = true;
      return this.#insertContent.get(size, octets, spool)?.key ?? null;
    });
    const touched = new Set<string>();
    for (const mail of mails) {
      const { id, receivedAt, mailJson, traceJson, bounceJson, holdJson } = mail;
      const content = keys[mail.content] ?? null;
      const key = this.#insertMail.get(id, content, receivedAt, mailJson, traceJson, bounceJson, holdJson)?.key ?? null;
      const state = holdJson === null ? 'waiting' : 'held';
      for (const [position, destination] of mail.destinations.entries()) {
        this.#insertRecipient.run(key, position, destination, state, receivedAt);
        touched.add(destination);
      }
    }
    this.refresh(touched);
  }

  /** Must follow every change of who waits, for the destinations that it touched. */
  refresh(destinations: Iterable<string>): void {
    for (const name of destinations) {
      const due = this.#earliest.get(name)?.due ?? null;
      if (due === null) this.#dropDestination.run(name);
      else this.#setDestination.run(name, due);
    }
  }

  /** The destinations that a mail waits for. */
  waitingFor(mail: number): readonly string[] {
    return this.#waitingDestinations.all(mail).map(row => row.destination);
  }

  /** Deletes a mail, and its content with the last mail that has it. */
  forget(mail: number): void {
    const destinations = this.waitingFor(mail);
    const content = this.#contentOf.get(mail)?.content ?? null;
    for (const statement of this.#forget) statement.run(mail);
    const spool = this.#dropContent.get(content)?.spool ?? null;
    if (spool !== null) this.orphans.add(spool);
    this.refresh(destinations);
  }

  /** Keeps a mail that cannot be read from being tried again and again. */
  setAside(mail: number, { id, cause }: Damage): Damage {
    const destinations = this.waitingFor(mail);
    this.#setHold.run(encodeHold({ by: ENGINE, reason: cause }), mail);
    this.#markDamaged.run(mail);
    this.refresh(destinations);
    return { id, cause };
  }

  /** The names of all spool files that are in use. */
  spoolFiles(): ReadonlySet<string> {
    return new Set(this.#spoolFiles.all().map(row => row.spool));
  }

  /** `null` ends the hold. */
  setHold(mail: number, holdJson: string | null): void {
    this.#setHold.run(holdJson, mail);
  }
}
