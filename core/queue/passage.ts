/**
 * The short way through the queue: mail whose delivery begins at once lies in the journal alone, and leaves it when that
 * is over. Most mail takes it: two records, instead of rows that are inserted into a dozen trees and deleted again.
 *
 * Guarantees: what `perform` has answered is on the disk, as with the tables. Whoever sees or changes such mail in another
 * way than by the settlement that ends it finds it in the tables: it is landed there first, by the transaction of that call.
 * What stays longer than `LONGEST` lands too, for those who look from another process.
 *
 * The tables know up to which fence all mail has landed or left (`counter.landed`); the landing itself writes it down. A record
 * with such a fence is old, wherever it lies, so that a crash at any instant leaves a mail in one of the two. Records of another
 * owner bear another seal.
 */
import type { HistoryFolder } from './history-folder.ts';
import type { JournalFile } from './journal-file.ts';
import { JournalBatch, type JournalRecord, recordsIn, SEAL } from './journal-record.ts';
import { isForOne, isOver, lastLine, type Passing } from './passing.ts';
import type { Call, MailRow, Operations, Reply } from './sqlite-protocol.ts';
import type { Tables } from './sqlite-tables.ts';

/** How long a mail may be missing in the tables, in milliseconds. */
export const LONGEST = 100;
/** What may lie in the journal alone, in octets: landing it must not keep others waiting. */
const MOST_OCTETS = 4 * 1024 * 1024;
/** In octets. From here on it begins anew. */
const LARGEST_JOURNAL = 16 * 1024 * 1024;

/** What the passage works with. */
export interface PassageParts {
  readonly journal: JournalFile;
  readonly tables: Tables;
  /** `null` where no history is kept. */
  readonly history: HistoryFolder | null;
  /** Whether there is room for new mail. */
  readonly hasReserve: () => boolean;
  /** Lines for the history. */
  readonly remember: (lines: readonly string[]) => void;
  /** What the records of this owner bear: drawn at random. */
  readonly seal: Buffer;
  /** In milliseconds, from any beginning. */
  readonly now: () => number;
}

/** Octets between the records that are none, and where a copy of the journal lies. */
export interface Unread {
  readonly octets: number;
  readonly copy: string | null;
}

/** What may enter, decided once for all calls that come together. */
type Admission = (mail: MailRow) => boolean;

/** The record of one call, and what is answered once it is on the disk. */
interface Step {
  readonly record: JournalRecord;
  readonly passing: Passing;
  readonly output: Operations['commit' | 'settle']['output'];
  /** Of mail that leaves. */
  readonly line: string | null;
}

export class Passage {
  readonly #parts: PassageParts;
  readonly #batch: JournalBatch;
  readonly #mails = new Map<string, Passing & { readonly since: number }>();
  #octets = 0;
  /** Nothing enters before everything has landed: the journal is full, or a write has failed and left who knows what. */
  #isClosed = false;

  constructor(parts: PassageParts) {
    this.#parts = parts;
    this.#batch = new JournalBatch(parts.seal);
  }

  /** Whether any mail lies in the journal alone. */
  get isOccupied(): boolean {
    return this.#mails.size > 0;
  }

  /** When the first lease of such a mail ends, in milliseconds since the epoch. */
  get firstUntil(): number {
    let first = Infinity;
    for (const { claim } of this.#mails.values()) first = Math.min(first, claim.until);
    return first;
  }

  /** Whether it is time to land, whoever calls. */
  get isOverdue(): boolean {
    if (this.#isClosed) return true;
    const [oldest] = this.#mails.values();
    return oldest !== undefined && this.#parts.now() - oldest.since >= LONGEST;
  }

  /** Performs the calls that need nothing but the journal. The others, and all where it cannot be written, get `null`. */
  perform(calls: readonly Call[]): readonly (Reply | null)[] {
    const steps = this.#stepsOf(calls);
    const taken = steps.filter(step => step !== null);
    if (taken.length === 0 || !this.#write(taken)) return calls.map(() => null);
    for (const step of taken) this.#apply(step);
    this.#parts.remember(taken.flatMap(({ line }) => line ?? []));
    return calls.map(({ number }, index) => {
      const step = steps[index] ?? null;
      return step === null ? null : { number, kind: 'done', output: step.output };
    });
  }

  /** Whether the tables must hold all mail before any of these is performed on them. */
  concerns(calls: readonly Call[]): boolean {
    return this.isOccupied && calls.some(call => this.#isConcerned(call));
  }

  /** Inserts all mail into the tables. Inside a transaction; where that has committed, `landed` must follow. */
  land(): void {
    const { tables } = this.#parts;
    for (const passing of this.#mails.values()) tables.insertLeased(passing);
    tables.setLanded(tables.lastFence);
  }

  landed(): void {
    this.#mails.clear();
    this.#octets = 0;
    this.#parts.journal.begin();
    this.#isClosed = false;
  }

  /**
   * Lands what an owner has left that ended without a word. Inside a transaction, before anything is performed.
   * @returns what could not be read: damage, or writes of the last instant before the machine stopped; `null`: nothing.
   */
  recover(): Unread | null {
    const { tables, journal, seal } = this.#parts;
    const before = tables.landed();
    const former = tables.seal();
    const left = new Map<number, Passing>();
    let [last, end, unread] = [before, 0, 0];
    const records = former.length === SEAL ? recordsIn(journal.read(), former) : [];
    for (const { record, from, to } of records) {
      const fence = record.kind === 'left' ? record.fence : record.passing.fence;
      if (fence <= before) continue;
      unread += from - end;
      end = to;
      last = Math.max(last, fence);
      if (record.kind === 'left') left.delete(fence);
      else left.set(fence, record.passing);
    }
    for (const passing of left.values()) if (!tables.has(passing.mail.id)) tables.insertLeased(passing);
    if (last > before) tables.setLanded(last);
    tables.setSeal(seal);
    return unread === 0 ? null : { octets: unread, copy: journal.copy(`unread-${last}`) };
  }

  /** What has not landed is found by the next owner. */
  close(): void {
    this.#parts.journal.close(this.isOccupied ? 'as-it-is' : 'empty');
  }

  #stepsOf(calls: readonly Call[]): readonly (Step | null)[] {
    if (this.#isClosed) return [];
    const named = new Set<string>();
    try {
      const admits = this.#admission(calls);
      return calls.map(call => {
        if (call.kind === 'commit') return this.#entering(call.input, admits, named);
        return call.kind === 'settle' ? this.#leaving(call.input, named) : null;
      });
    } catch {
      // The tables cannot be asked, and will say so to whoever calls.
      return [];
    }
  }

  /** @returns whether all of it is on the disk. */
  #write(steps: readonly Step[]): boolean {
    const { journal } = this.#parts;
    try {
      this.#batch.clear();
      for (const { record } of steps) this.#batch.add(record);
      journal.append(this.#batch.octets);
      this.#isClosed = journal.size >= LARGEST_JOURNAL;
      return true;
    } catch {
      // The tables will say what is wrong.
      this.#isClosed = true;
      return false;
    }
  }

  #admission(calls: readonly Call[]): Admission {
    const { tables, hasReserve } = this.#parts;
    const none = () => false;
    const asked = calls.some(call => call.kind === 'commit' && call.input.claim !== null);
    if (!asked || !hasReserve()) return none;
    const claimable = tables.claimable();
    return mail => isForOne(mail) && claimable(mail) && !this.#mails.has(mail.id) && !tables.has(mail.id);
  }

  #entering({ rows, claim }: Operations['commit']['input'], admits: Admission, named: Set<string>): Step | null {
    const [mail, ...others] = rows.mails;
    const content = rows.contents[0];
    if (claim === null || mail === undefined || others.length > 0 || content === undefined) return null;
    const { octets } = content;
    if (octets === null || this.#octets + octets.length > MOST_OCTETS || named.has(mail.id) || !admits(mail))
      return null;
    named.add(mail.id);
    const fence = this.#parts.tables.nextFence();
    const passing = { mail, content: { ...content, octets }, claim, fence };
    return { record: { kind: 'entered', passing }, passing, output: [fence], line: null };
  }

  /** Only where it is the end of the mail, and of nothing else: what is owed for it is a matter of the tables. */
  #leaving(settled: Operations['settle']['input'], named: Set<string>): Step | null {
    const { id, fence, settlements, stepsJson, notifications } = settled;
    const passing = this.#mails.get(id);
    if (passing === undefined || passing.fence !== fence || notifications.mails.length > 0 || named.has(id))
      return null;
    if (!isOver(passing, settlements)) return null;
    named.add(id);
    const { history } = this.#parts;
    const line = history?.isKept === true ? lastLine(passing, settlements, stepsJson, history.now()) : null;
    return { record: { kind: 'left', fence }, passing, output: 'settled', line };
  }

  #apply({ record, passing }: Step): void {
    const { id } = passing.mail;
    if (record.kind === 'entered') {
      this.#mails.set(id, { ...passing, since: this.#parts.now() });
      this.#octets += passing.content.size;
    } else {
      this.#mails.delete(id);
      this.#octets -= passing.content.size;
    }
  }

  #isConcerned(call: Call): boolean {
    switch (call.kind) {
      case 'commit':
        return call.input.rows.mails.some(({ id }) => this.#mails.has(id));
      case 'settle':
        return this.#mails.has(call.input.id);
      case 'lease':
        return this.firstUntil <= call.input.now;
      // What is leased already is no matter of these; `nextDue` asks for `firstUntil`.
      case 'backOff':
      case 'nextDue':
      case 'octets':
      case 'unnamed':
      case 'suspensions':
        return false;
      case 'renew':
      case 'giveBack':
      case 'list':
      case 'find':
      case 'retry':
      case 'hold':
      case 'release':
      case 'remove':
      case 'bounce':
      case 'flush':
      case 'suspend':
      case 'resume':
      case 'statistics':
        return true;
    }
  }
}
