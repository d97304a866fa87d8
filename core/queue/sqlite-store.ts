/**
 * The embedded store: SQLite in a worker thread, large content in spool files. One folder, one owner, any number of
 * guests.
 *
 * The states of a recipient (`recipient.state`), and what leads from one to another:
 *
 *   (none)   -> waiting    commit, fate `deliver` or `bounce`: due at once
 *   (none)   -> leased     commit with a claim, fate `deliver`: the attempt follows at once
 *   (none)   -> held       commit, fate `hold`
 *   waiting  -> leased     lease: due, and its destination has room and is not kept back; or expired, to be given up
 *   waiting  -> held       hold
 *   waiting  -> damaged    lease: the mail cannot be read
 *   leased   -> done       settle `done`
 *   leased   -> waiting    settle `again`; the lease ran out; give-back; the owner began anew
 *   leased   -> held       the same, while the mail is on hold
 *   leased   -> damaged    settle `damaged`, and with it those of its mail who wait
 *   held     -> waiting    release: due at once
 *   damaged  -> waiting    release, by someone who has mended it
 *   waiting, held -> waiting  bounce: due at once, whatever keeps its destination back; and leased after its settlement
 *   any      -> (none)     the last recipient of its mail is done; remove: a line of the history is written
 *
 * The instant of responsibility is the COMMIT of the transaction that inserts the rows, or the sync of the journal: before it
 * the mail is the client's, after it ours. The order on the disk makes every crash harmless:
 *
 *   1. spool file written and synced          crash: an orphan, removed behind the back of the next owner
 *   2. spool folder synced                    crash: the same
 *   3. rows inserted, COMMIT (one fsync for the whole group); or a record appended to the journal, and synced
 *   4. `commit` resolves, 250                 crash before 250: we deliver, the client sends again: a duplicate, no loss
 *   5. the attempt, then `settle`, COMMIT     crash between: another attempt: a duplicate, no loss
 *      or another record, synced              crash between: the same
 *   6. spool file removed                     crash before: an orphan
 *   7. line of the history written, unsynced  crash before, or of the machine after: the line is lost
 *
 * What is leased by its commit and settled as a whole within a moment is in the journal alone meanwhile, and in no row. Whoever
 * looks finds it in the tables, as `leased` (`passage.ts`).
 *
 * Delivery is at least once: a duplicate is possible at 4 and 5, and no protocol without a shared transaction avoids it.
 */
import { resolve } from 'node:path';
import type { BlockPool } from '../mail/block-pool.ts';
import { describeError, errnoOf } from '../mail/failure.ts';
import type { PermanentReply } from '../mail/reply.ts';
import type { Trace } from '../mail/trace.ts';
import type { Log } from '../plugin/ports.ts';
import type {
  Acted,
  Flushed,
  Order,
  PageRequest,
  PastMail,
  QueuedMail,
  QueuePage,
  Suspension,
} from '../plugin/queue-control.ts';
import type { QueueStatistics } from '../plugin/queue-statistics.ts';
import type { Claim, Lease, LeaseRequest, NewMail, QueueStore, Settlement } from '../plugin/queue-store.ts';
import { claimedLease, keptIn } from './claimed-lease.ts';
import { encodeReply, encodeSuspension, encodeTrace } from './codec.ts';
import { DEFAULT_HISTORY, type HistorySettings } from './history-folder.ts';
import { findPast } from './history-search.ts';
import { LastingThread } from './lasting-thread.ts';
import { SET_ASIDE } from './set-aside.ts';
import { Spool } from './spool.ts';
import { sweepSpool } from './spool-sweep.ts';
import type { Role } from './sqlite-protocol.ts';
import { type Contents, mailOf, orderRow, type PreparedRows, prepareRows, settlementRow } from './sqlite-rows.ts';
import { StoreHealth } from './store-health.ts';
import { CLOSED } from './store-thread.ts';

export interface SqliteStoreOptions {
  /** The folder of the queue. An owner makes it. */
  readonly directory: string;
  /**
   * `owner`: works on the queue; a second one is refused with the code `QUEUE_IN_USE`. `guest`: looks, and acts by
   * hand, while an owner may be at work.
   */
  readonly role: Role;
  readonly log: Log;
  /**
   * What is remembered of mail that has left. `off`: nothing, and what is there is removed. For an owner; a guest goes on
   * with what is there. Missing: a week, and a gigabyte at the most.
   */
  readonly history?: HistorySettings | 'off';
  /** What large content is read into. Missing: memory of its own. */
  readonly blocks?: BlockPool;
}

/**
 * Opens the queue of a folder.
 * @throws StoreError `QUEUE_IN_USE`, `QUEUE_FORMAT` (written by another version), `ENOENT` (a guest, and no queue there),
 *   or what the disk says.
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<QueueStore> {
  const { role, log, history = DEFAULT_HISTORY } = options;
  const directory = resolve(options.directory);
  const thread = await LastingThread.start({ directory, role, history, begins: 'anew' }, log);
  const spool = new Spool(directory, options.blocks);
  const store = new SqliteStore({ directory, thread, spool, health: new StoreHealth(directory, log), log });
  if (role === 'owner') store.sweep();
  return store;
}

interface Parts {
  readonly directory: string;
  readonly thread: LastingThread;
  readonly spool: Spool;
  readonly health: StoreHealth;
  readonly log: Log;
}

class SqliteStore implements QueueStore {
  readonly #directory: string;
  readonly #thread: LastingThread;
  readonly #spool: Spool;
  readonly #health: StoreHealth;
  readonly #contents: Contents;
  readonly #log: Log;
  readonly #closing = new AbortController();
  #swept: Promise<unknown> = Promise.resolve();

  constructor({ directory, thread, spool, health, log }: Parts) {
    this.#directory = directory;
    this.#thread = thread;
    this.#spool = spool;
    this.#contents = { spool, octets: id => thread.call('octets', { id }) };
    this.#health = health;
    this.#log = log;
  }

  /** Begins to remove what a crash has left in the spool. */
  sweep(): void {
    const unnamed = (names: readonly string[]) => this.#thread.call('unnamed', { names });
    this.#swept = sweepSpool({ spool: this.#spool, unnamed, stopped: this.#closing.signal }).then(
      files => this.#log[files === 0 ? 'debug' : 'info']('swept', { files }),
      error => this.#closing.signal.aborted || this.#log.warn('failed', { sweeping: describeError(error) }),
    );
  }

  commit(mails: readonly NewMail[], claim: Claim | null = null): Promise<readonly Lease[]> {
    return this.#health.watch('commit', () => this.#commit(mails, claim));
  }

  lease(request: LeaseRequest): Promise<readonly Lease[]> {
    return this.#health.watch('lease', () => this.#lease(request));
  }

  settle(...settled: Parameters<QueueStore['settle']>): Promise<'settled' | 'lost'> {
    return this.#health.watch('settle', () => this.#settle(...settled));
  }

  async #commit(mails: readonly NewMail[], claim: Claim | null): Promise<readonly Lease[]> {
    const prepared = await prepareRows(mails, this.#spool);
    const { rows, octets } = prepared;
    const claimed = claim === null ? null : { owner: claim.owner, until: claim.until.getTime() };
    const fences = await this.#orRemove(prepared, this.#thread.call('commit', { rows, claim: claimed }, octets));
    if (claim === null) return [];
    return mails.flatMap((one, index) => {
      const fence = fences[index] ?? null;
      const content = rows.contents[rows.mails[index]?.content ?? 0];
      return fence === null ? [] : [claimedLease(one, { ...claim, fence }, keptIn(this.#spool, one.mail, content))];
    });
  }

  async #lease(request: LeaseRequest): Promise<readonly Lease[]> {
    const { owner, now, until, limit, room, only = null, expiredBefore } = request;
    const { leases, damaged } = await this.#thread.call('lease', {
      owner,
      now: now.getTime(),
      until: until.getTime(),
      limit,
      ...room,
      only,
      expiredBefore: expiredBefore?.getTime() ?? 0,
    });
    for (const { id, cause } of damaged) this.#log.error('damaged', { queueId: id, cause, next: SET_ASIDE });
    return leases.map(lease => ({ ...lease, owner, until, mail: mailOf(lease.mail, this.#contents) }));
  }

  async #settle(
    lease: Lease,
    settlements: readonly Settlement[],
    steps: Trace,
    notifications: readonly NewMail[],
  ): Promise<'settled' | 'lost'> {
    const prepared = await prepareRows(notifications, this.#spool);
    const settled = this.#thread.call(
      'settle',
      {
        id: lease.mail.id,
        fence: lease.fence,
        settlements: settlements.map(settlementRow),
        stepsJson: steps.length === 0 ? null : encodeTrace(steps),
        notifications: prepared.rows,
      },
      prepared.octets,
    );
    const result = await this.#orRemove(prepared, settled);
    if (result === 'lost') await this.#spool.remove(prepared.spoolFiles);
    return result;
  }

  async backOff(destination: string, until: Date | null): Promise<void> {
    await this.#thread.call('backOff', { destination, until: until?.getTime() ?? 0 });
  }

  async renew(leases: readonly Lease[], until: Date): Promise<void> {
    const which = leases.map(({ mail: { id }, fence }) => ({ id, fence }));
    await this.#thread.call('renew', { leases: which, until: until.getTime() });
  }

  async giveBack(owner: string): Promise<void> {
    await this.#thread.call('giveBack', { owner });
  }

  async nextDue(except: readonly string[] = []): Promise<Date | null> {
    const due = await this.#thread.call('nextDue', { except });
    return due === null ? null : new Date(due);
  }

  list({ filter = {}, ...page }: PageRequest): Promise<QueuePage> {
    return this.#thread.call('list', { ...page, filter });
  }

  async find(id: string): Promise<QueuedMail | null> {
    const found = await this.#thread.call('find', { id });
    if (found === null) return null;
    return { ...found, mail: found.mail === null ? null : mailOf(found.mail, this.#contents) };
  }

  past(id: string): Promise<PastMail | null> {
    return findPast(this.#directory, id);
  }

  retry(id: string, order: Order): Promise<Acted | null> {
    return this.#thread.call('retry', orderRow('retry', id, order));
  }

  hold(id: string, order: Order): Promise<Acted | null> {
    return this.#thread.call('hold', orderRow('hold', id, order));
  }

  release(id: string, order: Order): Promise<Acted | null> {
    return this.#thread.call('release', orderRow('release', id, order));
  }

  remove(id: string, order: Order): Promise<Acted | null> {
    return this.#thread.call('remove', orderRow('remove', id, order));
  }

  bounce(id: string, reply: PermanentReply, order: Order): Promise<Acted | null> {
    return this.#thread.call('bounce', { ...orderRow('bounce', id, order), bounceJson: encodeReply(reply) });
  }

  flush(which: {
    readonly destination: string | null;
    readonly now: Date;
    readonly after: string | null;
  }): Promise<Flushed> {
    return this.#thread.call('flush', { ...which, now: which.now.getTime() });
  }

  suspend(destination: string, order: Order): Promise<number> {
    return this.#thread.call('suspend', { destination, suspensionJson: encodeSuspension(order) });
  }

  resume(destination: string): Promise<number | null> {
    return this.#thread.call('resume', { destination });
  }

  suspensions(): Promise<readonly Suspension[]> {
    return this.#thread.call('suspensions', null);
  }

  statistics({ now, top }: { readonly now: Date; readonly top: number }): Promise<QueueStatistics> {
    return this.#thread.call('statistics', { now: now.getTime(), top });
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#thread.close();
    await this.#swept;
  }

  /** Rows that did not come to be leave no files. Where it is not known, the next owner's sweep decides. */
  async #orRemove<T>({ spoolFiles }: PreparedRows, inserted: Promise<T>): Promise<T> {
    try {
      return await inserted;
    } catch (error) {
      if (errnoOf(error) !== CLOSED) await this.#spool.remove(spoolFiles);
      throw error;
    } finally {
      this.#spool.settled(spoolFiles);
    }
  }
}
