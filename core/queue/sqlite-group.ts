/**
 * Group commit: the calls that wait at the same time share one transaction, and so one fsync.
 *
 * Guarantee: a reply is made after its transaction is on the disk. A call that fails takes none of its group with it:
 * the group is undone, and each of its calls runs again alone.
 */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { HistoryFolder } from './history-folder.ts';
import type { JournalFile } from './journal-file.ts';
import { SEAL } from './journal-record.ts';
import { Passage, type Unread } from './passage.ts';
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

/** What a group works with besides the database. */
export interface GroupParts {
  readonly spool: SpoolFolder;
  /** Where lines about mail that leaves are written, or `null`. */
  readonly history?: HistoryFolder | null;
  /** The journal of the queue, for its owner alone. Missing: all mail goes through the tables. */
  readonly journal?: JournalFile | null;
  /** What is written into the journal bears it. Drawn at random: nobody who sends mail may know it. */
  readonly seal?: Buffer;
  /** In milliseconds, from any beginning. */
  readonly now?: () => number;
}

export class Group {
  readonly #database: DatabaseSync;
  readonly #spool: SpoolFolder;
  readonly #history: HistoryFolder | null;
  readonly #tables: Tables;
  readonly #work: Work;
  readonly #performers: Performers;
  readonly #passage: Passage | null;

  constructor(database: DatabaseSync, parts: GroupParts) {
    const { spool, history = null, journal = null } = parts;
    this.#database = database;
    this.#spool = spool;
    this.#history = history;
    this.#tables = new Tables(database, history);
    this.#passage = journal === null ? null : this.#passageBy(journal, parts);
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
      nextDue: request => this.#firstOf(work.nextDue(request)),
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

  #passageBy(journal: JournalFile, parts: GroupParts): Passage {
    const { spool, history = null, seal = randomBytes(SEAL), now = () => 0 } = parts;
    return new Passage({
      journal,
      tables: this.#tables,
      history,
      seal,
      now,
      hasReserve: () => spool.hasReserve(),
      remember: lines => this.#remember(lines),
    });
  }

  /**
   * What an owner does first: it lands what another one has left in the journal, and where it begins anew, it begins to
   * end the leases of those before it.
   * @returns what of the journal could not be read.
   */
  takeOver(begins: WorkerOptions['begins']): Unread | null {
    this.#database.exec('BEGIN IMMEDIATE');
    const unread = this.#passage?.recover() ?? null;
    this.#work.begin(begins);
    this.#database.exec('COMMIT');
    return unread;
  }

  /** Whether any mail lies in the journal alone. */
  get hasPassing(): boolean {
    return this.#passage?.isOccupied ?? false;
  }

  /** Lands the mail of the journal, if it is time to. What fails here is tried again. */
  landOverdue(): void {
    if (this.#passage?.isOverdue === true) this.#landAll(this.#passage);
  }

  /** Nothing is performed afterwards. */
  end(): void {
    if (this.#passage === null) return;
    if (this.#passage.isOccupied || this.#passage.isOverdue) this.#landAll(this.#passage);
    this.#passage.close();
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
    const short = this.#passage?.perform(calls) ?? [];
    const others = calls.filter((_, index) => (short[index] ?? null) === null);
    if (others.length === 0) return short.filter(reply => reply !== null);
    const long = this.#inTables(others)[Symbol.iterator]();
    return calls.flatMap((_, index) => short[index] ?? long.next().value ?? []);
  }

  #inTables(calls: readonly Call[]): readonly Reply[] {
    const lands = this.#passage?.concerns(calls) ?? false;
    const looks = calls.every(call => LOOKS_ONLY[call.kind]);
    try {
      if (lands || !looks) this.#database.exec('BEGIN IMMEDIATE');
    } catch (error) {
      // Nobody's fault: a locked database would make each of them wait in vain, one after the other.
      return looks ? this.#look(calls) : allFailed(calls, error);
    }
    try {
      return lands || !looks ? this.#together(calls, lands) : calls.map(call => this.#perform(call));
    } catch (error) {
      this.#undo();
      if (calls.length > 1) return calls.flatMap(call => this.#inTables([call]));
      if (error instanceof DamagedRow && this.#setAside(error)) return this.#inTables(calls);
      return lands && looks ? this.#look(calls) : allFailed(calls, error);
    }
  }

  /** Where nothing can be written, there is something to be seen all the same. */
  #look(calls: readonly Call[]): readonly Reply[] {
    try {
      return calls.map(call => this.#perform(call));
    } catch (error) {
      return allFailed(calls, error);
    }
  }

  #landAll(passage: Passage): void {
    if (this.#alone(() => passage.land())) passage.landed();
  }

  #firstOf(due: number | null): number | null {
    const first = Math.min(due ?? Infinity, this.#passage?.firstUntil ?? Infinity);
    return first === Infinity ? null : first;
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

  #together(calls: readonly Call[], lands: boolean): readonly Reply[] {
    if (lands) this.#passage?.land();
    const replies = calls.map(call => this.#perform(call));
    this.#requireSpoolFiles();
    this.#database.exec('COMMIT');
    if (lands) this.#passage?.landed();
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
