/** Reads stored mail back. What is not whole throws `Unreadable`: the caller sets the mail aside or shows it as damaged. */
import type { DatabaseSync } from 'node:sqlite';
import type { Envelope } from '../mail/envelope.ts';
import type { Trace } from '../mail/trace.ts';
import type { QueuedRecipient, QueueEntry, RecipientState } from '../plugin/queue-control.ts';
import type { Lease } from '../plugin/queue-store.ts';
import { decodeHold, decodeMail, decodeOutcome, decodeReply, decodeTrace, type MailRecord } from './codec.ts';
import { Unreadable } from './shape.ts';
import type { SpoolFolder } from './spool-folder.ts';
import type { StoredMail } from './sqlite-protocol.ts';
import { type Query, query } from './sqlite-query.ts';

/** A row of `mail` with the size of its content. */
export interface MailHead {
  readonly key: number;
  readonly id: string;
  readonly received: number;
  readonly record: string;
  readonly trace: string;
  readonly bounce: string | null;
  readonly hold: string | null;
  readonly content: number;
  /** `null` where the content is gone. */
  readonly size: number | null;
}

/** A row of `recipient`, as far as it is handed out. */
export interface RecipientHead {
  readonly position: number;
  readonly destination: string;
  readonly priority: number;
  readonly state: RecipientState;
  readonly due: number;
  readonly expires: number;
  readonly attempts: number;
  readonly delay_notified: number;
  readonly outcome: string | null;
}

const HEAD = `
  SELECT m.key, m.id, m.received, m.record, m.trace, m.bounce, m.hold, m.content, c.size
  FROM mail m LEFT JOIN content c ON c.key = m.content`;

export class Reader {
  readonly #spool: SpoolFolder;
  readonly #byKey: Query<MailHead>;
  readonly #byId: Query<MailHead>;
  readonly #page: Query<MailHead>;
  readonly #content: Query<{ octets: Uint8Array | null; spool: string | null }>;
  readonly #recipients: Query<RecipientHead>;
  readonly #steps: Query<{ steps: string }>;

  constructor(database: DatabaseSync, spool: SpoolFolder) {
    this.#spool = spool;
    this.#byKey = query(database, `${HEAD} WHERE m.key = ?`);
    this.#byId = query(database, `${HEAD} WHERE m.id = ?`);
    this.#page = query(database, `${HEAD} WHERE m.id > ? ORDER BY m.id LIMIT ?`);
    this.#content = query(database, 'SELECT octets, spool FROM content WHERE key = ?');
    this.#recipients = query(
      database,
      `SELECT position, destination, priority, state, due, expires, attempts, delay_notified, outcome
       FROM recipient WHERE mail = ? ORDER BY position`,
    );
    this.#steps = query(database, 'SELECT steps FROM step WHERE mail = ? ORDER BY number');
  }

  head(which: { readonly key: number } | { readonly id: string }): MailHead | null {
    return ('key' in which ? this.#byKey.get(which.key) : this.#byId.get(which.id)) ?? null;
  }

  page(after: string | null, limit: number): readonly MailHead[] {
    return this.#page.all(after ?? '', limit);
  }

  recipients(mail: number): readonly RecipientHead[] {
    return this.#recipients.all(mail);
  }

  /** The whole mail. Its content is there and has the right size. */
  mail(head: MailHead): StoredMail {
    const row = this.#content.get(head.content);
    if (row === undefined || head.size === null) throw new Unreadable('its content', 'there');
    if (row.spool !== null) this.#spool.check(row.spool, head.size);
    const content = { size: head.size, octets: row.octets, spool: row.spool };
    return { id: head.id, receivedAt: new Date(head.received), ...this.#record(head), content };
  }

  fate({ bounce }: MailHead): Lease['fate'] {
    return bounce === null ? { kind: 'deliver' } : { kind: 'bounce', reply: decodeReply(bounce) };
  }

  /** What a listing shows, damaged mail included. */
  entry(head: MailHead): QueueEntry {
    const { key, id, size, hold } = head;
    const envelope = unlessUnreadable(() => this.#record(head))?.envelope ?? null;
    return {
      id,
      receivedAt: new Date(head.received),
      size: size ?? 0,
      hold: hold === null ? null : (unlessUnreadable(() => decodeHold(hold)) ?? UNKNOWN_HOLD),
      envelope,
      recipients: envelope === null ? [] : this.recipients(key).map(row => entryOf(row, envelope)),
    };
  }

  trace(head: MailHead): Trace {
    const stored = [head.trace, ...this.#steps.all(head.key).map(row => row.steps)];
    return stored.flatMap(steps => unlessUnreadable(() => decodeTrace(steps)) ?? []);
  }

  #record(head: MailHead): MailRecord {
    const record = decodeMail(head.record);
    const rows = this.recipients(head.key).length;
    if (rows !== record.envelope.recipients.length) throw new Unreadable('envelope.recipients', `${rows} recipients`);
    return record;
  }
}

const UNKNOWN_HOLD = { by: 'mailframe', reason: 'the reason cannot be read' };

/** One recipient as it is handed out. */
export function recipientOf(row: RecipientHead, envelope: Envelope): QueuedRecipient {
  const recipient = envelope.recipients[row.position];
  if (recipient === undefined) throw new Unreadable(`recipient ${row.position}`, 'in the envelope');
  return {
    index: row.position,
    recipient,
    destination: row.destination,
    attempts: row.attempts,
    lastOutcome: row.outcome === null ? null : decodeOutcome(row.outcome),
    delayNotified: row.delay_notified === 1,
  };
}

/** An outcome that cannot be read is shown as none. */
function entryOf(row: RecipientHead, envelope: Envelope): QueueEntry['recipients'][number] {
  const recipient =
    unlessUnreadable(() => recipientOf(row, envelope)) ?? recipientOf({ ...row, outcome: null }, envelope);
  return { ...recipient, state: row.state, nextAttempt: row.state === 'waiting' ? new Date(row.due) : null };
}

function unlessUnreadable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof Unreadable) return null;
    throw error;
  }
}
