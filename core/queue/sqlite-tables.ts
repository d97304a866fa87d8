/** The steps that several operations share: inserting, setting aside, forgetting, and keeping the lanes true. */
import type { DatabaseSync } from 'node:sqlite';
import { encodeHold } from './codec.ts';
import { type Lane, Lanes } from './sqlite-lanes.ts';
import type { ClaimRow, Damage, MailRow, NewRows } from './sqlite-protocol.ts';
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

  #fence = 0;
  readonly #nextEpoch: Query<{ fence: number }>;
  readonly #insertContent: Query<{ key: number }>;
  readonly #insertMail: Query<{ key: number }>;
  readonly #insertRecipient: Query<never>;
  readonly #waitingLanes: Query<Lane>;
  readonly #contentOf: Query<{ content: number }>;
  readonly #forget: readonly Query<never>[];
  readonly #dropContent: Query<{ spool: string | null }>;
  readonly #spoolFiles: Query<{ spool: string }>;
  readonly #setHold: Query<never>;
  readonly #markDamaged: Query<never>;

  constructor(database: DatabaseSync) {
    this.lanes = new Lanes(database);
    const prepare = <Row = never>(sql: string) => query<Row>(database, sql);
    this.#nextEpoch = prepare('UPDATE counter SET fence = fence + 1 RETURNING fence');
    this.#insertContent = prepare('INSERT INTO content (size, octets, spool) VALUES (?, ?, ?) RETURNING key');
    this.#insertMail = prepare(
      `INSERT INTO mail (id, content, received, record, trace, bounce, hold)
       VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING key`,
    );
    this.#insertRecipient = prepare(
      `INSERT INTO recipient (mail, position, destination, state, due, expires, priority, owner, fence, until)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#waitingLanes = prepare(
      "SELECT DISTINCT destination, priority FROM recipient WHERE mail = ? AND state = 'waiting'",
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

  /** With a claim, mail that is to be delivered is leased from the start. @returns the fence of each mail, or `null`. */
  insert({ contents, mails }: NewRows, claim: ClaimRow | null = null): readonly (number | null)[] {
    const keys = contents.map(({ size, octets, spool }) => {
      if (spool !== null) this.spoolFilesNamed.set(spool, size);
      return this.#insertContent.get(size, octets, spool)?.key ?? null;
    });
    const waiting: Lane[] = [];
    const claimable = claim === null ? () => false : this.#claimable();
    const fences = mails.map(mail => {
      const fence = claimable(mail) ? this.nextFence() : null;
      this.#insertOne(mail, keys[mail.content] ?? null, fence === null ? null : { ...claim, fence });
      if (fence === null && mail.holdJson === null) waiting.push(...mail.places);
      return fence;
    });
    if (waiting.length > 0) this.lanes.refresh(waiting);
    return fences;
  }

  /** Only what is to be delivered, and to nobody who is kept back. */
  #claimable(): (mail: MailRow) => boolean {
    const free = this.lanes.nobodyIsKeptBack();
    return ({ holdJson, bounceJson, receivedAt, places }) =>
      holdJson === null &&
      bounceJson === null &&
      (free || places.every(({ destination }) => !this.lanes.isKeptBack(destination, receivedAt)));
  }

  #insertOne(
    mail: MailRow,
    content: number | null,
    lease: (Partial<ClaimRow> & { readonly fence: number }) | null,
  ): void {
    const { id, receivedAt, mailJson, traceJson, bounceJson, holdJson } = mail;
    const key = this.#insertMail.get(id, content, receivedAt, mailJson, traceJson, bounceJson, holdJson)?.key ?? null;
    const state = lease === null ? (holdJson === null ? 'waiting' : 'held') : 'leased';
    const by = [lease?.owner ?? null, lease?.fence ?? null, lease?.until ?? null];
    for (const [position, { destination, priority, expires }] of mail.places.entries()) {
      this.#insertRecipient.run(key, position, destination, state, receivedAt, expires, priority, ...by);
    }
  }

  /** Must come before the first fence: numbers that no owner had before. */
  beginFences(): void {
    this.#fence = (this.#nextEpoch.get()?.fence ?? 0) * FENCES_AN_OWNER;
  }

  nextFence(): number {
    this.#fence += 1;
    return this.#fence;
  }

  /** The lanes in which a mail waits. */
  lanesOf(mail: number): readonly Lane[] {
    return this.#waitingLanes.all(mail);
  }

  /** Deletes a mail, and its content with the last mail that has it. */
  forget(mail: number): void {
    const lanes = this.lanesOf(mail);
    const content = this.#contentOf.get(mail)?.content ?? null;
    for (const statement of this.#forget) statement.run(mail);
    const spool = this.#dropContent.get(content)?.spool ?? null;
    if (spool !== null) this.orphans.add(spool);
    this.lanes.refresh(lanes);
  }

  /** Keeps a mail that cannot be read from being tried again and again. */
  setAside(mail: number, { id, cause }: Damage): Damage {
    const lanes = this.lanesOf(mail);
    this.#markDamaged.run(mail);
    this.lanes.refresh(lanes);
    return { id, cause };
  }

  /** Says with the mail itself why it was set aside. */
  explain(mail: number, { cause }: Damage): void {
    this.#setHold.run(encodeHold({ by: ENGINE, reason: cause }), mail);
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
