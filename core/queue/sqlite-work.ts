/** The operations of the engine on the database: commit, lease, settle. Each runs inside a transaction of its caller. */
import type { DatabaseSync } from 'node:sqlite';
import { describeError } from '../mail/failure.ts';
import { RoomLeft } from './room-left.ts';
import { Unreadable } from './shape.ts';
import type { Lane } from './sqlite-lanes.ts';
import type { Operations, Performers, SettlementRow, WorkerOptions } from './sqlite-protocol.ts';
import { type Query, query, troubleOf } from './sqlite-query.ts';
import { type MailHead, type Reader, type RecipientHead, recipientOf } from './sqlite-reader.ts';
import type { Tables } from './sqlite-tables.ts';

type Lease = Operations['lease'];
type Taken = Lease['output']['leases'][number];
type Damage = Lease['output']['damaged'][number];

/** What a recipient returns to when its lease ends without a settlement. */
const UNLEASED = `
  state = CASE WHEN (SELECT hold FROM mail WHERE key = recipient.mail) IS NULL THEN 'waiting' ELSE 'held' END,
  owner = NULL, fence = NULL, until = NULL`;

/** So many recipients are put back at once: nobody waits longer for it, however many were leased when a process ended. */
const PIECE = 500;

interface LeasedRow extends Lane {
  readonly mail: number;
  readonly position: number;
}

type WorkName = 'commit' | 'lease' | 'settle' | 'backOff' | 'renew' | 'giveBack' | 'nextDue';
/** A recipient of a lease, with what was decided about its mail meanwhile. */
interface HeldRow {
  readonly position: number;
  readonly key: number;
  readonly hold: string | null;
  readonly bounce: string | null;
}

/** A mail lies on a damaged page of the database. SQLite writes nothing more in a transaction that has met one. */
export class DamagedRow extends Error {
  override readonly name = 'DamagedRow';
  readonly key: number;
  readonly damage: Damage;
  /** As for the error that it stands for. */
  readonly errcode = 11;

  constructor(key: number, id: string, error: unknown) {
    const cause = `the database is damaged where it lies: ${describeError(error)}`;
    super(cause, { cause: error });
    this.key = key;
    this.damage = { id, cause };
  }
}

export class Work implements Pick<Performers, WorkName> {
  readonly #tables: Tables;
  readonly #reader: Reader;
  readonly #found: Damage[] = [];
  /** The last fence of the owners before this one, as long as they may have left leases. */
  #olderThan: number | null = null;
  readonly #take: Query<never>;
  readonly #held: Query<HeldRow>;
  readonly #settle: Query<never>;
  readonly #unsettled: Query<{ count: number }>;
  readonly #expired: Query<LeasedRow>;
  readonly #older: Query<LeasedRow>;
  readonly #owned: Query<LeasedRow>;
  readonly #unlease: Query<never>;
  readonly #renew: Query<never>;
  readonly #firstUntil: Query<{ until: number | null }>;
  readonly #firstExpired: Query<{ mail: number }>;

  constructor(database: DatabaseSync, tables: Tables, reader: Reader) {
    this.#tables = tables;
    this.#reader = reader;
    const prepare = <Row = never>(sql: string) => query<Row>(database, sql);
    this.#take = prepare(
      "UPDATE recipient SET state = 'leased', owner = ?, fence = ?, until = ? WHERE mail = ? AND position = ?",
    );
    this.#held = prepare(
      `SELECT r.position, m.key, m.hold, m.bounce FROM mail m JOIN recipient r ON r.mail = m.key
       WHERE m.id = ? AND r.state = 'leased' AND r.fence = ?`,
    );
    this.#settle = prepare(
      `UPDATE recipient SET state = ?, due = coalesce(?, due), delay_notified = coalesce(?, delay_notified),
         expires = coalesce(?, expires), outcome = ?, attempts = attempts + 1, owner = NULL, fence = NULL, until = NULL
       WHERE mail = ? AND position = ?`,
    );
    this.#unsettled = prepare("SELECT count(*) AS count FROM recipient WHERE mail = ? AND state <> 'done'");
    const leased = "SELECT mail, position, destination, priority FROM recipient WHERE state = 'leased'";
    this.#expired = prepare(`${leased} AND until <= ? LIMIT ${PIECE}`);
    this.#older = prepare(`${leased} AND fence <= ? LIMIT ${PIECE}`);
    this.#owned = prepare(`${leased} AND owner = ?`);
    this.#unlease = prepare(`UPDATE recipient SET ${UNLEASED} WHERE mail = ? AND position = ?`);
    this.#renew = prepare(
      `UPDATE recipient SET until = ?
       WHERE mail = (SELECT key FROM mail WHERE id = ?) AND state = 'leased' AND fence = ?`,
    );
    this.#firstUntil = prepare("SELECT min(until) AS until FROM recipient WHERE state = 'leased'");
    this.#firstExpired = prepare(
      "SELECT mail FROM recipient WHERE state = 'waiting' AND expires < ? ORDER BY expires LIMIT 1",
    );
  }

  commit({ rows, claim }: Operations['commit']['input']): Operations['commit']['output'] {
    return this.#tables.insert(rows, claim);
  }

  /** The destinations take turns by precedence, one mail each, until nobody has mail, room, or the limit is met. */
  lease(request: Lease['input']): Lease['output'] {
    this.endOlderLeases();
    this.#endLeases(this.#expired.all(request.now));
    const taken: Lease['output'] & { leases: Taken[]; damaged: Damage[] } = { leases: [], damaged: [] };
    const room = new RoomLeft({
      limit: request.limit,
      room: request,
      ...(request.only === null ? {} : { only: request.only }),
    });
    for (let progress = true; progress && room.all > 0; ) {
      progress = false;
      for (const lane of this.#turns(request)) {
        if (room.all <= 0) break;
        if (room.at(lane.destination) <= 0) continue;
        const first = this.#tables.lanes.firstMail(lane, request.now);
        if (first === null) continue;
        progress = true;
        this.#orSetAside(first, taken, head => this.#takeMail(head, request, room));
      }
    }
    this.#giveUp(request, taken, room);
    taken.damaged.push(...this.#found.splice(0));
    return taken;
  }

  /** What has expired is taken last: where there was room it has been tried a last time. */
  #giveUp(request: Lease['input'], taken: { leases: Taken[]; damaged: Damage[] }, room: RoomLeft): void {
    while (room.all > 0) {
      const first = this.#firstExpired.get(request.expiredBefore)?.mail ?? null;
      if (first === null) return;
      room.takeOne();
      this.#orSetAside(first, taken, head => this.#takeExpired(head, request));
    }
  }

  #turns({ now, limit, but, only }: Lease['input']): readonly Lane[] {
    const { lanes } = this.#tables;
    return only === null ? lanes.turns(now, limit + but.size) : lanes.turnsOf(only, now);
  }

  /** Takes a mail, or sets it aside where it cannot be read. */
  #orSetAside(
    key: number,
    { leases, damaged }: { leases: Taken[]; damaged: Damage[] },
    take: (head: MailHead) => Taken,
  ): void {
    let head: MailHead | null = null;
    try {
      head = this.#reader.head({ key });
      if (head === null) throw new Unreadable('the mail of a recipient', 'there');
      leases.push(take(head));
    } catch (error) {
      const id = head?.id ?? `row ${key}`;
      if (troubleOf(error).code === 'SQLITE_CORRUPT') throw new DamagedRow(key, id, error);
      if (!(error instanceof Unreadable)) throw error;
      const damage = { id, cause: error.message };
      damaged.push(this.#tables.setAside(key, damage));
      this.#tables.explain(key, damage);
    }
  }

  /** Keeps a damaged row from being leased. Told with the next lease. */
  setAside({ key, damage }: DamagedRow): void {
    this.#found.push(this.#tables.setAside(key, damage));
  }

  /** Writes down why, where that is still possible. */
  explain({ key, damage }: DamagedRow): void {
    this.#tables.explain(key, damage);
  }

  settle({ id, fence, settlements, stepsJson, notifications }: Operations['settle']['input']): 'settled' | 'lost' {
    const held = this.#held.all(id, fence);
    const [first] = held;
    const positions = new Set(held.map(row => row.position));
    if (first === undefined || !settlements.every(one => positions.has(one.index))) return 'lost';
    const { key } = first;
    const done = settlements.filter(one => one.again === null && one.damage === null).length;
    if (this.#unsettled.get(key)?.count === done) {
      this.#tables.forget(key, { settlements, stepsJson, removedJson: null });
    } else {
      for (const settlement of settlements) this.#settleOne(first, settlement);
      const damage = settlements.find(one => one.damage !== null)?.damage ?? null;
      if (damage !== null) {
        this.#tables.setAsideWaiting(key);
        this.#tables.explain(key, { id, cause: damage });
      }
      if (stepsJson !== null) this.#tables.addSteps(key, stepsJson);
      this.#tables.lanes.refresh(this.#tables.lanesOf(key));
    }
    this.#tables.insert(notifications);
    return 'settled';
  }

  #settleOne({ key, hold, bounce }: HeldRow, { index, outcomeJson, again, damage }: SettlementRow): void {
    if (again === null) {
      this.#settle.run(damage === null ? 'done' : 'damaged', null, null, null, outcomeJson, key, index);
      return;
    }
    const state = hold === null ? 'waiting' : 'held';
    // It was to be returned meanwhile: it is due since then, and given up at once.
    const [due, expires] = bounce === null ? [again.due, again.expires] : [null, null];
    this.#settle.run(state, due, Number(again.delayNotified), expires, outcomeJson, key, index);
  }

  backOff({ destination, until }: Operations['backOff']['input']): null {
    this.#tables.lanes.backOff(destination, until);
    return null;
  }

  renew({ leases, until }: Operations['renew']['input']): null {
    for (const { id, fence } of leases) this.#renew.run(until, id, fence);
    return null;
  }

  giveBack({ owner }: Operations['giveBack']['input']): null {
    this.#endLeases(this.#owned.all(owner));
    return null;
  }

  nextDue({ except }: Operations['nextDue']['input']): number | null {
    if (this.#olderThan !== null) return 0;
    const until = this.#firstUntil.get()?.until ?? Infinity;
    const next = Math.min(this.#tables.lanes.nextDue(new Set(except)), until);
    return next === Infinity ? null : next;
  }

  /** For the only owner there is: the fences begin anew, and `anew` says that whoever held leases is gone. */
  begin(how: WorkerOptions['begins']): void {
    const last = this.#tables.beginFences();
    if (how === 'again') return;
    this.#olderThan = last;
    this.endOlderLeases();
  }

  /** Ends some of the leases of the owners before this one. @returns whether there are more. */
  endOlderLeases(): boolean {
    if (this.#olderThan === null) return false;
    const rows = this.#older.all(this.#olderThan);
    this.#endLeases(rows);
    // Nothing was changed then: a transaction that is undone takes nothing back.
    if (rows.length === 0) this.#olderThan = null;
    return this.#olderThan !== null;
  }

  #takeMail(head: MailHead, request: Lease['input'], room: RoomLeft): Taken {
    const mail = this.#reader.mail(head);
    const waiting = this.#reader.recipients(head.key).filter(row => row.state === 'waiting' && row.due <= request.now);
    const due = room.takeFor(waiting);
    const recipients = due.map(row => recipientOf(row, mail.envelope));
    const fence = this.#leaseTo(request, head, due);
    return { fence, mail, recipients, fate: this.#reader.fate(head) };
  }

  #takeExpired(head: MailHead, request: Lease['input']): Taken {
    const mail = this.#reader.mail(head);
    const over = this.#reader
      .recipients(head.key)
      .filter(row => row.state === 'waiting' && row.expires < request.expiredBefore);
    const recipients = over.map(row => recipientOf(row, mail.envelope));
    const fate = head.bounce === null ? ({ kind: 'expire' } as const) : this.#reader.fate(head);
    return { fence: this.#leaseTo(request, head, over), mail, recipients, fate };
  }

  #leaseTo({ owner, until }: Lease['input'], head: MailHead, rows: readonly RecipientHead[]): number {
    const fence = this.#tables.nextFence();
    for (const { position } of rows) this.#take.run(owner, fence, until, head.key, position);
    this.#tables.lanes.refresh(rows);
    return fence;
  }

  #endLeases(rows: readonly LeasedRow[]): void {
    for (const { mail, position } of rows) this.#unlease.run(mail, position);
    this.#tables.lanes.refresh(rows);
  }
}
