/** Reads stored mail back. What is not whole throws `Unreadable`: the caller sets the mail aside or shows it as damaged. */
import type { DatabaseSync } from 'node:sqlite';
import type { Envelope } from '../mail/envelope.ts';
import type { Trace } from '../mail/trace.ts';
import type { QueuedRecipient, QueueEntry, RecipientEntry, RecipientState } from '../plugin/queue-control.ts';
import type { Lease } from '../plugin/queue-store.ts';
import { damageIn, ITS_CONTENT } from './checked-content.ts';
import { decodeHold, decodeMail, decodeOutcome, decodeReply, decodeTrace, type MailRecord } from './codec.ts';
import { Unreadable, unlessUnreadable } from './shape.ts';
import type { SpoolFolder } from './spool-folder.ts';
import type { Lanes } from './sqlite-lanes.ts';
import { AT_ONCE, NEVER, type StoredMail } from './sqlite-protocol.ts';
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

/**
 * Larger content is not handed out with its mail but read when it is asked for: hundreds of attempts may wait at the same
 * time. In octets.
 */
const HANDED_OUT = 64 * 1024;

/** Selects rows of `mail` with the sizes of their contents. */
export const HEAD = `
  SELECT m.key, m.id, m.received, m.record, m.trace, m.bounce, m.hold, m.content, c.size
  FROM mail m LEFT JOIN content c ON c.key = m.content`;

export class Reader {
  readonly #spool: SpoolFolder;
  readonly #lanes: Lanes;
  readonly #byKey: Query<MailHead>;
  readonly #byId: Query<MailHead>;
  readonly #where: Query<{ spool: string | null; crc32: number | null }>;
  readonly #octets: Query<{ octets: Uint8Array<ArrayBuffer> | null }>;
  readonly #recipients: Query<RecipientHead>;
  readonly #steps: Query<{ steps: string }>;

  constructor(database: DatabaseSync, spool: SpoolFolder, lanes: Lanes) {
    this.#spool = spool;
    this.#lanes = lanes;
    this.#byKey = query(database, `${HEAD} WHERE m.key = ?`);
    this.#byId = query(database, `${HEAD} WHERE m.id = ?`);
    this.#where = query(database, 'SELECT spool, crc32 FROM content WHERE key = ?');
    this.#octets = query(database, 'SELECT octets FROM content WHERE key = ?');
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

  recipients(mail: number): readonly RecipientHead[] {
    return this.#recipients.all(mail);
  }

  /** The whole mail. Its content is there; as far as it is not handed out, only its size is known to be right. */
  mail(head: MailHead): StoredMail {
    const row = this.#where.get(head.content);
    if (row === undefined || head.size === null) throw new Unreadable(ITS_CONTENT, 'there');
    const came = { size: head.size, crc32: row.crc32 };
    if (row.spool !== null) this.#spool.check(row.spool, head.size);
    const octets = row.spool === null && head.size <= HANDED_OUT ? this.#octetsOf(head) : null;
    const damage = octets === null ? null : damageIn(octets, ITS_CONTENT, came);
    if (damage !== null) throw new Unreadable(damage);
    const content = { ...came, octets, spool: row.spool };
    return { id: head.id, receivedAt: new Date(head.received), ...this.#record(head), content };
  }

  /** By its id, which no other mail ever has: keys of rows are used again. */
  octets(id: string): Uint8Array<ArrayBuffer> | null {
    const head = this.head({ id });
    return head === null ? null : this.#octetsOf(head);
  }

  fate({ bounce }: MailHead): Lease['fate'] {
    return bounce === null ? { kind: 'deliver' } : { kind: 'bounce', reply: decodeReply(bounce) };
  }

  /** What a listing shows, damaged mail included. */
  entry(head: MailHead): QueueEntry {
    const { key, id, size, hold, bounce } = head;
    const envelope = unlessUnreadable(() => this.#record(head))?.envelope ?? null;
    return {
      id,
      receivedAt: new Date(head.received),
      size: size ?? 0,
      hold: hold === null ? null : (unlessUnreadable(() => decodeHold(hold)) ?? UNKNOWN_HOLD),
      bounce: bounce === null ? null : unlessUnreadable(() => decodeReply(bounce)),
      envelope,
      recipients: envelope === null ? [] : this.recipients(key).map(row => this.#recipient(row, envelope)),
    };
  }

  trace(head: MailHead): Trace {
    const stored = [head.trace, ...this.#steps.all(head.key).map(row => row.steps)];
    return stored.flatMap(steps => unlessUnreadable(() => decodeTrace(steps)) ?? []);
  }

  /** An outcome that cannot be read is shown as none. */
  #recipient(row: RecipientHead, envelope: Envelope): RecipientEntry {
    const recipient =
      unlessUnreadable(() => recipientOf(row, envelope)) ?? recipientOf({ ...row, outcome: null }, envelope);
    const { state, due, expires, destination } = row;
    return {
      ...recipient,
      state,
      nextAttempt: state === 'waiting' ? new Date(due) : null,
      keptBack: state === 'done' ? null : keptBack(this.#lanes.notBefore(destination)),
      expires: state === 'done' || expires === NEVER || expires === AT_ONCE ? null : new Date(expires),
    };
  }

  #octetsOf({ content }: MailHead): Uint8Array<ArrayBuffer> | null {
    return this.#octets.get(content)?.octets ?? null;
  }

  #record(head: MailHead): MailRecord {
    const record = decodeMail(head.record);
    const rows = this.recipients(head.key).length;
    if (rows !== record.envelope.recipients.length) throw new Unreadable('envelope.recipients', `${rows} recipients`);
    return record;
  }
}

function keptBack(notBefore: number): RecipientEntry['keptBack'] {
  if (notBefore === 0) return null;
  return notBefore === NEVER ? { kind: 'suspended' } : { kind: 'left-alone', until: new Date(notBefore) };
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
