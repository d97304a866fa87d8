/** The steps that several operations share: inserting, setting aside, forgetting, and keeping the lanes true. */
import type { DatabaseSync } from 'node:sqlite';
import { encodeHold } from './codec.ts';
import type { HistoryFolder } from './history-folder.ts';
import type { Passing } from './passing.ts';
import { type Departure, Departures } from './sqlite-departure.ts';
import { type Lane, Lanes } from './sqlite-lanes.ts';
import { AT_ONCE, type ClaimRow, type ContentRow, type Damage, type MailRow, type NewRows } from './sqlite-protocol.ts';
import { type Query, query } from './sqlite-query.ts';

/** An owner gives out fewer, so that none has to be written down. */
const FENCES_AN_OWNER = 2 ** 32;
/** Who sets damaged mail aside. */
const ENGINE = 'mailframe';

export class Tables {
  readonly lanes: Lanes;
  /** Spool files whose rows this transaction has deleted. To be removed once it has committed. */
  readonly orphans = new Set<string>();
  /** The sizes of the spool files that this transaction has named: they must be there, and their folder synced, before it commits. */
  readonly spoolFilesNamed = new Map<string, number>();
  /** Lines about the mails that this transaction has deleted. To be written once it has committed. */
  readonly departed: string[] = [];

  #fence = 0;
  readonly #departures: Departures;
  readonly #nextEpoch: Query<{ fence: number }>;
  readonly #landed: Query<{ landed: number }>;
  readonly #setLanded: Query<never>;
  readonly #sealed: Query<{ seal: string }>;
  readonly #setSeal: Query<never>;
  readonly #byId: Query<{ one: 1 }>;
  readonly #insertContent: Query<{ key: number }>;
  readonly #insertMail: Query<{ key: number }>;
  readonly #insertRecipient: Query<never>;
  readonly #waitingLanes: Query<Lane>;
  readonly #dropContent: Query<{ spool: string | null }>;
  readonly #bySpool: Query<{ key: number }>;
  readonly #setHold: Query<never>;
  readonly #markDamaged: Query<never>;
  readonly #markWaitingDamaged: Query<never>;
  readonly #addSteps: Query<never>;

  constructor(database: DatabaseSync, history: HistoryFolder | null) {
    this.lanes = new Lanes(database);
    this.#departures = new Departures(database, history);
    const prepare = <Row = never>(sql: string) => query<Row>(database, sql);
    this.#nextEpoch = prepare('UPDATE counter SET fence = fence + 1 RETURNING fence');
    this.#landed = prepare('SELECT landed FROM counter');
    this.#setLanded = prepare('UPDATE counter SET landed = ?');
    this.#sealed = prepare('SELECT seal FROM counter');
    this.#setSeal = prepare('UPDATE counter SET seal = ?');
    this.#byId = prepare('SELECT 1 AS one FROM mail WHERE id = ?');
    this.#insertContent = prepare('INSERT INTO content (size, crc32, octets, spool) VALUES (?, ?, ?, ?) RETURNING key');
    this.#insertMail = prepare(
      `INSERT INTO mail (id, content, received, record, trace, bounce, hold)
       VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING key`,
    );
    this.#insertRecipient = prepare(
      `INSERT INTO recipient (mail, position, destination, state, due, expires, priority, size, owner, fence, until)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#waitingLanes = prepare(
      "SELECT DISTINCT destination, priority FROM recipient WHERE mail = ? AND state = 'waiting'",
    );
    this.#dropContent = prepare(
      'DELETE FROM content WHERE key = ?1 AND NOT EXISTS (SELECT 1 FROM mail WHERE content = ?1) RETURNING spool',
    );
    this.#bySpool = prepare('SELECT key FROM content WHERE spool = ?');
    this.#setHold = prepare('UPDATE mail SET hold = ? WHERE key = ?');
    this.#markDamaged = prepare(
      "UPDATE recipient SET state = 'damaged', owner = NULL, fence = NULL, until = NULL WHERE mail = ? AND state <> 'done'",
    );
    this.#markWaitingDamaged = prepare("UPDATE recipient SET state = 'damaged' WHERE mail = ? AND state = 'waiting'");
    this.#addSteps = prepare(
      `INSERT INTO step (mail, number, steps)
       SELECT ?1, coalesce(max(number), 0) + 1, ?2 FROM step WHERE mail = ?1`,
    );
  }

  /** With a claim, mail that is to be delivered is leased from the start. @returns the fence of each mail, or `null`. */
  insert({ contents, mails }: NewRows, claim: ClaimRow | null = null): readonly (number | null)[] {
    const keys = contents.map(content => {
      if (content.spool !== null) this.spoolFilesNamed.set(content.spool, content.size);
      return this.#keyOf(content);
    });
    const waiting: Lane[] = [];
    const claimable = claim === null ? () => false : this.claimable();
    const fences = mails.map(mail => {
      const fence = claimable(mail) ? this.nextFence() : null;
      const content = { key: keys[mail.content] ?? null, size: contents[mail.content]?.size ?? 0 };
      this.#insertOne(mail, content, fence === null ? null : { ...claim, fence });
      if (fence === null && mail.holdJson === null) waiting.push(...mail.places);
      return fence;
    });
    if (waiting.length > 0) this.lanes.refresh(waiting);
    return fences;
  }

  /** Inserts mail that was leased before it came here, with the lease that it has. */
  insertLeased({ mail, content, claim, fence }: Passing): void {
    this.#insertOne(mail, { key: this.#keyOf(content), size: content.size }, { ...claim, fence });
  }

  /** Only what is to be delivered, and to nobody who is kept back. */
  claimable(): (mail: MailRow) => boolean {
    const free = this.lanes.nobodyIsKeptBack();
    return ({ holdJson, bounceJson, receivedAt, places }) =>
      holdJson === null &&
      bounceJson === null &&
      (free || places.every(({ destination }) => !this.lanes.isKeptBack(destination, receivedAt)));
  }

  #keyOf({ size, crc32, octets, spool }: ContentRow): number | null {
    return this.#insertContent.get(size, crc32, octets, spool)?.key ?? null;
  }

  #insertOne(
    mail: MailRow,
    content: { readonly key: number | null; readonly size: number },
    lease: (Partial<ClaimRow> & { readonly fence: number }) | null,
  ): void {
    const { id, receivedAt, mailJson, traceJson, bounceJson, holdJson } = mail;
    const head = [id, content.key, receivedAt, mailJson, traceJson, bounceJson, holdJson];
    const key = this.#insertMail.get(...head)?.key ?? null;
    const state = lease === null ? (holdJson === null ? 'waiting' : 'held') : 'leased';
    const by = [lease?.owner ?? null, lease?.fence ?? null, lease?.until ?? null];
    for (const [position, { destination, priority, expires }] of mail.places.entries()) {
      const end = bounceJson === null ? expires : AT_ONCE;
      const place = [key, position, destination, state, receivedAt, end, priority, content.size];
      this.#insertRecipient.run(...place, ...by);
    }
  }

  /** Must come before the first fence: numbers that no owner had before. @returns the last that an owner may have had. */
  beginFences(): number {
    this.#fence = (this.#nextEpoch.get()?.fence ?? 0) * FENCES_AN_OWNER;
    return this.#fence;
  }

  nextFence(): number {
    this.#fence += 1;
    return this.#fence;
  }

  /** The last that was given out, or, before the first, the last that another owner may have had. */
  get lastFence(): number {
    return this.#fence;
  }

  /** Up to this fence all mail of the journal is in the tables, or has left. */
  landed(): number {
    return this.#landed.get()?.landed ?? 0;
  }

  setLanded(fence: number): void {
    this.#setLanded.run(fence);
  }

  /** What the records of the journal bear. */
  seal(): Buffer {
    return Buffer.from(this.#sealed.get()?.seal ?? '', 'hex');
  }

  setSeal(seal: Buffer): void {
    this.#setSeal.run(seal.toString('hex'));
  }

  /** Whether there is such a mail. */
  has(id: string): boolean {
    return this.#byId.get(id) !== undefined;
  }

  /** The lanes in which a mail waits. */
  lanesOf(mail: number): readonly Lane[] {
    return this.#waitingLanes.all(mail);
  }

  /** Deletes a mail, and its content with the last mail that has it. */
  forget(mail: number, departure: Departure): void {
    // Where the last recipient was settled nobody waits.
    const lanes = departure.removedJson === null ? [] : this.lanesOf(mail);
    const { content, line } = this.#departures.take(mail, departure);
    if (line !== null) this.departed.push(line);
    const spool = this.#dropContent.get(content)?.spool ?? null;
    if (spool !== null) this.orphans.add(spool);
    this.lanes.refresh(lanes);
  }

  /** Adds to the trace of a mail. */
  addSteps(mail: number, stepsJson: string): void {
    this.#addSteps.run(mail, stepsJson);
  }

  /** Keeps a mail that cannot be read from being tried again and again. */
  setAside(mail: number, { id, cause }: Damage): Damage {
    const lanes = this.lanesOf(mail);
    this.#markDamaged.run(mail);
    this.lanes.refresh(lanes);
    return { id, cause };
  }

  /** As `setAside`, for those recipients alone who wait: what is leased is settled by whoever has leased it. */
  setAsideWaiting(mail: number): void {
    const lanes = this.lanesOf(mail);
    this.#markWaitingDamaged.run(mail);
    this.lanes.refresh(lanes);
  }

  /** Says with the mail itself why it was set aside. */
  explain(mail: number, { cause }: Damage): void {
    this.#setHold.run(encodeHold({ by: ENGINE, reason: cause }), mail);
  }

  /** Whether any row names the spool file. */
  isNamed(spool: string): boolean {
    return this.#bySpool.get(spool) !== undefined;
  }

  /** `null` ends the hold. */
  setHold(mail: number, holdJson: string | null): void {
    this.#setHold.run(holdJson, mail);
  }
}
