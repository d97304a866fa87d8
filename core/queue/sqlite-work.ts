/** The operations of the engine on the database: commit, lease, settle. Each runs inside a transaction of its caller. */
import type { DatabaseSync } from 'node:sqlite';
import { Unreadable } from './shape.ts';
import type { Lane } from './sqlite-lanes.ts';
import type { Operations, Performers } from './sqlite-protocol.ts';
import { type Query, query } from './sqlite-query.ts';
import { type MailHead, type Reader, recipientOf } from './sqlite-reader.ts';
import type { Tables } from './sqlite-tables.ts';

type Lease = Operations['lease'];
type Taken = Lease['output']['leases'][number];
type Damage = Lease['output']['damaged'][number];

/** What a recipient returns to when its lease ends without a settlement. */
const UNLEASED = `
  state = CASE WHEN (SELECT hold FROM mail WHERE key = recipient.mail) IS NULL THEN 'waiting' ELSE 'held' END,
  owner = NULL, fence = NULL, until = NULL`;

/** How many more mails fit, counted down while mail is taken. */
class RoomLeft {
  readonly #each: number;
  readonly #left: Map<string, number>;

  constructor({ each, but }: Lease['input']) {
    this.#each = each;
    this.#left = new Map(but);
  }

  at(destination: string): number {
    return this.#left.get(destination) ?? this.#each;
  }

  take(destinations: Iterable<string>): void {
    for (const destination of destinations) this.#left.set(destination, this.at(destination) - 1);
  }
}

export class Work implements Pick<Performers, 'commit' | 'lease' | 'settle' | 'renew' | 'giveBack' | 'nextDue'> {
  readonly #tables: Tables;
  readonly #reader: Reader;
  readonly #nextFence: Query<{ fence: number }>;
  readonly #take: Query<never>;
  readonly #held: Query<{ position: number; key: number; hold: string | null }>;
  readonly #settle: Query<never>;
  readonly #unsettled: Query<{ one: 1 }>;
  readonly #addSteps: Query<never>;
  readonly #expired: Query<Lane>;
  readonly #expire: Query<never>;
  readonly #owned: Query<Lane>;
  readonly #giveBack: Query<never>;
  readonly #renew: Query<never>;
  readonly #firstUntil: Query<{ until: number | null }>;

  constructor(database: DatabaseSync, tables: Tables, reader: Reader) {
    this.#tables = tables;
    this.#reader = reader;
    const prepare = <Row = never>(sql: string) => query<Row>(database, sql);
    this.#nextFence = prepare('UPDATE counter SET fence = fence + 1 RETURNING fence');
    this.#take = prepare(
      "UPDATE recipient SET state = 'leased', owner = ?, fence = ?, until = ? WHERE mail = ? AND position = ?",
    );
    this.#held = prepare(
      `SELECT r.position, m.key, m.hold FROM mail m JOIN recipient r ON r.mail = m.key
       WHERE m.id = ? AND r.state = 'leased' AND r.fence = ?`,
    );
    this.#settle = prepare(
      `UPDATE recipient SET state = ?, due = coalesce(?, due), delay_notified = coalesce(?, delay_notified),
         outcome = ?, attempts = attempts + 1, owner = NULL, fence = NULL, until = NULL
       WHERE mail = ? AND position = ?`,
    );
    this.#unsettled = prepare("SELECT 1 AS one FROM recipient WHERE mail = ? AND state <> 'done' LIMIT 1");
    this.#addSteps = prepare(
      `INSERT INTO step (mail, number, steps)
       SELECT ?1, coalesce(max(number), 0) + 1, ?2 FROM step WHERE mail = ?1`,
    );
    const distinct = 'SELECT DISTINCT destination, priority FROM recipient';
    this.#expired = prepare(`${distinct} WHERE state = 'leased' AND until <= ?`);
    this.#expire = prepare(`UPDATE recipient SET ${UNLEASED} WHERE state = 'leased' AND until <= ?`);
    this.#owned = prepare(`${distinct} WHERE state = 'leased' AND owner = ?`);
    this.#giveBack = prepare(`UPDATE recipient SET ${UNLEASED} WHERE state = 'leased' AND owner = ?`);
    this.#renew = prepare(
      `UPDATE recipient SET until = ?
       WHERE mail = (SELECT key FROM mail WHERE id = ?) AND state = 'leased' AND fence = ?`,
    );
    this.#firstUntil = prepare("SELECT min(until) AS until FROM recipient WHERE state = 'leased'");
  }

  commit(rows: Operations['commit']['input']): null {
    this.#tables.insert(rows);
    return null;
  }

  /** The destinations take turns by precedence, one mail each, until nobody has mail, room, or the limit is met. */
  lease(request: Lease['input']): Lease['output'] {
    this.#endLeases(this.#expired, this.#expire, request.now);
    const room = new RoomLeft(request);
    const leases: Taken[] = [];
    const damaged: Damage[] = [];
    for (let progress = true; progress && leases.length < request.limit; ) {
      progress = false;
      for (const lane of this.#tables.lanes.turns(request.now, request.limit + request.but.size)) {
        if (leases.length >= request.limit) break;
        if (room.at(lane.destination) <= 0) continue;
        const first = this.#tables.lanes.firstMail(lane, request.now);
        const head = first === null ? null : this.#reader.head({ key: first });
        if (head === null) continue;
        progress = true;
        try {
          leases.push(this.#takeMail(head, request, room));
        } catch (error) {
          if (!(error instanceof Unreadable)) throw error;
          damaged.push(this.#tables.setAside(head.key, { id: head.id, cause: error.message }));
        }
      }
    }
    return { leases, damaged };
  }

  settle({ id, fence, settlements, stepsJson, notifications }: Operations['settle']['input']): 'settled' | 'lost' {
    const held = this.#held.all(id, fence);
    const [first] = held;
    const positions = new Set(held.map(row => row.position));
    if (first === undefined || !settlements.every(one => positions.has(one.index))) return 'lost';
    const { key, hold } = first;
    for (const { index, outcomeJson, again } of settlements) {
      const state = again === null ? 'done' : hold === null ? 'waiting' : 'held';
      const delayNotified = again === null ? null : Number(again.delayNotified);
      this.#settle.run(state, again?.due ?? null, delayNotified, outcomeJson, key, index);
    }
    if (this.#unsettled.get(key) === undefined) {
      this.#tables.forget(key);
    } else {
      if (stepsJson !== null) this.#addSteps.run(key, stepsJson);
      this.#tables.lanes.refresh(this.#tables.lanesOf(key));
    }
    this.#tables.insert(notifications);
    return 'settled';
  }

  renew({ leases, until }: Operations['renew']['input']): null {
    for (const { id, fence } of leases) this.#renew.run(until, id, fence);
    return null;
  }

  giveBack({ owner }: Operations['giveBack']['input']): null {
    this.#endLeases(this.#owned, this.#giveBack, owner);
    return null;
  }

  nextDue({ except }: Operations['nextDue']['input']): number | null {
    const until = this.#firstUntil.get()?.until ?? Infinity;
    const next = Math.min(this.#tables.lanes.nextDue(new Set(except)), until);
    return next === Infinity ? null : next;
  }

  /** For the only owner there is: whoever held leases is gone. */
  endAllLeases(): void {
    this.#endLeases(this.#expired, this.#expire, Number.MAX_SAFE_INTEGER);
  }

  #takeMail(head: MailHead, request: Lease['input'], room: RoomLeft): Taken {
    const mail = this.#reader.mail(head);
    const due = this.#reader
      .recipients(head.key)
      .filter(row => row.state === 'waiting' && row.due <= request.now && room.at(row.destination) > 0);
    const recipients = due.map(row => recipientOf(row, mail.envelope));
    const fate = this.#reader.fate(head);
    const fence = this.#nextFence.get()?.fence ?? 0;
    for (const { position } of due) {
      this.#take.run(request.owner, fence, request.until, head.key, position);
    }
    room.take(new Set(due.map(row => row.destination)));
    this.#tables.lanes.refresh(due);
    return { fence, mail, recipients, fate };
  }

  #endLeases(which: Query<Lane>, end: Query<never>, argument: string | number): void {
    const lanes = which.all(argument);
    if (lanes.length === 0) return;
    end.run(argument);
    this.#tables.lanes.refresh(lanes);
  }
}
