/** What has been seen since `mailframe dev` was started, over all restarts of the gateway: mails, refusals, and what left. */
import { unlink } from 'node:fs/promises';
import type {
  AcceptedReport,
  CaughtReport,
  OrderedReport,
  RefusedReport,
  Report,
  SeenOutcome,
  SettledReport,
} from './reports.ts';

/** Where one recipient stands. */
export type RecipientState =
  | 'queued'
  | 'delivered'
  | 'deferred'
  | 'bounced'
  | 'held'
  | 'damaged'
  | 'discarded'
  | 'removed';

/** One recipient, and all its attempts. */
export interface JournalRecipient {
  readonly address: string;
  readonly original: string;
  readonly via: readonly string[];
  readonly state: RecipientState;
  readonly attempts: readonly JournalAttempt[];
}

export interface JournalAttempt extends SeenOutcome {
  readonly at: number;
  /** The caught copy, by `JournalEntry.copies`' names; `null`: there is none. */
  readonly copy: string | null;
}

/** A mail, or somebody who was refused. */
export type JournalEntry = JournalMail | JournalRefusal;

export interface JournalMail {
  readonly kind: 'mail';
  readonly key: string;
  readonly report: AcceptedReport;
  readonly recipients: readonly JournalRecipient[];
  /** From the first question to the last settlement. */
  readonly trace: AcceptedReport['trace'];
}

export interface JournalRefusal {
  readonly kind: 'refusal';
  readonly key: string;
  readonly report: RefusedReport;
}

/** What has changed, and is to be looked at again. */
export interface JournalChange {
  readonly changed: readonly string[];
  readonly gone: readonly string[];
}

/** So many entries are kept. */
const MOST = 500;
/** How outcomes name what the next hop that catches mail has taken. */
const TAKEN = /\bTaken as sink-(\d+)\b/;

export class Journal {
  /** Oldest first. */
  readonly #entries = new Map<string, JournalEntry>();
  readonly #copies = new Map<string, CaughtReport>();
  #refusals = 0;

  entries(): readonly JournalEntry[] {
    return [...this.#entries.values()];
  }

  entry(key: string): JournalEntry | null {
    return this.#entries.get(key) ?? null;
  }

  copy(name: string): CaughtReport | null {
    return this.#copies.get(name) ?? null;
  }

  /** The copies of a mail, by name, in the order in which they left. */
  copiesOf({ key, recipients }: JournalMail): ReadonlyMap<string, CaughtReport> {
    const named = new Set(recipients.flatMap(({ attempts }) => attempts.map(({ copy }) => copy)));
    return new Map([...this.#copies].filter(([name, { id }]) => named.has(name) || id === key));
  }

  /** @param generation Tells one process of the gateway from the next: each counts what it catches anew. */
  take(report: Report, generation: number): JournalChange {
    switch (report.kind) {
      case 'accepted':
        return this.#put(mailOf(report));
      case 'refused': {
        this.#refusals += 1;
        return this.#put({ kind: 'refusal', key: `refusal-${this.#refusals}`, report });
      }
      case 'settled':
        return this.#settled(report, generation);
      case 'ordered':
        return this.#ordered(report);
      case 'caught':
        return this.#caught(report, generation);
      default:
        return NOTHING;
    }
  }

  /** Forgets what can be forgotten: mail that waits in the queue stays. */
  clear(): JournalChange {
    const over = this.entries().filter(entry => entry.kind === 'refusal' || !entry.recipients.some(isUnderway));
    return { changed: [], gone: over.map(entry => this.#forget(entry)) };
  }

  #put(entry: JournalEntry): JournalChange {
    this.#entries.set(entry.key, entry);
    const [oldest] = this.#entries.values();
    const gone = this.#entries.size > MOST && oldest !== undefined ? [this.#forget(oldest)] : [];
    return { changed: [entry.key], gone };
  }

  #settled({ id, at, outcomes, trace }: SettledReport, generation: number): JournalChange {
    return this.#change(id, mail => {
      const recipients = mail.recipients.map((recipient, index) => {
        const attempts = outcomes.filter(outcome => outcome.index === index);
        if (attempts.length === 0) return recipient;
        const made = attempts.map(outcome => ({ ...outcome, at, copy: copyNamed(outcome, generation) }));
        return {
          ...recipient,
          state: made.at(-1)?.kind ?? recipient.state,
          attempts: [...recipient.attempts, ...made],
        };
      });
      return { ...mail, recipients, trace: [...mail.trace, ...trace] };
    });
  }

  #ordered({ id, order }: OrderedReport): JournalChange {
    const become = (state: RecipientState) =>
      this.#change(id, mail => ({
        ...mail,
        recipients: mail.recipients.map(one => (isUnderway(one) ? { ...one, state } : one)),
      }));
    switch (order) {
      case 'hold':
        return become('held');
      case 'remove':
        return become('removed');
      case 'retry':
      case 'release':
        return become('queued');
    }
  }

  #caught(report: CaughtReport, generation: number): JournalChange {
    const name =
      report.number === null ? `${generation}-program-${this.#copies.size + 1}` : `${generation}-${report.number}`;
    this.#copies.set(name, report);
    const mails = this.entries().filter(entry => entry.kind === 'mail' && this.copiesOf(entry).has(name));
    return { changed: mails.map(({ key }) => key), gone: [] };
  }

  #change(key: string, change: (mail: JournalMail) => JournalMail): JournalChange {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.kind !== 'mail') return NOTHING;
    this.#entries.set(key, change(entry));
    return { changed: [key], gone: [] };
  }

  #forget(entry: JournalEntry): string {
    const files = [entry.report.received];
    if (entry.kind === 'mail') {
      files.push(entry.report.stored);
      for (const [name, copy] of this.copiesOf(entry)) {
        files.push(copy.content);
        this.#copies.delete(name);
      }
    }
    this.#entries.delete(entry.key);
    for (const file of files) if (file !== null) unlink(file).catch(() => undefined);
    return entry.key;
  }
}

const NOTHING: JournalChange = { changed: [], gone: [] };

function mailOf(report: AcceptedReport): JournalMail {
  const states = { deliver: 'queued', bounce: 'queued', hold: 'held', discard: 'discarded' } as const;
  const recipients = report.recipients.map(one => ({ ...one, state: states[report.fate], attempts: [] }));
  return { kind: 'mail', key: report.id, report, recipients, trace: report.trace };
}

function isUnderway({ state }: JournalRecipient): boolean {
  return state === 'queued' || state === 'deferred' || state === 'held';
}

function copyNamed({ kind, text }: SeenOutcome, generation: number): string | null {
  const number = kind === 'delivered' ? TAKEN.exec(text)?.[1] : undefined;
  return number === undefined ? null : `${generation}-${number}`;
}
