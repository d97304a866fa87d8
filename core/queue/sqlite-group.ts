/**
 * Group commit: the calls that wait at the same time share one transaction, and so one fsync.
 *
 * Guarantee: a reply is made after its transaction is on the disk. A call that fails takes none of its group with it:
 * the group is undone, and each of its calls runs again alone.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { HistoryFolder } from './history-folder.ts';
import type { SpoolFolder } from './spool-folder.ts';
import { Desk } from './sqlite-desk.ts';
import { Listing } from './sqlite-listing.ts';
import {
  type Call,
  LOOKS_ONLY,
  type OperationName,
  type Operations,
  type Performers,
  type Reply,
  type WorkerOptions,
} from './sqlite-protocol.ts';
import { troubleOf } from './sqlite-query.ts';
import { Reader } from './sqlite-reader.ts';
import { Statistics } from './sqlite-statistics.ts';
import { Tables } from './sqlite-tables.ts';
import { Traffic } from './sqlite-traffic.ts';
import { DamagedRow, Work } from './sqlite-work.ts';

export class Group {
  readonly #database: DatabaseSync;
  readonly #spool: SpoolFolder;
  readonly #history: HistoryFolder | null;
  readonly #tables: Tables;
  readonly #work: Work;
  readonly #performers: Performers;

  /** `history`: where lines about mail that leaves are written, or `null`. */
  constructor(database: DatabaseSync, spool: SpoolFolder, history: HistoryFolder | null) {
    this.#database = database;
    this.#spool = spool;
    this.#history = history;
    this.#tables = new Tables(database, history);
    const reader = new Reader(database, spool, this.#tables.lanes);
    const work = new Work(database, this.#tables, reader);
    this.#work = work;
    const desk = new Desk(database, this.#tables, reader);
    const listing = new Listing(database, reader);
    const traffic = new Traffic(database, this.#tables);
    const statistics = new Statistics(database);
    this.#performers = {
      commit: mails => {
        spool.requireReserve();
        return work.commit(mails);
      },
      lease: request => work.lease(request),
      settle: settled => work.settle(settled),
      backOff: request => work.backOff(request),
      renew: request => work.renew(request),
      giveBack: request => work.giveBack(request),
      nextDue: request => work.nextDue(request),
      list: page => listing.page(page),
      octets: ({ id }) => reader.octets(id),
      unnamed: ({ names }) => names.filter(name => !this.#tables.isNamed(name)),
      find: request => desk.find(request),
      retry: request => desk.retry(request),
      hold: request => desk.hold(request),
      release: request => desk.release(request),
      remove: request => desk.remove(request),
      bounce: request => desk.bounce(request),
      flush: request => traffic.flush(request),
      suspend: request => traffic.suspend(request),
      resume: request => traffic.resume(request),
      suspensions: () => traffic.suspensions(),
      statistics: question => statistics.statistics(question),
    };
  }

  /** What an owner does first: where it begins anew, it begins to end the leases of those before it. */
  takeOver(begins: WorkerOptions['begins']): void {
    this.#database.exec('BEGIN IMMEDIATE');
    this.#work.begin(begins);
    this.#database.exec('COMMIT');
  }

  /**
   * A piece of what an owner does behind the back of those who call: ending the leases of those before it. `lease` does the
   * same, so that what fails here is not lost.
   * @returns whether there is more of it.
   */
  tidy(): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      const more = this.#work.endOlderLeases();
      this.#database.exec('COMMIT');
      return more;
    } catch {
      this.#undo();
      return false;
    }
  }

  /** One reply for each call, in order. Never throws. */
  run(calls: readonly Call[]): readonly Reply[] {
    const looks = calls.every(call => LOOKS_ONLY[call.kind]);
    try {
      if (!looks) this.#database.exec('BEGIN IMMEDIATE');
    } catch (error) {
      // Nobody's fault: a locked database would make each of them wait in vain, one after the other.
      return allFailed(calls, error);
    }
    try {
      return looks ? calls.map(call => this.#perform(call)) : this.#together(calls);
    } catch (error) {
      this.#undo();
      if (calls.length > 1) return calls.flatMap(call => this.run([call]));
      return error instanceof DamagedRow && this.#setAside(error) ? this.run(calls) : allFailed(calls, error);
    }
  }

  /** Says why in a transaction of its own: that row may be what is damaged. @returns whether it worked. */
  #setAside(row: DamagedRow): boolean {
    const isSetAside = this.#alone(() => this.#work.setAside(row));
    if (isSetAside) this.#alone(() => this.#work.explain(row));
    return isSetAside;
  }

  /** @returns whether it worked. */
  #alone(act: () => void): boolean {
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      act();
      this.#database.exec('COMMIT');
      return true;
    } catch {
      this.#undo();
      return false;
    }
  }

  #together(calls: readonly Call[]): readonly Reply[] {
    const replies = calls.map(call => this.#perform(call));
    this.#requireSpoolFiles();
    this.#database.exec('COMMIT');
    this.#spool.remove(this.#tables.orphans);
    this.#remember(this.#tables.departed);
    this.#forgetNotes();
    return replies;
  }

  /** What is left of the volume is for mail that is to leave. */
  #remember(departed: readonly string[]): void {
    if (departed.length > 0 && this.#spool.hasReserve()) this.#history?.append(departed);
  }

  /** Nobody but us removes them. Should somebody have done so, the client still has the mail. */
  #requireSpoolFiles(): void {
    const named = this.#tables.spoolFilesNamed;
    for (const [name, size] of named) this.#spool.check(name, size);
    if (named.size > 0) this.#spool.sync();
  }

  #perform<K extends OperationName>(call: Call & { readonly kind: K }): Reply {
    const perform = this.#performers[call.kind] as (input: unknown) => Operations[K]['output'];
    return { number: call.number, kind: 'done', output: perform(call.input) };
  }

  /** SQLite has undone some failures itself, a full disk for one. */
  #undo(): void {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    this.#forgetNotes();
  }

  #forgetNotes(): void {
    this.#tables.orphans.clear();
    this.#tables.spoolFilesNamed.clear();
    this.#tables.departed.length = 0;
  }
}

function allFailed(calls: readonly Call[], error: unknown): readonly Reply[] {
  return calls.map(({ number }) => ({ number, kind: 'failed', trouble: troubleOf(error) }));
}
