/**
 * Group commit: the calls that wait at the same time share one transaction, and so one fsync.
 *
 * Guarantee: a reply is made after its transaction is on the disk. A call that fails takes none of its group with it:
 * the group is undone, and each of its calls runs again alone.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { SpoolFolder } from './spool-folder.ts';
import { Desk } from './sqlite-desk.ts';
import {
  type Call,
  LOOKS_ONLY,
  type OperationName,
  type Operations,
  type Performers,
  type Reply,
} from './sqlite-protocol.ts';
import { troubleOf } from './sqlite-query.ts';
import { Reader } from './sqlite-reader.ts';
import { Tables } from './sqlite-tables.ts';
import { Work } from './sqlite-work.ts';

export class Group {
  readonly #database: DatabaseSync;
  readonly #spool: SpoolFolder;
  readonly #tables: Tables;
  readonly #work: Work;
  readonly #performers: Performers;

  constructor(database: DatabaseSync, spool: SpoolFolder) {
    this.#database = database;
    this.#spool = spool;
    this.#tables = new Tables(database);
    const reader = new Reader(database, spool);
    const work = new Work(database, this.#tables, reader);
    this.#work = work;
    const desk = new Desk(database, this.#tables, reader);
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
      list: page => desk.list(page),
      find: request => desk.find(request),
      retry: request => desk.retry(request),
      hold: request => desk.hold(request),
      release: request => desk.release(request),
      remove: request => desk.remove(request),
    };
  }

  /** What an owner does first: ends the leases of those before it, and removes the spool files that no row names. */
  takeOver(): void {
    this.#database.exec('BEGIN IMMEDIATE');
    this.#work.begin();
    this.#database.exec('COMMIT');
    this.#spool.sweep(this.#tables.spoolFiles());
  }

  /** One reply for each call, in order. Never throws. */
  run(calls: readonly Call[]): readonly Reply[] {
    try {
      return this.#together(calls);
    } catch (error) {
      this.#undo();
      if (calls.length > 1) return calls.flatMap(call => this.run([call]));
      return calls.map(({ number }) => ({ number, kind: 'failed', trouble: troubleOf(error) }));
    }
  }

  #together(calls: readonly Call[]): readonly Reply[] {
    if (calls.every(call => LOOKS_ONLY[call.kind])) return calls.map(call => this.#perform(call));
    this.#database.exec('BEGIN IMMEDIATE');
    const replies = calls.map(call => this.#perform(call));
    if (this.#tables.namesSpoolFiles) this.#spool.sync();
    this.#database.exec('COMMIT');
    this.#spool.remove(this.#tables.orphans);
    this.#forgetNotes();
    return replies;
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
    this.#tables.namesSpoolFiles = false;
  }
}
